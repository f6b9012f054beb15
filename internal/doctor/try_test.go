package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
)

func TestSpace(t *testing.T) {
	for _, c := range []struct {
		free, inodes, freeInodes uint64
		want                     State
		text                     string
	}{
		{70 << 30, 1e6, 9e5, Yes, "70.0 GiB free below /x"},
		{1 << 30, 1e6, 9e5, No, "1.0 GiB free below /x, the labs take 2"},
		{70 << 30, 1e6, 12, No, "12 files can still be made below /x, an image has ten thousand"},
		{70 << 30, 0, 0, Yes, "70.0 GiB free below /x"}, // btrfs counts no inodes
	} {
		f := space("/x", c.free, c.inodes, c.freeInodes)
		assert.Equal(t, c.want, f.State)
		assert.Equal(t, c.text, f.Text)
	}
}

func TestPlace(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.Symlink(dir, dir+"/link"))
	for store, want := range map[string]string{dir: dir, dir + "/a/b": dir, dir + "/link/a": dir, "/": "/"} {
		got, err := (&Bench{Options: Options{Store: store}}).place()
		require.NoError(t, err)
		assert.Equal(t, want, got, store)
	}
}

// Why a controller is not there decides what brings it back.
func TestAbsent(t *testing.T) {
	const table = "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t1\t0\npids\t0\t9\t1\ncpu\t3\t9\t1\n"
	for _, c := range []struct {
		mode       cgroup.Mode
		name       string
		top        bool
		text, mend string
	}{
		{cgroup.None, "cpu", false, "no control groups are mounted", "mount -t cgroup2"}, // not another kernel
		{cgroup.V1, "memory", false, "switched off when the kernel was started", "cgroup_enable=memory"},
		{cgroup.V2, "memory", true, "switched off when the kernel was started", "cgroup_enable=memory"},
		{cgroup.Hybrid, "pids", true, "in no tree that is mounted here", "mount -t cgroup -o pids"},
		{cgroup.V2, "cpu", true, "a v1 tree keeps it from v2", "cgroup_no_v1=all"},
		{cgroup.V2, "pids", false, "the groups above do not hand it down", "Delegate=yes"},
		{cgroup.V2, "cpuset", false, "the groups above do not hand it down", "Delegate=yes"},
		{cgroup.V2, "cpuset", true, "the kernel was built without it", "linux-image"},
		{cgroup.V1, "cpuset", false, "the kernel was built without it", "linux-image"},
	} {
		f := absent(c.mode, c.name, table, c.top)
		assert.Equal(t, No, f.State)
		assert.Equal(t, c.text, f.Text)
		assert.Contains(t, f.Mend.On(Debian), c.mend)
	}
}

// A v2 tree as files: what is passed down, and what could be.
func TestPassedDown(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	tree := &cgroup.Hierarchy{Version: 2, Dir: dir}
	b := &Bench{root: true}
	assert.Equal(t, No, b.passable(tree, "v2").State, "nothing to be written to")
	write("cgroup.subtree_control", "io memory\n")
	assert.True(t, passedDown(tree, "blkio"))
	assert.True(t, passedDown(tree, "memory"))
	assert.True(t, passedDown(tree, "freezer"))
	assert.False(t, passedDown(tree, "cpu"))
	assert.Equal(t, Yes, b.passable(tree, "v2").State)
	write("cgroup.procs", "17\n")
	assert.Equal(t, Yes, b.passable(tree, "v2").State, "the machine's top may have members")
	write("cgroup.type", "domain\n")
	assert.Contains(t, b.passable(tree, "v2").Text, "EBUSY")
}

func TestSettle(t *testing.T) {
	answer := func(seq uint32, code int32) []byte {
		m := newMessage("", unix.NLMSG_ERROR, 0, seq, nil)
		m.b = append(m.b, make([]byte, 20)...)
		return append([]byte(nil), patch(m.bytes(), code)...)
	}
	want := map[uint32]string{1: "make a table", 2: "make a chain"}
	require.NoError(t, settle(append(answer(1, 0), answer(2, 0)...), want))
	assert.Empty(t, want)
	err := settle(answer(2, -int32(unix.ENOENT)), map[uint32]string{2: "make a chain"})
	assert.ErrorIs(t, err, unix.ENOENT)
	assert.EqualError(t, err, "make a chain: no such file or directory")
	assert.ErrorIs(t, settle(answer(9, -int32(unix.EPERM)), nil), unix.EPERM, "an answer to the batch as a whole")
	assert.Error(t, settle(answer(1, 0)[:20], nil))
}

func patch(b []byte, code int32) []byte {
	for i := range 4 {
		b[16+i] = byte(uint32(code) >> (8 * i))
	}
	return b
}

// A filter that does not filter is no filter.
func TestSeccompJudgesTheAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want State
	}{
		"filtered":     {&kernel.Error{Op: kernel.Op{Call: "sethostname"}, Errno: unix.EXDEV}, Yes},
		"not filtered": {&kernel.Error{Op: kernel.Op{Call: "sethostname"}, Errno: unix.EPERM}, No},
		"and succeeds": {errReached, No},
		"no seccomp":   {&kernel.Error{Op: kernel.Op{Call: "seccomp"}, Errno: unix.EINVAL}, No},
	} {
		b := &Bench{ctx: t.Context(), clone: func(kernel.Start) (*kernel.Child, error) { return nil, c.err }}
		assert.Equal(t, c.want, trySeccomp(b).State, name)
	}
}

// Every cross has a command on every distribution, and every line of it fits behind its indentation.
func TestMendsFit(t *testing.T) {
	mends := map[string]Mend{
		"v1": mountV1("memory"), "delegate": delegate, "parameter": kernelParameter("cgroup_enable=memory"), "no v1": kernelParameter("cgroup_no_v1=all"),
		"sysctl": sysctl("kernel.apparmor_restrict_unprivileged_userns=0"), "way out": Machine{Container: "docker"}.wayOut(),
	}
	for _, c := range Checks() {
		if c.Mend != (Mend{}) {
			mends[c.Name] = c.Mend
		}
	}
	for name, m := range mends {
		for _, f := range []Family{Debian, Ubuntu, Fedora, WSL, Other} {
			assert.NotEmpty(t, m.On(f), "%s on %s", name, f)
			for line := range strings.Lines(m.On(f)) {
				assert.LessOrEqual(t, len([]rune(strings.TrimRight(line, "\n"))), 74, "%s on %s: %s", name, f, line)
			}
		}
	}
}
