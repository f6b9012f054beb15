package cgroup

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// TestProgramIsReplaced: a group has one program, however often its rules change, and none when they allow all.
func TestProgramIsReplaced(t *testing.T) {
	testenv.CgroupV2(t)
	m, err := Detect()
	require.NoError(t, err)
	tree := *m.v2()
	two := &Machine{Mode: V2, Hierarchies: []Hierarchy{tree}}
	g := two.Group(testenv.Name(), Limits{Devices: []DeviceRule{{Allow: true, Type: 'a', Access: "rwm"}}})
	require.NoError(t, g.Create())
	defer func() { assert.NoError(t, g.Delete()) }()
	count := func() int {
		fd, err := unix.Open(g.Dir(), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		require.NoError(t, err)
		defer unix.Close(fd)
		ids, err := attached(fd)
		require.NoError(t, err)
		return len(ids)
	}
	assert.Zero(t, count())
	for range 3 {
		require.NoError(t, g.Set(Limits{Devices: DefaultDevices()}))
		assert.Equal(t, 1, count())
	}
	require.NoError(t, g.Set(Limits{Devices: []DeviceRule{}}))
	assert.Equal(t, 1, count(), "now one that allows all")
}

func TestAttachSaysWhere(t *testing.T) {
	err := attachDevices("/nowhere/at/all", DefaultDevices())
	assert.EqualError(t, err, "open group /nowhere/at/all: no such file or directory")
	_, err = loadProgram([]insn{{code: 0xff}})
	assert.Error(t, err)
}
