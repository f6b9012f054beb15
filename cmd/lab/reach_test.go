package main

import (
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/pkg/cgroup"
)

func TestSplitCp(t *testing.T) {
	for text, want := range map[string][2]string{
		"c:/a": {"c", "/a"}, "c:a:b": {"c", "a:b"}, "c:": {"c", ""}, "/a:b": {"", "/a:b"}, "./a:b": {"", "./a:b"}, "a": {"", "a"}, "-": {"", "-"}, ":a": {"", ":a"},
	} {
		name, path := splitCp(text)
		assert.Equal(t, want, [2]string{name, path}, text)
	}
}

func TestMapOwner(t *testing.T) {
	maps := []specs.LinuxIDMapping{{ContainerID: 0, HostID: 100000, Size: 10}, {ContainerID: 20, HostID: 5, Size: 1}}
	for inside, outside := range map[int]int{0: 100000, 9: 100009, 20: 5, 11: 11} {
		assert.Equal(t, outside, mapOwner(maps, inside, true))
	}
	assert.Equal(t, 3, mapOwner(maps, 100003, false))
	assert.Equal(t, 20, mapOwner(maps, 5, false))
	assert.Equal(t, 7, mapOwner(nil, 7, true))
}

func TestStatsFiles(t *testing.T) {
	in, out := interfaces([]byte("Inter-|   Receive\n face |bytes\n    lo: 1 2 3 4 5 6 7 8 9 10\n  eth0: 10 0 0 0 0 0 0 0 20 0 0\n  eth1:1 0 0 0 0 0 0 0 2 0 0\n torn: 1\n"))
	assert.Equal(t, [2]uint64{11, 22}, [2]uint64{in, out})
	read, write := blocks([]byte("8:0 Read 4096\n8:0 Write 1\n8:0 Total 4097\n8:16 Read 4\nTotal 4101\n"))
	assert.Equal(t, [2]uint64{4100, 1}, [2]uint64{read, write})
	read, write = blocks([]byte("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n8:16 rbytes=10 wbytes=20\n"))
	assert.Equal(t, [2]uint64{11, 22}, [2]uint64{read, write})
	assert.EqualValues(t, 7, keyed([]byte("a 1\ntotal_inactive_file 7\ninactive_file 9\n"), "total_inactive_file "))
	assert.EqualValues(t, 9, keyed([]byte("total_inactive_file 7\ninactive_file 9"), "inactive_file "))
	assert.Zero(t, keyed(nil, "x "))
}

func TestPsColumns(t *testing.T) {
	for want, args := range map[string][]string{
		"UID PID PPID C STIME TTY TIME CMD":                      {},
		"USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND": {"aux"},
		"PID COMMAND":      {"-o", "pid,comm"},
		"PID ARGS NSPID":   {"-eo", "pid,args=ARGS", "-o", "nspid"},
		"USER":             {"-ouser"},
		"PID TTY TIME CMD": {"-e"},
	} {
		columns, err := psColumns(args)
		require.NoError(t, err, want)
		text := ""
		for _, c := range columns {
			text += " " + c.header
		}
		assert.Equal(t, " "+want, text)
	}
	for _, args := range [][]string{{"-o"}, {"-o", "nosuch"}, {"--forest"}, {"-Z"}} {
		_, err := psColumns(args)
		assert.Error(t, err, args)
	}
	assert.Equal(t, "1-01:01:01", elapsed(25*time.Hour+61*time.Second))
	assert.Equal(t, "01:01", elapsed(61*time.Second))
	assert.Equal(t, "a?[31mb", clean("a\x1b[31mb"))
}

func TestUpdateMerges(t *testing.T) {
	old := cgroup.Limits{Memory: 64 << 20, MemorySwap: 128 << 20, PIDs: 10}
	for name, c := range map[string]struct {
		change cgroup.Limits
		want   cgroup.Limits
		bad    string
	}{
		"one field":        {cgroup.Limits{PIDs: 5}, cgroup.Limits{Memory: 64 << 20, MemorySwap: 128 << 20, PIDs: 5}, ""},
		"above the sum":    {cgroup.Limits{Memory: 256 << 20}, cgroup.Limits{}, "update the memoryswap at the same time"},
		"both":             {cgroup.Limits{Memory: 256 << 20, MemorySwap: 256 << 20}, cgroup.Limits{Memory: 256 << 20, MemorySwap: 256 << 20, PIDs: 10}, ""},
		"no memory limit":  {cgroup.Limits{Memory: -1}, cgroup.Limits{Memory: -1, MemorySwap: -1, PIDs: 10}, ""},
		"sum alone":        {cgroup.Limits{Memory: -1, MemorySwap: 1 << 30}, cgroup.Limits{}, "do not go together"},
		"below the least":  {cgroup.Limits{Memory: 1 << 20}, cgroup.Limits{}, "6MB"},
		"shares too small": {cgroup.Limits{CPUShares: 1}, cgroup.Limits{}, "CPU shares"},
	} {
		u := &updating{limits: c.change}
		got, err := u.merged(old)
		if c.bad != "" {
			assert.ErrorContains(t, err, c.bad, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, c.want, got, name)
	}
	u := &updating{limits: cgroup.Limits{CPUQuota: 1000, CPUShares: 2, PIDs: 3, Memory: 1}}
	assert.Equal(t, cgroup.Limits{CPUQuota: -1, CPUShares: 1024, PIDs: 10, Memory: 64 << 20}, u.undo(old))
}
