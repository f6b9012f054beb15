package box

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A copy of the test under the name of a command is that command.
func TestMain(m *testing.M) {
	if code, ok := Main(os.Args); ok {
		os.Exit(code)
	}
	testenv.Main(m)
}

// bin makes a directory with a link for every command.
func bin(t *testing.T) string {
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	for _, n := range append(Commands(), "lab-init") {
		require.NoError(t, os.Symlink(self, filepath.Join(dir, n)))
	}
	return dir
}

type ran struct {
	code     int
	out, err string
}

func start(t *testing.T, cmd *exec.Cmd, stdin string) ran {
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	cmd.WaitDelay = time.Second
	timer := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		require.NoError(t, err)
	}
	return ran{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

func TestTableIsSorted(t *testing.T) {
	assert.True(t, slices.IsSorted(Commands()))
	for _, c := range &commands {
		assert.NotNil(t, find(c.name), c.name)
		assert.True(t, strings.HasPrefix(c.usage, c.name), c.name)
	}
	for _, name := range []string{"", "lab", "a", "zzz", "l", "lss"} {
		_, ok := Main([]string{name})
		assert.False(t, ok, name)
	}
	_, ok := Main(nil)
	assert.False(t, ok)
}

func TestLayerIsDeterministicAndWellFormed(t *testing.T) {
	self := filepath.Join(t.TempDir(), "lab")
	require.NoError(t, os.WriteFile(self, bytes.Repeat([]byte("binary"), 1000), 0o700))
	var a, b bytes.Buffer
	require.NoError(t, Layer(&a, self))
	require.NoError(t, Layer(&b, self))
	assert.Equal(t, sha256.Sum256(a.Bytes()), sha256.Sum256(b.Bytes()))

	seen := map[string]*tar.Header{}
	tr := tar.NewReader(&a)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		assert.NotContains(t, seen, h.Name)
		seen[h.Name] = h
		if dir := filepath.Dir(strings.TrimSuffix(h.Name, "/")); dir != "." {
			assert.Contains(t, seen, dir+"/", "%s comes after its directory", h.Name)
		}
	}
	assert.EqualValues(t, 0o1777, seen["tmp/"].Mode)
	assert.EqualValues(t, 6000, seen["bin/lab-box"].Size)
	for _, n := range Commands() {
		require.Contains(t, seen, "bin/"+n)
		assert.Equal(t, "lab-box", seen["bin/"+n].Linkname)
	}
	require.Error(t, Layer(io.Discard, t.TempDir()), "a directory is no executable")
	require.ErrorIs(t, Layer(io.Discard, self+"x"), os.ErrNotExist)
	assert.Equal(t, []string{"/bin/welcome"}, Config().Cmd)
}

// TestSameAsCoreutils compares output and status with the tools of the distribution.
func TestSameAsCoreutils(t *testing.T) {
	dir := bin(t)
	work := t.TempDir()
	script := `mkdir -p d/e; printf 'b 2\na 10\nc 1\na 10\n' > f; printf 'one\ntwo words\n\nlast' > g; ln -s f l; : > empty; chmod 640 f; mkfifo p; touch -d '2024-05-06 07:08:09' old; printf '%s' x > d/e/x; chmod 4755 g; cp g h`
	require.Zero(t, start(t, at(exec.Command("/bin/sh", "-c", script), work, ""), "").code)
	for _, c := range []string{
		"ls", "ls -a", "ls -A", "ls -l", "ls -la", "ls -ld d", "ls -l f l p", "ls -R", "ls -1 d", "ls -i f", "ls -n", "ls -lh g", "ls -r", "ls -S", "ls -F",
		"ls f d", "ls nope", "ls -l l", "ls -t old f",
		"cat f g", "cat -n g", "cat nope", "head -n 1 f", "head -2 f", "head -c 3 f", "tail -n 1 g", "tail -n +2 f", "tail -2 f", "head f g", "head -n -1 f", "tail -c 2 g",
		"wc -l f", "wc -w g", "wc -c g", "sort f", "sort -r f", "sort -u f", "sort -k2 -n f", "sort -k2,2nr f", "uniq f", "uniq -c f", "uniq -d f",
		"cut -d' ' -f1 f", "cut -c1-2 g", "cut -f2 -d' ' f", "cut -d' ' -f2 -s g", "grep a f", "grep -c a f", "grep -n o g", "grep -v a f", "grep -i ONE g", "grep -o 't[a-z]*' g",
		"grep -E '^(a|b)' f", "grep '^a\\|^b' f", "grep nope f", "grep -q a f", "grep -l a f g", "grep -rh one d g", "grep a f g", "grep -w two g", "grep -x one g", "grep -F . g", "grep x nope",
		"seq 3", "seq 2 4", "seq 1 2 7", "seq 3 -1 1", "seq -s, 3", "seq 0 0.5 1", "seq -w 8 10", "basename a/b.c .c", "basename /", "dirname a/b", "dirname a", "dirname /x", "dirname a/b/",
		"readlink l", "readlink f", "readlink -f l", "realpath d/../f", "echo a b", "printf %s-%d\\n a 3", "test a = b", "[ a = a ]",
		"tr a-z A-Z < f", "tr -d a < f", "tr -s o < g", "tr '\\n' , < f", "tr -cd a-z < g", "sha256sum f", "md5sum f", "base64 g", "cmp f f", "cmp -s f g",
		"stat -c '%n %s %a %A %F %h' f d l", "find d", "find . -name 'f*'", "find . -type f -name g", "find . -maxdepth 1 -type d", "find d -empty", "find . -size +0 -name g", "find d -exec echo {} \\;",
		"find . -name f -o -name g", "find . ! -type f -name l", "xargs -n1 echo < f", "xargs echo < f", "xargs -I@ echo [@] < f", "rm nope", "rm d", "rmdir d", "mkdir d", "mkdir -p d/e", "cp nope x", "cp d x", "mv nope x",
		"env -i A=1 env", "env -i A=1 B=2 env -u A env", "id -u", "id -g", "id -un", "id", "id root", "whoami", "uname", "uname -s -m", "date -u -d @0", "date -u -d @86399 +%F_%T_%j_%s",
		"date -u -d '2024-02-03 04:05:06' '+%a %b %e %H:%M:%S %Y'", "true", "false", "sleep 0", "timeout 5 true", "timeout 0.1 sleep 5", "nohup true", "dd if=f bs=1 count=3 status=none", "tee < f", "yes | head -n 2",
		"tar -cf - f g | tar -tf -", "gzip -c f | gzip -dc", "gzip -c f | zcat", "du -s empty", "pwd", "cp -r d d2 && ls -R d2 && rm -r d2", "touch n && ls n && rm n",
		"chmod u=rw,go= n2 2>/dev/null; echo $?", "ln -s a b && readlink b && ln -sf c b && readlink b; rm b", "cat /etc/hostname | wc -l", "cat < empty", "ls -l empty old",
	} {
		ours := start(t, at(exec.Command("/bin/sh", "-c", c), work, dir), "")
		theirs := start(t, at(exec.Command("/bin/sh", "-c", c), work, ""), "")
		sorted := func(s string) string {
			if strings.HasPrefix(c, "find") || strings.Contains(c, "grep -r") {
				l := strings.Split(s, "\n")
				slices.Sort(l)
				s = strings.Join(l, "\n")
			}
			return s
		}
		assert.Equal(t, sorted(theirs.out), sorted(ours.out), c)
		assert.Equal(t, theirs.code, ours.code, "status of %s\n%s", c, ours.err)
		assert.Equal(t, theirs.err == "", ours.err == "", "%s: %q %q", c, theirs.err, ours.err)
	}
}

