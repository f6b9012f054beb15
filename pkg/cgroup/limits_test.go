package cgroup

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestValidate(t *testing.T) {
	n := func(n uint64) *uint64 { return &n }
	for want, l := range map[string]Limits{
		"":                                    {CPUQuota: 200000, CPUShares: 1024, CPUs: "0-1", Mems: "0", Memory: 6 << 20, MemorySwap: -1, PIDs: -1, BlkioWeight: 10, Swappiness: n(100)},
		"minimum memory limit allowed is 6MB": {Memory: 6<<20 - 1},
		"range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available":            {CPUQuota: 200001},
		"CPU period 999 µs: it is from 1000 (1 ms) to 1000000 (1 s)":                        {CPUPeriod: 999},
		"CPU quota 999 µs: the least is 1000 (1 ms)":                                        {CPUQuota: 999},
		"CPU shares 1: they are from 2 to 262144":                                           {CPUShares: 1},
		"CPU shares 262145: they are from 2 to 262144":                                      {CPUShares: 262145},
		"CPU weight 10001: it is from 1 to 10000":                                           {CPUWeight: 10001},
		"CPU shares and CPU weight are one thing in two units: set one":                     {CPUShares: 2, CPUWeight: 1},
		"requested CPUs are not available - requested 0-2, available: 0-1":                  {CPUs: "0-2"},
		"requested memory nodes are not available - requested 1, available: 0":              {Mems: "1"},
		`cpuset CPUs: "1-0" is not a list such as 0-2,4`:                                    {CPUs: "1-0"},
		"a limit on memory and swap needs a memory limit, which it includes":                {MemorySwap: 1 << 30},
		"minimum memoryswap limit should be larger than memory limit: it includes it":       {Memory: 7 << 20, MemorySwap: 6 << 20},
		"minimum memory limit can not be less than memory reservation limit":                {Memory: 7 << 20, MemoryReservation: 8 << 20},
		"valid memory swappiness range is 0-100":                                            {Swappiness: n(101)},
		"pids limit -2: -1 is unlimited, 0 is not set":                                      {PIDs: -2},
		"range of blkio weight is from 10 to 1000":                                          {BlkioWeight: 9},
		"I/O limit: -1:0 is no device":                                                      {IO: []IOLimit{{Major: -1}}},
		`huge page size "../": the kernel spells it as in 2MB or 1GB`:                       {Hugetlb: []HugetlbLimit{{PageSize: "../"}}},
		`unified setting "../x.y": the name of a file such as memory.high is wanted`:        {Unified: map[string]string{"../x.y": "1"}},
		"minimum memory limit allowed is 6MB\npids limit -3: -1 is unlimited, 0 is not set": {Memory: 1, PIDs: -3},
	} {
		err := l.validate(2, func(what string) string { return map[string]string{"cpu": "0-1", "node": "0"}[what] })
		if want == "" {
			assert.NoError(t, err)
		} else {
			assert.EqualError(t, err, want)
		}
	}
	assert.ErrorIs(t, (&Limits{Swappiness: n(1)}).wellFormed(V2), ErrV1Only)
	assert.ErrorIs(t, (&Limits{OOMKillDisable: true}).wellFormed(V2), ErrV1Only)
	assert.ErrorIs(t, (&Limits{Unified: map[string]string{"a.b": ""}}).wellFormed(V1), ErrV2Only)
	assert.NoError(t, (&Limits{}).Validate())
}

func TestWeight(t *testing.T) {
	for shares, weight := range map[uint64]uint64{2: 1, 10: 1, 512: 50, 1024: 100, 3072: 300, 102400: 10000, 262144: 10000, 1 << 63: 10000} {
		assert.Equal(t, weight, Weight(shares), "%d", shares)
	}
	for weight, shares := range map[uint64]uint64{1: 10, 100: 1024, 300: 3072, 10000: 102400, 1 << 63: 102400} {
		assert.Equal(t, shares, Shares(weight), "%d", weight)
	}
}

func TestParseList(t *testing.T) {
	list, err := ParseList("0-2,4,1")
	assert.NoError(t, err)
	assert.Equal(t, []int{0, 1, 2, 4}, list)
	for _, bad := range []string{"", ",", "1,", "a", "-1", "1-", "3-2", "1\n", "8192", "+1", " 1", "0-99999"} {
		_, err := ParseList(bad)
		assert.Error(t, err, "%q", bad)
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("0-2,4")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ParseList(s)
		if err == nil {
			assert.NotEmpty(t, list)
			assert.Empty(t, strings.Trim(s, "0123456789,-"), "nothing else goes into the file")
		}
	})
}

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]uint64{"0": 0, "max": Unlimited, "-1": Unlimited, "9223372036854771712": Unlimited,
		"9223372036854710272": Unlimited, "4294967296": 1 << 32} {
		n, ok := parseLimit(text)
		assert.True(t, ok)
		assert.Equal(t, want, n, text)
	}
	_, ok := parseLimit("many")
	assert.False(t, ok)
}

func TestNames(t *testing.T) {
	v1, v2 := Names("cpu quota")
	assert.Equal(t, "cpu.cfs_quota_us cpu.max", v1+" "+v2)
	v1, v2 = Names("no such thing")
	assert.Empty(t, v1+v2)
	seen := map[string]bool{}
	for _, w := range Words {
		assert.False(t, seen[w.Meaning], w.Meaning)
		seen[w.Meaning] = true
		assert.NotEmpty(t, w.V1)
		assert.NotEmpty(t, w.V2)
	}
}
