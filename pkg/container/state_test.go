package container_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/container"
)

// A container can fill the disk that its own record is on.
func TestStateOnAFullDisk(t *testing.T) {
	testenv.Root(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"))
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, 0)) })

	s := container.State{ID: "id", Status: container.Running, PID: 1, Image: strings.Repeat("long", 100)}
	require.NoError(t, s.Write(dir))
	require.ErrorIs(t, os.WriteFile(filepath.Join(dir, "fill"), make([]byte, 1<<20), 0o600), unix.ENOSPC)

	s.Status, s.PID, s.Image = container.Exited, 0, "short"
	require.NoError(t, s.Write(dir))
	got, err := container.ReadState(dir)
	require.NoError(t, err)
	assert.Equal(t, container.Exited, got.Status)
	assert.Equal(t, "short", got.Image)
	assert.NoFileExists(t, filepath.Join(dir, "state.json.new"))

	s.Image = strings.Repeat("too long", 10_000)
	assert.ErrorIs(t, s.Write(dir), unix.ENOSPC, "and what does not fit leaves the old record alone")
	got, err = container.ReadState(dir)
	require.NoError(t, err)
	assert.Equal(t, "short", got.Image)
}

// A pid is given out again, and after a boot all are: the record says which process it means.
func TestAlive(t *testing.T) {
	me := os.Getpid()
	var s container.State
	s.Ran(me, 0)
	require.True(t, s.Alive())
	for name, other := range map[string]func(*container.State){
		"another boot":            func(s *container.State) { s.Boot = "another" },
		"no boot":                 func(s *container.State) { s.Boot = "" },
		"the pid is another's":    func(s *container.State) { s.StartTime++ },
		"of an older process":     func(s *container.State) { s.StartTime-- },
		"no start time":           func(s *container.State) { s.StartTime = 0 },
		"no such process":         func(s *container.State) { s.PID = 1 << 30 },
		"no pid":                  func(s *container.State) { s.PID = 0 },
		"ended":                   func(s *container.State) { s.Ended(0, time.Now()) },
		"a pid that cannot be":    func(s *container.State) { s.PID = -1 },
		"somebody else's process": func(s *container.State) { s.PID = os.Getppid() },
	} {
		t.Run(name, func(t *testing.T) {
			changed := s
			other(&changed)
			assert.False(t, changed.Alive())
		})
	}

	holder := container.Myself()
	assert.False(t, holder.Gone())
	assert.True(t, (&container.Holder{PID: me, StartTime: holder.StartTime + 1}).Gone())
	assert.True(t, (&container.Holder{PID: 1 << 30, StartTime: 1}).Gone())
	assert.False(t, (*container.Holder)(nil).Gone(), "nobody holds it")
}

// Without a descriptor to be had nobody knows, and nobody is taken for dead.
func TestAliveWithoutDescriptors(t *testing.T) {
	var s container.State
	s.Ran(os.Getpid(), 0)
	holder := container.Myself()
	defer func(known func() string) { container.BootID = known }(container.BootID)
	container.BootID = func() string { return "" } // it could not be read either
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	none := unix.Rlimit{Max: before.Max}
	require.NoError(t, unix.Prlimit(0, unix.RLIMIT_NOFILE, &none, nil))
	alive, gone, started := s.Alive(), holder.Gone(), container.StartTime(s.PID)
	require.NoError(t, unix.Prlimit(0, unix.RLIMIT_NOFILE, &before, nil))
	assert.True(t, alive)
	assert.False(t, gone)
	assert.Zero(t, started)
}

// What an earlier run's monitor noted says nothing about this one, nor does what one of another boot did.
func TestEndCountsForItsProcessOnly(t *testing.T) {
	dir := t.TempDir()
	var s container.State
	s.Ran(os.Getpid(), 77)
	require.NoError(t, s.Write(dir))
	end := container.End{PID: s.PID, StartTime: s.StartTime, Boot: s.Boot, Code: 7, Finished: time.Now()}
	for name, other := range map[string]func(*container.End){
		"another pid":        func(e *container.End) { e.PID++ },
		"the same pid later": func(e *container.End) { e.StartTime++ },
		"another boot":       func(e *container.End) { e.Boot = "another" },
	} {
		changed := end
		other(&changed)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "end"), []byte(changed.String()), 0o600))
		got, err := container.ReadState(dir)
		require.NoError(t, err)
		assert.Equal(t, container.Running, got.Status, name)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "end"), []byte(strings.TrimSuffix(end.String(), "\n")+"      \n"), 0o600))
	got, err := container.ReadState(dir)
	require.NoError(t, err)
	assert.Equal(t, container.Exited, got.Status, "blanks of a longer line before it do not matter")
	assert.Equal(t, 7, got.ExitCode)
}
