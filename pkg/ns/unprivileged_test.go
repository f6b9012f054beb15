package ns_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/ns"
)

func nobodyRuns(t *testing.T, what any) (string, error) {
	t.Helper()
	out, err := asNobody(asActor(t, what)).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// Experiment 2.3, user: 0 inside, an unprivileged uid outside, and all that root may do inside.
func TestUnprivilegedUser(t *testing.T) {
	testenv.Root(t)
	testenv.UserNamespaces(t)
	for _, test := range []struct {
		name    string
		unshare ns.Unshare
		options string
		script  string
		want    string
	}{
		{"root inside", ns.Unshare{Map: ns.Mapping{Root: true}}, "-r",
			"id -u; id -g; tr -s ' ' < /proc/self/uid_map; cat /proc/self/setgroups", "0\n0\n 0 65534 1\ndeny"},
		{"itself inside", ns.Unshare{Map: ns.Mapping{Current: true}}, "-c", "id -u; tr -s ' ' < /proc/self/gid_map", "65534\n 65534 65534 1"},
		{"one id by number", ns.Unshare{Map: ns.Mapping{UIDs: []ns.IDMap{{7, 65534, 1}}, GIDs: []ns.IDMap{{8, 65534, 1}}}},
			"--map-user 7 --map-group 8", "id -u; id -g", "7\n8"},
		{"a host name", ns.Unshare{Kinds: ns.UTS, Map: ns.Mapping{Root: true}, Hostname: "mine"}, "-ru", "hostname mine; hostname", "mine"},
		{"mounts", ns.Unshare{Kinds: ns.Mount, Map: ns.Mapping{Root: true}}, "-rm", "mount -t tmpfs mine /mnt && grep -c '^mine' /proc/mounts", "1"},
		{"a container", ns.Unshare{Kinds: ns.All &^ ns.Time, Fork: true, MountProc: "/proc", Map: ns.Mapping{Root: true}}, "-muinpUCfr --mount-proc",
			"id -u; echo $$; ls /proc | grep -c '^1$'", "0\n1\n1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.unshare.Args, test.unshare.Env = sh(test.script), os.Environ()
			ours, err := nobodyRuns(t, test.unshare)
			require.NoError(t, err, ours)
			assert.Equal(t, test.want, ours)
			line := append(strings.Fields(test.options), sh(test.script)...)
			out, err := asNobody(exec.Command(testenv.Have(t, "unshare"), line...)).CombinedOutput()
			require.NoError(t, err, string(out))
			assert.Equal(t, strings.TrimSpace(string(out)), ours)
		})
	}
}

func TestUnprivilegedOutside(t *testing.T) {
	testenv.Root(t)
	testenv.UserNamespaces(t)
	cmd := asNobody(asActor(t, ns.Unshare{Map: ns.Mapping{Root: true}, Args: sh("echo started; exec sleep 1000")}))
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	_, err = pipe.Read(make([]byte, 8))
	require.NoError(t, err)
	list, err := ns.List()
	require.NoError(t, err)
	var found *ns.Namespace
	for _, n := range list.Namespaces {
		if n.Kind.Flag == ns.User && n.UID == 65534 && n.Command == "sleep 1000" {
			found = n
		}
	}
	require.NotNil(t, found, "lsns shows it as the ordinary user's")
	t.Cleanup(func() { p, _ := os.FindProcess(found.PID); _ = p.Kill() })
	uids, _, err := ns.IDMapsOf(found.PID)
	require.NoError(t, err)
	assert.Equal(t, []ns.IDMap{{0, 65534, 1}}, uids)
}

func TestUnprivilegedRefusals(t *testing.T) {
	testenv.Root(t)
	testenv.UserNamespaces(t)
	out, err := nobodyRuns(t, ns.Unshare{Kinds: ns.UTS, Args: sh("true")})
	assert.Error(t, err)
	assert.Equal(t, "error: leave the old namespaces: uts: operation not permitted", out)
	out, err = nobodyRuns(t, ns.Unshare{Map: ns.Mapping{Auto: true}, Args: sh("true")})
	assert.Error(t, err)
	assert.Contains(t, out, "error: no subordinate ids for nobody: ")
	out, err = nobodyRuns(t, ns.Enter{PID: os.Getpid(), Kinds: ns.Net, Args: sh("true")})
	assert.Error(t, err)
	assert.Contains(t, out, "permission denied")
}

