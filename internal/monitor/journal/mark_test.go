package journal

import (
	"go/build"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseMark(t *testing.T) {
	for line, want := range map[string]Mark{
		"1763703634123456789 4096 0":                {Time: 1763703634123456789, Size: [2]int64{4096, 0}},
		"1 2 3 lost=4":                              {Time: 1, Size: [2]int64{2, 3}, Lost: 4},
		"1 0 0 continues=e":                         {Time: 1, Continues: [2]bool{false, true}},
		"1 0 0 lost=9 continues=oe":                 {Time: 1, Lost: 9, Continues: [2]bool{true, true}},
		"1 0 0 what-comes-later=1":                  {Time: 1},
		"9223372036854775807 9223372036854775807 0": {Time: 1<<63 - 1, Size: [2]int64{1<<63 - 1, 0}},
	} {
		got, ok := ParseMark([]byte(line))
		assert.True(t, ok, line)
		assert.Equal(t, want, got, line)
	}
	for _, line := range []string{
		"", " ", "1", "1 2", "1 2 ", "1  2 3", "-1 2 3", "1 2 3x", "1 2 3\n", "a 2 3", "9223372036854775808 0 0", "1 2 3 lost=", "1 2 3 lost=x",
	} {
		_, ok := ParseMark([]byte(line))
		assert.False(t, ok, "%q", line)
	}
}

func FuzzParseMark(f *testing.F) {
	f.Add([]byte("1763703634123456789 4096 0"))
	f.Add([]byte("1 2 3 lost=4 continues=oe"))
	f.Add([]byte("1 2 3 lost=4 continues= \xff"))
	f.Fuzz(func(t *testing.T, line []byte) {
		m, ok := ParseMark(line)
		if !ok {
			return
		}
		text := m.Append(nil)
		again, ok := ParseMark(text[:len(text)-1])
		assert.True(t, ok)
		assert.Equal(t, m, again)
	})
}

func TestPartName(t *testing.T) {
	for number, name := range map[int]string{1: "000001", 999999: "999999", 1000000: "1000000"} {
		assert.Equal(t, name, PartName(number))
		got, ok := PartNumber(name)
		assert.True(t, ok)
		assert.Equal(t, number, got)
	}
	for _, name := range []string{"", "1", "000000", "-00001", "+00001", "0000001", "00000x", "."} {
		_, ok := PartNumber(name)
		assert.False(t, ok, name)
	}
}

// One process with this package runs beside every container: each import costs memory as often.
func TestImportsNextToNothing(t *testing.T) {
	p, err := build.ImportDir(".", 0)
	assert.NoError(t, err)
	assert.ElementsMatch(t, []string{"golang.org/x/sys/unix", "strconv"}, p.Imports)
}
