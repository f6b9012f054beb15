package ns_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/ns"
)

type row struct {
	NS     uint64 `json:"ns"`
	Type   string `json:"type"`
	NProcs int    `json:"nprocs"`
	PID    int    `json:"pid"`
	User   string `json:"user"`
}

// Processes come and go, so what is compared is a namespace that was the same before and after lsns looked; lsns counts
// itself. And some may come and go between: then another try.
func TestListSameAsLsns(t *testing.T) {
	testenv.Root(t)
	lsns := testenv.Have(t, "lsns")
	start(t, ns.Unshare{Kinds: ns.All &^ ns.Time, Fork: true, Map: ns.Mapping{Root: true}})
	start(t, ns.Unshare{Kinds: ns.UTS | ns.Net})
	scan := ns.Scan{Processes: true}
	var wrong []string
	for range 50 {
		before, err := scan.List()
		require.NoError(t, err)
		out, err := exec.Command(lsns, "-l", "--json", "-o", "NS,TYPE,NPROCS,PID,USER").Output()
		if err != nil { // it gives up when a process ends while it looks
			wrong = []string{"lsns: " + err.Error()}
			continue
		}
		after, err := scan.List()
		require.NoError(t, err)
		var table struct{ Namespaces []row }
		require.NoError(t, json.Unmarshal(out, &table))
		if wrong = differences(t, before, after, table.Namespaces); len(wrong) == 0 {
			return
		}
	}
	assert.Empty(t, wrong)
}

func differences(t *testing.T, before, after *ns.Listing, table []row) (wrong []string) {
	t.Helper()
	theirs := map[uint64]row{}
	for _, r := range table {
		theirs[r.NS] = r
	}
	compared := 0
	for _, n := range before.Namespaces {
		again := after.Find(n.ID.Ino)
		if again == nil || again.Processes != n.Processes || again.PID != n.PID {
			continue
		}
		r := theirs[n.ID.Ino]
		if own, err := ns.Of(0, n.Kind.Flag); err == nil && own == n.ID {
			r.NProcs--
		}
		compared++
		if r.Type != n.Kind.Name || r.NProcs != n.Processes || r.PID != n.PID || (r.User == "root") != (n.UID == 0) {
			wrong = append(wrong, n.Kind.Name+": "+n.Command)
		}
	}
	if compared < 10 {
		wrong = append(wrong, "too few stayed the same")
	}
	return wrong
}

func holders(t *testing.T, id ns.ID) map[ns.HolderKind]ns.Holder {
	t.Helper()
	list, err := ns.List()
	require.NoError(t, err)
	found := map[ns.HolderKind]ns.Holder{}
	if n := list.Find(id.Ino); n != nil {
		for _, h := range n.Holders {
			found[h.Kind] = h
		}
	}
	return found
}

func TestHolders(t *testing.T) {
	testenv.Root(t)
	t.Run("a descriptor", func(t *testing.T) {
		child := start(t, ns.Unshare{Kinds: ns.Net})
		file, err := os.Open("/proc/" + itoa(child.PID) + "/ns/net")
		require.NoError(t, err)
		defer file.Close()
		id, err := ns.OfFile(file.Name())
		require.NoError(t, err)
		end(child)
		h := holders(t, id)
		assert.Len(t, h, 1)
		assert.Equal(t, ns.Holder{Kind: ns.HeldByFile, PID: os.Getpid(), FD: int(file.Fd())}, h[ns.HeldByFile])
	})
	t.Run("a descriptor that was opened where a mount kept it, and is gone", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "kept")
		child := start(t, ns.Unshare{Kinds: ns.IPC, Keep: map[ns.Set]string{ns.Net: path}, Args: sh("exec sleep 1000")})
		id, err := ns.Of(child.PID, ns.Net)
		require.NoError(t, err)
		file, err := os.Open(path)
		require.NoError(t, err)
		defer file.Close()
		end(child)
		require.NoError(t, ns.Release(path))
		assert.Equal(t, ns.Holder{Kind: ns.HeldByFile, PID: os.Getpid(), FD: int(file.Fd())}, holders(t, id)[ns.HeldByFile])
	})
	t.Run("a thread", func(t *testing.T) {
		tid, done := make(chan int), make(chan struct{})
		go func() {
			runtime.LockOSThread()
			assert.NoError(t, unix.Unshare(unix.CLONE_NEWUTS))
			tid <- unix.Gettid()
			<-done
		}()
		thread := <-tid
		defer close(done)
		id, err := ns.Of(thread, ns.UTS)
		require.NoError(t, err)
		if thread != os.Getpid() { // else the process itself is there
			assert.Equal(t, ns.Holder{Kind: ns.HeldByThread, PID: os.Getpid(), TID: thread}, holders(t, id)[ns.HeldByThread])
		}
	})
	t.Run("children to come", func(t *testing.T) {
		child := start(t, ns.Unshare{Kinds: ns.PID, Args: sh("sleep 1000 & wait")})
		var id ns.ID
		eventually(t, "PID 1 runs", func() bool {
			var err error
			id, err = ns.OfFile("/proc/" + itoa(child.PID) + "/ns/pid_for_children")
			return err == nil
		})
		list, err := ns.List()
		require.NoError(t, err)
		pids := list.In(list.Find(id.Ino))
		require.Len(t, pids, 1)
		t.Cleanup(func() { _ = unix.Kill(pids[0], unix.SIGKILL) })
		assert.Equal(t, child.PID, holders(t, id)[ns.HeldByChildren].PID)
	})
}