// The owner of a user namespace may enter it and what it owns, without a privilege at home.
func TestUnprivilegedEnter(t *testing.T) {
	testenv.Root(t)
	testenv.UserNamespaces(t)
	ready := filepath.Join(t.TempDir(), "ready")
	require.NoError(t, os.Chmod(filepath.Dir(ready), 0o777))
	require.NoError(t, os.Chmod(filepath.Dir(filepath.Dir(ready)), 0o755))
	cmd := asNobody(asActor(t, ns.Unshare{Kinds: ns.UTS | ns.Net | ns.PID, Fork: true, Hostname: "mine", Map: ns.Mapping{Root: true},
		KillChild: true, Args: sh("echo > " + ready + "; exec sleep 1000")}))
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	eventually(t, "it runs", func() bool { _, err := os.Stat(ready); return err == nil })
	var pid int
	list, err := ns.List()
	require.NoError(t, err)
	for _, n := range list.Namespaces {
		if n.Kind.Flag == ns.UTS && n.UID == 65534 {
			pid = n.PID
		}
	}
	require.NotZero(t, pid)
	out, err := nobodyRuns(t, ns.Enter{PID: pid, Kinds: ns.User | ns.UTS | ns.Net, Args: sh("hostname; id -u"), Env: os.Environ()})
	require.NoError(t, err, out)
	assert.Equal(t, "mine\n0", out)
	out, err = nobodyRuns(t, ns.Enter{PID: pid, All: true, NoFork: true, Args: sh("sh -c 'echo $$' | grep -vc '^1$'"), Env: os.Environ()})
	require.NoError(t, err, out)
	assert.Equal(t, "1", out)
	out, err = nobodyRuns(t, ns.Enter{PID: pid, All: true, Args: sh("true")})
	assert.Error(t, err)
	assert.Contains(t, out, "a user without privileges joins a PID namespace without a fork only")
}

// Ranges need newuidmap(1), which looks them up in /etc/subuid. The files are put over the machine's in the mount
// namespace of this test run.
func TestUnprivilegedRanges(t *testing.T) {
	testenv.Root(t)
	testenv.UserNamespaces(t)
	testenv.Have(t, "newuidmap")
	file := filepath.Join(t.TempDir(), "sub")
	require.NoError(t, os.WriteFile(file, []byte("nobody:100000:65536\n"), 0o644))
	for _, path := range []string{"/etc/subuid", "/etc/subgid"} {
		if _, err := os.Stat(path); err != nil {
			t.Skip("there is no " + path + " to put another one over")
		}
		require.NoError(t, unix.Mount(file, path, "", unix.MS_BIND, ""))
		t.Cleanup(func() { assert.NoError(t, unix.Unmount(path, unix.MNT_DETACH)) })
	}
	const script = "id -u; tr -s ' ' < /proc/self/uid_map; tr -s ' ' < /proc/self/gid_map; cat /proc/self/setgroups"
	for _, test := range []struct {
		mapping ns.Mapping
		options string
		want    string
	}{
		{ns.Mapping{Auto: true}, "-U --map-auto", "65534\n 0 100000 65536\n 0 100000 65536\nallow"},
		{ns.Mapping{Root: true, Auto: true}, "-r --map-auto", "0\n 0 65534 1\n 1 100000 65535\n 0 65534 1\n 1 100000 65535\nallow"},
		{ns.Mapping{UIDs: []ns.IDMap{{5, 100010, 10}}, GIDs: []ns.IDMap{{6, 100020, 3}}}, "-U --map-users 100010,5,10 --map-groups 100020,6,3",
			"65534\n 5 100010 10\n 6 100020 3\nallow"},
	} {
		out, err := nobodyRuns(t, ns.Unshare{Map: test.mapping, Args: sh(script), Env: os.Environ()})
		require.NoError(t, err, out)
		assert.Equal(t, test.want, out)
		line := append(strings.Fields(test.options), sh(script)...)
		theirs, err := asNobody(exec.Command(testenv.Have(t, "unshare"), line...)).CombinedOutput()
		require.NoError(t, err, string(theirs))
		assert.Equal(t, strings.TrimSpace(string(theirs)), out, test.options)
	}
	out, err := nobodyRuns(t, ns.Unshare{Map: ns.Mapping{UIDs: []ns.IDMap{{0, 5, 10}}}, Args: sh("true")})
	assert.Error(t, err)
	assert.Contains(t, out, "error: newuidmap: ")
	assert.Contains(t, out, "not allowed")
}
