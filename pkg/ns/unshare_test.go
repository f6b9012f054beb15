package ns_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/ns"
)

// Experiment 2 for every kind, by this package and by unshare(1): the same can be seen.
func TestSameAsTheTool(t *testing.T) {
	testenv.Root(t)
	for _, test := range []struct {
		name    string
		unshare ns.Unshare
		options string
		script  string
		want    string // "" where the two are only compared
	}{
		{"uts", ns.Unshare{Kinds: ns.UTS}, "-u", "hostname changed; hostname", "changed"},
		{"ipc", ns.Unshare{Kinds: ns.IPC}, "-i", "ipcmk -Q >/dev/null; tail -n +2 /proc/sysvipc/msg | wc -l", "1"},
		{"net", ns.Unshare{Kinds: ns.Net, Fork: true}, "-fn", "ip -o link show | cut -d: -f2- | head -1; ip route", ""},
		{"pid", ns.Unshare{Kinds: ns.PID, Fork: true, MountProc: "/proc"}, "-pf --mount-proc", "echo $$; ls /proc | grep '^[0-9]' | head -1", "1\n1"},
		{"pid without fork", ns.Unshare{Kinds: ns.PID}, "-p", "/bin/sh -c 'echo $$'; test $$ != 1 && echo stayed", "1\nstayed"},
		{"mount", ns.Unshare{Kinds: ns.Mount}, "-m", "mount -t tmpfs mine /mnt && grep -c '^mine /mnt' /proc/mounts", "1"},
		{"user", ns.Unshare{Map: ns.Mapping{Root: true}}, "-r", "id -u; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups", ""},
		{"user without map", ns.Unshare{Kinds: ns.User}, "-U", "id -u; id -g", "65534\n65534"},
		{"user as itself", ns.Unshare{Map: ns.Mapping{Current: true}}, "-c", "id -u; cat /proc/self/uid_map", ""},
		{"cgroup", ns.Unshare{Kinds: ns.Cgroup}, "-C", "grep -vc ':/$' /proc/self/cgroup || true", "0"},
		{"time", ns.Unshare{Monotonic: 7 * time.Hour}, "-T --monotonic 25200 -f", "cat /proc/self/timens_offsets", ""},
		{"all with root", ns.Unshare{Kinds: ns.All &^ ns.Time, Fork: true, MountProc: "/proc", Map: ns.Mapping{Root: true}, Hostname: "box"},
			"-muinpUCfr --mount-proc", "hostname box; hostname; id -u; echo $$", "box\n0\n1"},
		{"other ids", ns.Unshare{Map: ns.Mapping{Root: true}, UID: ptr(uint32(0)), Wd: "/tmp"}, "-r --setuid 0 --wd /tmp", "id -u; pwd", "0\n/tmp"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.unshare.Args, test.unshare.Env = sh(test.script), os.Environ()
			ours := output(t, test.unshare)
			line := append([]string{"unshare"}, strings.Fields(test.options)...)
			assert.Equal(t, tool(t, append(line, sh(test.script)...)...), ours)
			if test.want != "" {
				assert.Equal(t, test.want, ours)
			}
		})
	}
}

func TestHostIsUnchanged(t *testing.T) {
	testenv.Root(t)
	name, err := os.Hostname()
	require.NoError(t, err)
	queues, err := os.ReadFile("/proc/sysvipc/msg")
	require.NoError(t, err)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	u := ns.Unshare{Kinds: ns.UTS | ns.IPC | ns.Mount, Hostname: "box", Env: os.Environ(),
		Args: sh("hostname; ipcmk -Q >/dev/null; mount -t tmpfs mine /mnt; cat /proc/sysvipc/msg | wc -l")}
	assert.Equal(t, "box\n2", output(t, u))
	after, _ := os.Hostname()
	assert.Equal(t, name, after)
	again, _ := os.ReadFile("/proc/sysvipc/msg")
	assert.Equal(t, string(queues), string(again))
	again, _ = os.ReadFile("/proc/self/mountinfo")
	assert.Equal(t, string(mounts), string(again))
}