// A user namespace that no process is in lives on as the parent and the owner of others.
func TestRelatives(t *testing.T) {
	testenv.Root(t)
	ready := filepath.Join(t.TempDir(), "ready")
	u := ns.Unshare{Kinds: ns.UTS, Map: ns.Mapping{Root: true}, Env: os.Environ(),
		Args: sh("readlink /proc/self/ns/user >" + ready + "; exec unshare -U -n sh -c 'echo >>" + ready + "; exec sleep 1000'")}
	child := start(t, u)
	var lines []string
	eventually(t, "the inner one runs", func() bool {
		text, _ := os.ReadFile(ready)
		lines = strings.Split(string(text), "\n")
		return len(lines) == 3
	})
	list, err := ns.List()
	require.NoError(t, err)
	inner, err := ns.Of(child.PID, ns.User)
	require.NoError(t, err)
	n := list.Find(inner.Ino)
	require.NotNil(t, n)
	outer := list.Find(n.Parent.Ino)
	require.NotNil(t, outer, "found although nobody is in it")
	assert.Contains(t, lines[0], itoa(int(outer.ID.Ino)))
	assert.Zero(t, outer.Processes)
	own, err := ns.Of(0, ns.User)
	require.NoError(t, err)
	assert.Equal(t, own, outer.Parent)
	h := holders(t, outer.ID)
	assert.Equal(t, inner, h[ns.HeldAsParent].ID)
	uts, err := ns.Of(child.PID, ns.UTS)
	require.NoError(t, err)
	assert.Equal(t, uts, h[ns.HeldAsOwner].ID)
	net, err := ns.Of(child.PID, ns.Net)
	require.NoError(t, err)
	assert.Equal(t, inner, list.Find(net.Ino).Owner)

	owner, err := ns.Owner("/proc/" + itoa(child.PID) + "/ns/net")
	require.NoError(t, err)
	assert.Equal(t, inner, owner)
	parent, err := ns.Parent("/proc/" + itoa(child.PID) + "/ns/user")
	require.NoError(t, err)
	assert.Equal(t, outer.ID, parent)
	_, err = ns.Parent("/proc/self/ns/net")
	assert.ErrorIs(t, err, unix.EINVAL)

	depth := func(by ns.Relation) int {
		var find func(nodes []*ns.Node, level int) int
		find = func(nodes []*ns.Node, level int) int {
			for _, node := range nodes {
				if node.ID == inner {
					return level
				}
				if d := find(node.Below, level+1); d >= 0 {
					return d
				}
			}
			return -1
		}
		return find(list.Tree(by), 0)
	}
	assert.Equal(t, 2, depth(ns.ByOwner), "ours, the outer one, the inner one")
	assert.Equal(t, 2, depth(ns.ByParent))
}

func TestUnreadableAreCounted(t *testing.T) {
	testenv.Root(t)
	cmd := asNobody(exec.Command("/proc/self/exe", "-test.run=^TestListAsNobody$", "-test.v"))
	cmd.Env = append(os.Environ(), "LAB_NS_NOBODY=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "--- PASS: TestListAsNobody")
}

func TestListAsNobody(t *testing.T) {
	if os.Getenv("LAB_NS_NOBODY") == "" {
		t.Skip("run by TestUnreadableAreCounted")
	}
	list, err := ns.List()
	require.NoError(t, err)
	assert.Positive(t, list.Unreadable)
	own, err := ns.Of(0, ns.Net)
	require.NoError(t, err)
	assert.Contains(t, list.In(list.Find(own.Ino)), os.Getpid())
}

func BenchmarkList(b *testing.B) {
	testenv.Root(b)
	for range 500 {
		start(b, ns.Unshare{})
	}
	for name, scan := range map[string]ns.Scan{"processes": {Processes: true}, "all": {}} {
		b.Run(name, func(b *testing.B) {
			var before, after unix.Rusage
			_ = unix.Getrusage(unix.RUSAGE_SELF, &before)
			for b.Loop() {
				_, err := scan.List()
				require.NoError(b, err)
			}
			_ = unix.Getrusage(unix.RUSAGE_SELF, &after)
			cpu := after.Stime.Nano() + after.Utime.Nano() - before.Stime.Nano() - before.Utime.Nano()
			b.ReportMetric(float64(cpu)/float64(b.N)/1e6, "cpu-ms/op")
		})
	}
}
