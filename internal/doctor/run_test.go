package doctor

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/cgroup"
)

// real is a bench as Run has it, with a store and groups of the test's own, and a check that nothing stays in either.
func real(t *testing.T) *Bench {
	t.Helper()
	store := t.TempDir()
	t.Cleanup(func() { assertClean(t, store) })
	return &Bench{
		Machine: Look("/"), Options: Options{Store: store + "/not/there", Parent: os.Getenv("LAB_CGROUP_PARENT")},
		root: os.Geteuid() == 0, clone: kernel.Fork,
	}
}

func assertClean(t *testing.T, store string) {
	t.Helper()
	left, err := os.ReadDir(store)
	require.NoError(t, err)
	assert.Empty(t, left, "files stay in the store")
	m, err := cgroup.Detect()
	require.NoError(t, err)
	for _, h := range m.Hierarchies {
		groups, _ := filepath.Glob(h.Dir + h.Base + "/" + os.Getenv("LAB_CGROUP_PARENT") + "/lab-doctor-*")
		assert.Empty(t, groups, "a control group stays")
	}
}

// On a machine for this project every lab can be done, so a cross that is not one of the few things that a sound machine may
// lack is an error of the check.
func TestEveryCheckForReal(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	may := map[string]bool{"/dev/kvm": true, "room": true, "vxlan": true, "nftables": true, "user, not as root": true, "in a user namespace": true}
	if !testenv.Required() {
		for _, c := range Checks() {
			may[c.Name] = may[c.Name] || c.Group == "control groups"
		}
	}
	r, err := real(t).run(context.Background(), Checks())
	require.NoError(t, err)
	require.Len(t, r.Results, len(Checks()))
	for _, c := range r.Results {
		t.Logf("%-8s %s: %s", c.State, c.Name, c.Found)
		assert.True(t, c.State == Yes || c.State == Moot || may[c.Name] || slow(c), "%s: %s %s", c.Name, c.State, c.Found)
		assert.Equal(t, c.State == No, c.Here != "", c.Name)
	}
}

// slow says that the machine was too busy for a check, which no test is to fail for.
func slow(c Result) bool { return c.Found == errSlow.Error() }

// Whatever call fails, the run goes to its end, and nothing stays behind.
func TestEveryCallFails(t *testing.T) {
	testenv.Root(t)
	last := &counter{}
	kernel.Watch(last)
	t.Cleanup(func() { kernel.Watch(nil); kernel.Inject(kernel.Fault{}) })
	b := real(t)
	before, _ := b.run(context.Background(), nil)
	require.Empty(t, before.Results)
	sound, err := b.run(context.Background(), Checks())
	require.NoError(t, err)
	first := last.first
	total := last.n - first + 1
	require.Greater(t, total, 100)
	errnos := []unix.Errno{unix.ENOSYS, unix.EPERM, unix.EINVAL, unix.ENODEV, unix.EBUSY, unix.EROFS, unix.EOPNOTSUPP}
	crosses := 0
	for k := 1; k <= total; k += 5 {
		kernel.Inject(kernel.Fault{N: last.n + k, Errno: errnos[k%len(errnos)]})
		r, err := b.run(context.Background(), Checks())
		require.NoError(t, err)
		changed := 0
		for i, c := range r.Results {
			if c.State != sound.Results[i].State && !slow(c) {
				changed++
			}
		}
		assert.LessOrEqual(t, changed, 1, "one call is one check's")
		crosses += changed
	}
	assert.Greater(t, crosses, total/5/3, "most calls matter")
}

// counter notes the numbers of the calls.
type counter struct{ first, n int }

func (c *counter) Before(n int, _ *kernel.Op) error {
	if c.first == 0 {
		c.first = n
	}
	c.n = max(c.n, n)
	return nil
}
func (c *counter) After(n int, _ *kernel.Op, _ kernel.Result) { c.n = max(c.n, n) }
func (c *counter) Steps() bool                                { return false }

