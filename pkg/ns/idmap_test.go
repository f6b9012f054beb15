package ns_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/pkg/ns"
)

func TestParseIDMap(t *testing.T) {
	for _, test := range []struct {
		text string
		want ns.IDMap
		err  string
	}{
		{"0:100000:65536", ns.IDMap{Outside: 100000, Size: 65536}, ""},
		{"1000:1000:1", ns.IDMap{Inside: 1000, Outside: 1000, Size: 1}, ""},
		{"0:0:4294967295", ns.IDMap{Size: math.MaxUint32}, ""},
		{"0:100000", ns.IDMap{}, `id map "0:100000": want inside:outside:size, as 0:100000:65536: 2 fields, want 3`},
		{"0:-1:1", ns.IDMap{}, `id map "0:-1:1": want inside:outside:size, as 0:100000:65536: "-1": want a number of at most 32 bits`},
		{"0:0:0", ns.IDMap{}, "id map 0:0:0: its size is 0"},
		{"4294967295:0:1", ns.IDMap{}, "id map 4294967295:0:1: it goes past the last id, 4294967294"},
		{"0:4294967290:10", ns.IDMap{}, "id map 0:4294967290:10: it goes past the last id, 4294967294"},
	} {
		got, err := ns.ParseIDMap(test.text)
		if test.err != "" {
			assert.EqualError(t, err, test.err)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, test.want, got)
		assert.Equal(t, test.text, got.String())
	}
}

func TestCheckIDMaps(t *testing.T) {
	assert.NoError(t, ns.CheckIDMaps([]ns.IDMap{{0, 1000, 1}, {1, 100000, 65536}}))
	assert.EqualError(t, ns.CheckIDMaps([]ns.IDMap{{0, 1000, 10}, {9, 100000, 1}}), "id maps 0:1000:10 and 9:100000:1: they overlap inside")
	assert.EqualError(t, ns.CheckIDMaps([]ns.IDMap{{0, 1000, 10}, {10, 1009, 1}}), "id maps 0:1000:10 and 10:1009:1: they overlap outside")
	many := make([]ns.IDMap, 341)
	for i := range many {
		many[i] = ns.IDMap{Inside: uint32(i), Outside: uint32(i), Size: 1}
	}
	assert.EqualError(t, ns.CheckIDMaps(many), "id map: 341 lines, and the kernel takes 340")
	for i := range many {
		many[i] = ns.IDMap{Inside: uint32(i) + 4000000000, Outside: uint32(i) + 4000000000, Size: 1}
	}
	assert.ErrorContains(t, ns.CheckIDMaps(many[:340]), "the kernel takes less than a page")
}

func TestReadIDMap(t *testing.T) {
	list, err := ns.ReadIDMap("         0       1000          1\n         1     100000      65536\n")
	require.NoError(t, err)
	assert.Equal(t, []ns.IDMap{{0, 1000, 1}, {1, 100000, 65536}}, list)
	assert.Equal(t, "0 1000 1\n1 100000 65536\n", ns.Lines(list))
	_, err = ns.ReadIDMap("0 1000\n")
	assert.EqualError(t, err, `id map line "0 1000": 2 fields, want 3`)
	outside, ok := ns.Outside(list, 5)
	assert.True(t, ok)
	assert.EqualValues(t, 100004, outside)
	_, ok = ns.Outside(list, 65537)
	assert.False(t, ok)
}

func TestReadSubIDs(t *testing.T) {
	const text = "# comment\nann:100000:65536\nbob:165536:65536\n1000:300000:10\nann:bad:1\nann:400000:5:6\n\nann:4294967295:9\nann:500000:2"
	list, err := ns.ReadSubIDs(strings.NewReader(text), "ann", 1000)
	require.NoError(t, err)
	assert.Equal(t, []ns.SubID{{100000, 65536}, {300000, 10}, {500000, 2}}, list)
	assert.Equal(t, []ns.IDMap{{0, 100000, 65536}, {65536, 300000, 10}, {65546, 500000, 2}}, ns.FromSubIDs(list))
	list, err = ns.ReadSubIDs(strings.NewReader(text), "", 7)
	require.NoError(t, err)
	assert.Empty(t, list)
}

func TestSubIDsOfNobody(t *testing.T) {
	_, _, err := ns.SubIDs("no such user", 4242424)
	require.ErrorIs(t, err, ns.ErrNoSubIDs)
	assert.ErrorContains(t, err, "no subordinate ids for no such user: ")
}

func FuzzParseIDMap(f *testing.F) {
	f.Add("0:100000:65536")
	f.Add("4294967295:4294967295:4294967295")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ns.ParseIDMap(text)
		if err != nil {
			return
		}
		again, err := ns.ParseIDMap(m.String())
		require.NoError(t, err)
		assert.Equal(t, m, again)
		list, err := ns.ReadIDMap(ns.Lines([]ns.IDMap{m}))
		require.NoError(t, err)
		assert.Equal(t, []ns.IDMap{m}, list)
		assert.NoError(t, ns.CheckIDMaps(list))
	})
}

func FuzzReadSubIDs(f *testing.F) {
	f.Add("ann:100000:65536\n1000:1:1\n#\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ns.ReadSubIDs(strings.NewReader(text), "ann", 1000)
		if err != nil {
			return
		}
		for _, m := range ns.FromSubIDs(list) {
			assert.NoError(t, ns.CheckIDMaps([]ns.IDMap{m}))
		}
	})
}