func TestOnlyLoopback(t *testing.T) {
	testenv.Root(t)
	testenv.Have(t, "ip")
	out := output(t, ns.Unshare{Kinds: ns.Net, Args: sh("ip -o link show lo; ip -o addr"), Env: os.Environ()})
	assert.Contains(t, out, "state DOWN")
	assert.NotContains(t, out, "inet", "no address: %s", out)
}

func TestBoottimeOffset(t *testing.T) {
	testenv.Root(t)
	if _, err := ns.Of(0, ns.Time); err != nil {
		t.Skip("this kernel has no time namespaces")
	}
	uptime := func(text string) float64 {
		v, err := strconv.ParseFloat(strings.Fields(text)[0], 64)
		require.NoError(t, err)
		return v
	}
	host, err := os.ReadFile("/proc/uptime")
	require.NoError(t, err)
	for _, fork := range []bool{false, true} {
		inside := output(t, ns.Unshare{Boottime: 1000 * time.Hour, Fork: fork, Args: sh("exec 3</proc/uptime; cat <&3; true")})
		assert.InDelta(t, 3600000, uptime(inside)-uptime(string(host)), 3000, "the two were read a moment apart")
	}
	born := output(t, ns.Unshare{Kinds: ns.Time, Fork: true, Args: sh("readlink /proc/self/ns/time /proc/self/ns/time_for_children")})
	links := strings.Split(born, "\n")
	ours, err := os.Readlink("/proc/self/ns/time")
	require.NoError(t, err)
	assert.NotEqual(t, ours, links[0])
	assert.Equal(t, strings.TrimPrefix(links[0], "time"), strings.TrimPrefix(links[1], "time"))
}

// The cgroup that a process is in when it unshares becomes the root of what it sees.
func TestCgroupRoot(t *testing.T) {
	testenv.Root(t)
	group := filepath.Join(testenv.CgroupV1(t, "pids"), testenv.Name())
	require.NoError(t, os.Mkdir(group, 0o755))
	t.Cleanup(func() { eventually(t, "the control group goes", func() bool { return os.Remove(group) == nil }) })
	cmd := asActor(t, ns.Unshare{Kinds: ns.Cgroup, Env: os.Environ(), Args: sh("grep pids /proc/self/cgroup")})
	cmd.Args = append(append(sh(`echo 0 > "$GROUP/cgroup.procs"; grep pids /proc/self/cgroup; exec "$0" "$1"`), "/proc/"+strconv.Itoa(os.Getpid())+"/exe"), cmd.Args[1])
	cmd.Path = "/bin/sh"
	cmd.Env = append(cmd.Env, "GROUP="+group)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	assert.True(t, strings.HasSuffix(lines[0], filepath.Base(group)), lines[0])
	assert.True(t, strings.HasSuffix(lines[1], ":pids:/"), lines[1])
}

func TestPropagation(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("shared", dir, "tmpfs", 0, ""))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	require.NoError(t, unix.Mount("", dir, "", unix.MS_SHARED, ""))
	for word, seen := range map[string]bool{"": false, "private": false, "slave": false, "shared": true, "unchanged": true} {
		inner := filepath.Join(dir, "inner-"+word)
		require.NoError(t, os.Mkdir(inner, 0o755))
		output(t, ns.Unshare{Kinds: ns.Mount, Propagation: word, Args: []string{"/bin/mount", "-t", "tmpfs", "inner", inner}})
		list, err := os.ReadFile("/proc/self/mounts")
		require.NoError(t, err)
		assert.Equal(t, seen, strings.Contains(string(list), inner), "propagation %q", word)
		if seen {
			assert.NoError(t, unix.Unmount(inner, 0))
		}
	}
}