// A kernel without clone3, or a filter that says so: one check has the reason, and the others point to it.
func TestWithoutClone3(t *testing.T) {
	b := real(t)
	b.Machine.Kernel = "6.1.0"
	b.clone = func(kernel.Start) (*kernel.Child, error) {
		return nil, &kernel.Error{Op: kernel.Op{Call: "clone3"}, Errno: unix.ENOSYS}
	}
	r, err := b.run(context.Background(), Checks())
	require.NoError(t, err)
	assert.False(t, r.OK)
	for _, c := range r.Results {
		switch c.Name {
		case "clone3":
			assert.Contains(t, c.Found, "seccomp filter")
			assert.NotEmpty(t, c.Here)
		case "overlay", "mnt", "veth", "filter", "user", "in a user namespace", "user, not as root", "pidfd":
			assert.Equal(t, No, c.State, c.Name)
			assert.Equal(t, errNoClone3.Error(), c.Found, c.Name)
			assert.Empty(t, c.Here, c.Name)
		}
	}
}

// What an ordinary user is refused is a dash; what the kernel does not have is a cross for everybody.
func TestNotRoot(t *testing.T) {
	for _, c := range []struct {
		errno unix.Errno
		want  State
	}{{unix.EPERM, Unknown}, {unix.EACCES, Unknown}, {unix.ENODEV, No}, {unix.EINVAL, No}} {
		b := real(t)
		b.root = false
		b.clone = func(kernel.Start) (*kernel.Child, error) {
			return nil, &kernel.Error{Op: kernel.Op{Call: "mount"}, Errno: c.errno}
		}
		r, err := b.run(context.Background(), []Check{{Name: "overlay", Need: EveryLab, Try: tryOverlay}})
		require.NoError(t, err)
		assert.Equal(t, c.want, r.Results[0].State, c.errno)
		assert.False(t, r.OK)
		if c.want == Unknown {
			assert.Equal(t, needsRoot, r.Results[0].Found)
		}
	}
}

// In a container the way out is not to mend the machine.
func TestConfined(t *testing.T) {
	for name, want := range map[string]string{"docker": "docker run --privileged", "nspawn": "lab run --privileged", "debian-restricted": "modprobe"} {
		b := &Bench{Machine: Look("testdata/" + name), root: true, clone: func(kernel.Start) (*kernel.Child, error) {
			return nil, &kernel.Error{Op: kernel.Op{Call: "mount"}, Errno: unix.EPERM}
		}}
		b.Machine.Proc = "own"
		r, err := b.run(context.Background(), []Check{{Name: "overlay", Try: tryOverlay, Mend: mendModule("overlay")}})
		require.NoError(t, err)
		assert.Contains(t, r.Results[0].Here, want, name)
	}
}

// A child that hangs is killed, a check that hangs is left, and the run goes on.
func TestPatience(t *testing.T) {
	b := real(t)
	fifo := t.TempDir() + "/fifo"
	require.NoError(t, unix.Mkfifo(fifo, 0o600))
	release := make(chan struct{})
	defer close(release)
	start := time.Now()
	r, err := b.run(context.Background(), []Check{
		{Name: "child", Need: EveryLab, Try: func(b *Bench) Finding {
			return b.tried("", 0, func(bool) []kernel.Op { return []kernel.Op{kernel.Open(fifo, unix.O_RDONLY, 0)} })
		}},
		{Name: "lab", Need: EveryLab, Try: func(*Bench) Finding { <-release; return yes("") }},
		{Name: "next", Need: EveryLab, Try: func(*Bench) Finding { return yes("") }},
	})
	require.NoError(t, err)
	assert.Greater(t, time.Since(start), 2*Patience, "both had their time")
	assert.Equal(t, Unknown, r.Results[0].State)
	assert.Equal(t, errSlow.Error(), r.Results[0].Found)
	assert.Equal(t, errSlow.Error(), r.Results[1].Found)
	assert.Equal(t, Yes, r.Results[2].State)
}

func TestInterrupted(t *testing.T) {
	b := real(t)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := b.run(ctx, append([]Check{{Try: func(*Bench) Finding { cancel(); return yes("") }}}, Checks()...))
	assert.ErrorIs(t, err, context.Canceled)
}

func TestJSON(t *testing.T) {
	r, err := real(t).run(context.Background(), Checks()[:8])
	require.NoError(t, err)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back Report
	require.NoError(t, json.Unmarshal(text, &back))
	r.Machine.mounts = nil
	assert.Equal(t, *r, back)
	assert.Contains(t, string(text), `"needed_for":"every process that lab makes"`)
}
