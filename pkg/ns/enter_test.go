package ns_test

import (
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

func itoa(n int) string { return strconv.Itoa(n) }

// Experiment 2.5: enter a running container with each kind, as nsenter does.
func TestEnterSameAsTheTool(t *testing.T) {
	testenv.Root(t)
	container := start(t, ns.Unshare{Kinds: ns.All &^ (ns.User | ns.Time), Fork: true, MountProc: "/proc", Hostname: "box"})
	rootless := start(t, ns.Unshare{Kinds: ns.Mount | ns.UTS | ns.PID, Fork: true, MountProc: "/proc", Hostname: "rootless",
		Map: ns.Mapping{UIDs: []ns.IDMap{{0, 100000, 1000}}, GIDs: []ns.IDMap{{0, 100000, 1000}}}, UID: ptr(uint32(0)), GID: ptr(uint32(0))})
	links := "hostname; for k in mnt uts ipc net pid user cgroup; do readlink /proc/self/ns/$k; done"
	for _, test := range []struct {
		name    string
		enter   ns.Enter
		options string
		script  string
		want    string
	}{
		{"uts", ns.Enter{PID: container.PID, Kinds: ns.UTS}, "-u", "hostname", "box"},
		{"the five of the notes", ns.Enter{PID: container.PID, Kinds: ns.Mount | ns.UTS | ns.IPC | ns.Net | ns.PID},
			"--mount --uts --ipc --net --pid", links + "; cut -d' ' -f1 /proc/1/stat; cat /proc/1/comm", ""},
		{"all", ns.Enter{PID: container.PID, All: true}, "-a", links, ""},
		{"pid without fork", ns.Enter{PID: container.PID, Kinds: ns.PID, NoFork: true}, "-p -F", "readlink /proc/$$/ns/pid", ""},
		{"root and directory of the process", ns.Enter{PID: container.PID, TargetRoot: true, TargetWd: true}, "-r -w", "pwd; ls /", ""},
		{"user", ns.Enter{PID: rootless.PID, Kinds: ns.User}, "-U", "id; cat /proc/self/uid_map", ""},
		{"all of a rootless one", ns.Enter{PID: rootless.PID, All: true}, "-a", links + "; id -u; cat /proc/self/uid_map", ""},
		{"user and pid", ns.Enter{PID: rootless.PID, Kinds: ns.User | ns.PID}, "-U -p", "id -u; readlink /proc/$PPID/ns/pid /proc/self/ns/pid || true", ""},
		{"user, ids kept", ns.Enter{PID: rootless.PID, Kinds: ns.User, KeepIDs: true}, "-U --preserve-credentials", "id -u", "65534"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.enter.Args, test.enter.Env = sh(test.script), os.Environ()
			ours := output(t, test.enter)
			line := append([]string{"nsenter", "-t", itoa(test.enter.PID)}, strings.Fields(test.options)...)
			assert.Equal(t, tool(t, append(line, sh(test.script)...)...), ours)
			if test.want != "" {
				assert.Equal(t, test.want, ours)
			}
		})
	}
	t.Run("a process of its own number inside", func(t *testing.T) {
		out := output(t, ns.Enter{PID: container.PID, Kinds: ns.PID | ns.Mount, Args: sh("echo $$; grep NSpid /proc/self/status")})
		assert.NotEqual(t, "1", strings.Split(out, "\n")[0])
	})
}

func TestEnterDirectories(t *testing.T) {
	testenv.Root(t)
	container := start(t, ns.Unshare{Kinds: ns.Mount, Wd: "/usr"})
	e := ns.Enter{PID: container.PID, Kinds: ns.Mount, TargetWd: true, Args: []string{"/bin/pwd"}}
	assert.Equal(t, "/usr", output(t, e))
	e.TargetWd, e.Wd = false, "/etc"
	assert.Equal(t, "/etc", output(t, e))
	e.Dir = "/tmp"
	assert.Equal(t, "/tmp", output(t, e))
	e.Wd, e.Dir = "/nowhere", ""
	_, err := e.Run()
	assert.EqualError(t, err, "open the directory /nowhere: no such file or directory")
}

func TestEnterErrors(t *testing.T) {
	testenv.Root(t)
	for _, test := range []struct {
		enter ns.Enter
		want  string
	}{
		{ns.Enter{}, "enter: no program given"},
		{ns.Enter{Kinds: ns.UTS, Args: sh("")}, "enter: no process given whose namespaces are to be joined (-t)"},
		{ns.Enter{PID: 4194304, Kinds: ns.UTS, Args: sh("")}, "open process 4194304: no such process"},
		{ns.Enter{Files: map[ns.Set]string{ns.Net: "/etc/passwd"}, Args: sh("")}, "open the net namespace /etc/passwd: no namespace is kept there"},
		{ns.Enter{PID: os.Getpid(), Root: "/", TargetRoot: true, Args: sh("")}, "enter: give a directory or take the process's, not both"},
	} {
		_, err := test.enter.Run()
		assert.EqualError(t, err, test.want)
	}
}