func TestExitStatusAndErrors(t *testing.T) {
	testenv.Root(t)
	status, err := ns.Unshare{Kinds: ns.UTS, Args: sh("exit 42")}.Run()
	require.NoError(t, err)
	assert.Equal(t, 42, status)
	status, err = ns.Unshare{Kinds: ns.UTS, Args: sh("kill -9 $$")}.Run()
	require.NoError(t, err)
	assert.Equal(t, 137, status)
	_, err = ns.Unshare{Kinds: ns.UTS, Args: []string{"no-such-program"}}.Run()
	assert.EqualError(t, err, "execute no-such-program: no such file or directory")
	_, err = ns.Unshare{Kinds: ns.UTS, Wd: "/nowhere", Args: sh("true")}.Run()
	assert.EqualError(t, err, "go to the working directory /nowhere: no such file or directory")
}

func TestKeep(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("keep", dir, "tmpfs", 0, ""))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	require.NoError(t, unix.Mount("", dir, "", unix.MS_PRIVATE, ""))
	keep := map[ns.Set]string{}
	for _, k := range (ns.All &^ ns.Mount).Kinds() {
		keep[k.Flag] = filepath.Join(dir, k.Name)
	}
	u := ns.Unshare{Keep: keep, Fork: true, Hostname: "kept", Map: ns.Mapping{Root: true}, MountProc: "/proc",
		Args: sh("readlink /proc/self/ns/uts")}
	link := output(t, u)
	id, err := ns.OfFile(keep[ns.UTS])
	require.NoError(t, err)
	assert.Contains(t, link, strconv.FormatUint(id.Ino, 10))
	t.Run("a kept namespace is listed with its mount", func(t *testing.T) {
		list, err := ns.List()
		require.NoError(t, err)
		n := list.Find(id.Ino)
		require.NotNil(t, n)
		assert.Zero(t, n.Processes)
		assert.Equal(t, ns.HeldByMount, n.Holders[0].Kind)
		assert.Equal(t, keep[ns.UTS], n.Holders[0].Path)
	})
	t.Run("and can be entered", func(t *testing.T) {
		files := map[ns.Set]string{ns.UTS: keep[ns.UTS], ns.User: keep[ns.User]}
		assert.Equal(t, "kept", output(t, ns.Enter{Files: files, Args: []string{"hostname"}}))
		assert.Equal(t, "kept", tool(t, "nsenter", "--uts="+keep[ns.UTS], "hostname"))
		_, err := ns.Enter{Files: map[ns.Set]string{ns.Net: keep[ns.UTS]}, Args: sh("true")}.Run()
		assert.EqualError(t, err, "open the net namespace "+keep[ns.UTS]+": it is a uts namespace")
	})
	for _, path := range keep {
		require.NoError(t, ns.Release(path))
		assert.NoFileExists(t, path)
	}
	output(t, u) // the files are made again
	for _, path := range keep {
		require.NoError(t, ns.Release(path))
	}
	t.Run("nothing is kept when the program does not start", func(t *testing.T) {
		u.Args = []string{"/no/such/program"}
		_, err := u.Run()
		assert.ErrorIs(t, err, unix.ENOENT)
		list, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Empty(t, list)
	})
	t.Run("a file without a namespace is not released", func(t *testing.T) {
		file := filepath.Join(dir, "plain")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		assert.EqualError(t, ns.Release(file), "release "+file+": no namespace is kept there")
	})
}

// Linux 6.18 compares the numbers of mount namespaces to find loops, and gives them out per processor, so that a newer
// one may have a lower number and be refused, to unshare(1) as well. Another try may get a better number.
func TestKeepMount(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("keep", dir, "tmpfs", 0, ""))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	require.NoError(t, unix.Mount("", dir, "", unix.MS_PRIVATE, ""))
	path := filepath.Join(dir, "mnt")
	var err error
	for range 200 {
		u := ns.Unshare{Keep: map[ns.Set]string{ns.Mount: path}, Args: []string{"/bin/mount", "-t", "tmpfs", "mine", "/mnt"}}
		if _, err = u.Run(); !errors.Is(err, unix.EINVAL) {
			break
		}
		assert.NoFileExists(t, path)
	}
	if errors.Is(err, unix.EINVAL) {
		t.Skip("this kernel refuses to keep a mount namespace 200 times in a row")
	}
	require.NoError(t, err)
	out := output(t, ns.Enter{Files: map[ns.Set]string{ns.Mount: path}, Args: sh("grep -c ^mine /proc/mounts")})
	assert.Equal(t, "1", out)
	require.NoError(t, ns.Release(path))
}