func at(cmd *exec.Cmd, dir, path string) *exec.Cmd {
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/", "TZ=" + os.Getenv("TZ")}
	if path != "" {
		cmd.Env[0] = "PATH=" + path
	}
	return cmd
}

func TestInit(t *testing.T) {
	dir := bin(t)
	lab := filepath.Join(dir, "lab-init")
	for _, c := range []struct {
		args []string
		want ran
	}{
		{[]string{"--", "sh", "-c", "exit 3"}, ran{3, "", ""}},
		{[]string{"--", "sh", "-c", "kill -KILL $$; :"}, ran{137, "", ""}},
		{[]string{"--", "nope"}, ran{127, "", "lab-init: exec: \"nope\": executable file not found in $PATH\n"}},
		{[]string{"--", "/etc"}, ran{126, "", "lab-init: exec: \"/etc\": is a directory\n"}},
		{[]string{"echo", "plain"}, ran{0, "plain\n", ""}},
	} {
		cmd := at(exec.Command(lab, c.args...), "/", dir)
		got := start(t, cmd, "")
		if c.want.code == 126 {
			assert.Equal(t, 126, got.code)
			continue
		}
		assert.Equal(t, c.want, got, "%v", c.args)
	}
	// Signals go to the child, and its trap decides.
	cmd := at(exec.Command(lab, "--", "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"), "/", dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = io.ReadFull(out, make([]byte, 6))
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	cmd.Wait()
	assert.Equal(t, 9, cmd.ProcessState.ExitCode())
}

// TestPID1 runs commands as the first process of a pid namespace.
func TestPID1(t *testing.T) {
	testenv.Root(t)
	dir := bin(t)
	first := func(argv ...string) *exec.Cmd {
		cmd := at(exec.Command(filepath.Join(dir, argv[0]), argv[1:]...), "/", dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
		return cmd
	}
	assert.Equal(t, ran{0, "1\n", ""}, start(t, first("sh", "-c", "echo $$; :"), ""))
	// It ignores what it does not trap …
	assert.Equal(t, ran{4, "alive\n", ""}, start(t, first("sh", "-c", "kill -TERM 1; sleep 0.1; echo alive; exit 4"), ""))
	// … acts on what it traps, and buries orphans: no zombie is left but those of the moment.
	assert.Equal(t, ran{5, "", ""}, start(t, first("sh", "-c", "trap 'exit 5' TERM; kill -TERM 1; sleep 5"), ""))
	got := start(t, first("unshare", "-m", "sh", "-c", "mount --make-rprivate / ; mount -t proc proc /proc; for i in 1 2 3; do sh -c 'sleep 0.05 & exit 0'; done; sleep 0.5; ps -o stat,comm | grep -c '^Z'; ps -o pid,comm | head -n 2 | tail -n 1; exit 3"), "")
	assert.Equal(t, 3, got.code, got.err)
	assert.Equal(t, "0\n1   sh\n", got.out)
	// With lab-init before it, a plain sleep ends at SIGTERM.
	got = start(t, first("lab-init", "--", "sh", "-c", "kill -TERM 1; sleep 5; echo late"), "")
	assert.Equal(t, 143, got.code)
	// The welcome tells the truth without a terminal and ends.
	got = start(t, first("welcome"), "")
	assert.Zero(t, got.code)
	assert.Contains(t, got.out, "1, the first process here")
	for line := range strings.Lines(got.out) {
		assert.LessOrEqual(t, len(line), 81, line)
	}
}