func TestEnterTime(t *testing.T) {
	testenv.Root(t)
	if _, err := ns.Of(0, ns.Time); err != nil {
		t.Skip("this kernel has no time namespaces")
	}
	child := start(t, ns.Unshare{Boottime: 1000 * time.Hour})
	u := ns.Enter{PID: child.PID, Kinds: ns.Time, Args: sh("readlink /proc/self/ns/time; tr -s ' ' < /proc/self/timens_offsets")}
	out := output(t, u)
	id, err := ns.Of(child.PID, ns.Time)
	require.NoError(t, err)
	assert.Equal(t, "time:["+strconv.FormatUint(id.Ino, 10)+"]\nmonotonic 0 0\nboottime 3600000 0", out)
}

// No namespace of this process changes, on any thread that stays.
func TestEnterLeavesTheCallerAlone(t *testing.T) {
	testenv.Root(t)
	container := start(t, ns.Unshare{Kinds: ns.PID | ns.UTS | ns.Net, Fork: true})
	for range 20 {
		output(t, ns.Enter{PID: container.PID, All: true, Args: []string{"/bin/true"}})
	}
	eventually(t, "the threads that joined have ended", func() bool {
		links, err := filepath.Glob("/proc/self/task/*/ns/pid_for_children")
		require.NoError(t, err)
		own, err := os.Readlink("/proc/self/ns/pid")
		require.NoError(t, err)
		for _, link := range links {
			if text, err := os.Readlink(link); err == nil && text != own && !strings.HasPrefix(link, "/proc/self/task/"+itoa(os.Getpid())+"/") {
				return false
			}
		}
		return true
	})
}

// Experiment 2.4: what goes in at one end of a veth pair comes out at the other.
func TestVethBetweenTwoNamespaces(t *testing.T) {
	testenv.Root(t)
	box := testenv.Have(t, "busybox")
	left, right := start(t, ns.Unshare{Kinds: ns.Net}), start(t, ns.Unshare{Kinds: ns.Net})
	tool(t, "ip", "link", "add", "left", "netns", itoa(left.PID), "type", "veth", "peer", "name", "right", "netns", itoa(right.PID))
	configure := "ip addr add 10.99.0.%N/24 dev %D; ip link set %D up; ip link set lo up"
	for _, end := range []struct {
		pid int
		ip  string
		dev string
	}{{left.PID, "1", "left"}, {right.PID, "2", "right"}} {
		script := strings.NewReplacer("%N", end.ip, "%D", end.dev).Replace(configure)
		output(t, ns.Enter{PID: end.pid, Kinds: ns.Net, Args: sh(script), Env: os.Environ()})
	}
	out := output(t, ns.Enter{PID: left.PID, Kinds: ns.Net, Args: []string{box, "ping", "-c1", "-W5", "10.99.0.2"}})
	assert.Contains(t, out, "1 packets received")
	_, err := os.Stat("/sys/class/net/left")
	assert.Error(t, err, "the host has neither end")
}

func TestIdentify(t *testing.T) {
	testenv.Root(t)
	child := start(t, ns.Unshare{Kinds: ns.UTS})
	for kind, want := range map[ns.Set]bool{ns.UTS: false, ns.Net: true, ns.PID: true} {
		same, err := ns.Same(os.Getpid(), child.PID, kind)
		require.NoError(t, err)
		assert.Equal(t, want, same, kind)
	}
	_, err := ns.Of(4194304, ns.Net)
	assert.EqualError(t, err, "look up the net namespace of process 4194304: no such file or directory")
}

func TestNewUser(t *testing.T) {
	testenv.Root(t)
	file, err := ns.NewUser([]ns.IDMap{{0, 100000, 65536}}, []ns.IDMap{{0, 200000, 65536}})
	require.NoError(t, err)
	defer file.Close()
	kind, err := ns.KindOf(int(file.Fd()))
	require.NoError(t, err)
	assert.Equal(t, "user", kind.Name)
	out := output(t, ns.Enter{Files: map[ns.Set]string{ns.User: "/proc/" + itoa(os.Getpid()) + "/fd/" + itoa(int(file.Fd()))}, Args: sh("cat /proc/self/uid_map /proc/self/gid_map")})
	assert.Equal(t, "0 100000 65536 0 200000 65536", strings.Join(strings.Fields(out), " "))

	// What it is for: a mount whose files belong to others.
	dir, at := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "of-root"), nil, 0o600))
	tree, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	require.NoError(t, err)
	defer unix.Close(tree)
	err = unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(file.Fd())})
	testenv.Feature(t, "idmapped mounts", err)
	require.NoError(t, unix.MoveMount(tree, "", unix.AT_FDCWD, at, unix.MOVE_MOUNT_F_EMPTY_PATH))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(at, unix.MNT_DETACH)) })
	var st unix.Stat_t
	require.NoError(t, unix.Stat(filepath.Join(at, "of-root"), &st))
	assert.EqualValues(t, 100000, st.Uid)
	assert.EqualValues(t, 200000, st.Gid)

	_, err = ns.NewUser(nil, nil)
	assert.EqualError(t, err, "make a user namespace: no ids to map")
}