func TestKillChild(t *testing.T) {
	testenv.Root(t)
	cmd := asActor(t, ns.Unshare{Kinds: ns.PID, Fork: true, KillChild: true, Args: []string{"/bin/sleep", "1000"}})
	require.NoError(t, cmd.Start())
	childrenOf := func() string {
		list, _ := filepath.Glob("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/task/*/children")
		var all string
		for _, f := range list {
			text, _ := os.ReadFile(f)
			all += string(text)
		}
		return strings.TrimSpace(all)
	}
	eventually(t, "the program runs", func() bool {
		pid := childrenOf()
		text, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		return pid != "" && strings.HasPrefix(string(text), "/bin/sleep")
	})
	pid := childrenOf()
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	eventually(t, "the program dies with its parent", func() bool {
		text, err := os.ReadFile("/proc/" + pid + "/cmdline")
		return err != nil || len(text) == 0
	})
}

func TestRootDirectory(t *testing.T) {
	testenv.Root(t)
	box, err := os.ReadFile(testenv.Have(t, "busybox"))
	require.NoError(t, err)
	root := t.TempDir()
	for _, dir := range []string{"bin", "proc", "srv"} {
		require.NoError(t, os.Mkdir(filepath.Join(root, dir), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, "bin/sh"), box, 0o755))
	u := ns.Unshare{Kinds: ns.PID, Fork: true, MountProc: "/proc", Root: root, Wd: "/srv"}
	u.Args = []string{"sh", "-c", "echo *; echo /*; echo $$; read name < /proc/1/comm; echo $name"}
	assert.Equal(t, "*\n/bin /proc /srv\n1\nsh", output(t, u))

	u.Args = []string{"sh", "-c", "while :; do read line < /proc/uptime; done"}
	child := start(t, u)
	e := ns.Enter{PID: child.PID, Kinds: ns.Mount | ns.PID, TargetRoot: true, TargetWd: true, Args: []string{"sh", "-c", "echo /*; pwd"}}
	assert.Equal(t, "/bin /proc /srv\n/srv", output(t, e))
}

func TestSignalsArePassedOn(t *testing.T) {
	testenv.Root(t)
	cmd := asActor(t, ns.Unshare{Kinds: ns.PID, Fork: true, Args: sh("trap 'exit 9' TERM; trap : INT; echo ready; while :; do sleep 0.01; done")})
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = pipe.Read(make([]byte, 16))
	require.NoError(t, err)
	time.Sleep(50 * time.Millisecond) // Run watches for signals from just after the program has begun
	require.NoError(t, cmd.Process.Signal(unix.SIGINT))
	require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
	err = cmd.Wait()
	require.Error(t, err)
	assert.Equal(t, 9, cmd.ProcessState.ExitCode())
}

func TestStreams(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "in"), []byte("input\n"), 0o600))
	in, err := os.Open(filepath.Join(dir, "in"))
	require.NoError(t, err)
	defer in.Close()
	out, err := os.Create(filepath.Join(dir, "out"))
	require.NoError(t, err)
	defer out.Close()
	status, err := ns.Unshare{Kinds: ns.UTS, Stdin: in, Stdout: out, Stderr: out, Args: sh("cat; echo err >&2")}.Run()
	require.NoError(t, err)
	assert.Zero(t, status)
	text, _ := os.ReadFile(out.Name())
	assert.Equal(t, "input\nerr\n", string(text))
}
