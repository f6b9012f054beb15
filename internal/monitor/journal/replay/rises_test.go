package replay

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/monitor/journal"
)

// clocks are what a clock may show, after so many marks.
var clocks = map[string]func(random *rand.Rand, i int) int64{
	"rises":                func(_ *rand.Rand, i int) int64 { return int64(i / 3) },
	"stands still":         func(*rand.Rand, int) int64 { return 0 },
	"set back":             func(_ *rand.Rand, i int) int64 { return int64(i%70) * 3 },
	"set forward and back": func(_ *rand.Rand, i int) int64 { return int64(i) + int64(i/40%2)*3_600_000 },
	"set back for ever":    func(_ *rand.Rand, i int) int64 { return int64(i) - int64(min(i/50, 1))*3_600_000 },
	"runs backward":        func(_ *rand.Rand, i int) int64 { return -int64(i) },
	"shows anything":       func(random *rand.Rand, _ int) int64 { return random.Int64N(1000) },
}

// setClock gives a log's marks other times.
func setClock(t *testing.T, dir string, clock func(i int) int64) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*/" + journal.Times)
	require.NoError(t, err)
	i := 0
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		var text []byte
		for line := range strings.Lines(string(data)) {
			m, ok := journal.ParseMark([]byte(strings.TrimSuffix(line, "\n")))
			require.True(t, ok)
			m.Time = 1_700_000_000_000_000_000 + clock(i)
			text = m.Append(text)
			i++
		}
		require.NoError(t, os.WriteFile(path, text, 0o600))
	}
}

// Whatever the clock showed, each line is printed once, in the order written, if its own time says so.
func TestClockThatJumps(t *testing.T) {
	for name, clock := range clocks {
		for seed := range uint64(8) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 5))
				dir := t.TempDir() + "/log"
				write(t, random, dir, random.IntN(300), []int64{0, 3000}[random.IntN(2)], 1+random.IntN(5))
				setClock(t, dir, func(i int) int64 { return clock(random, i) })
				for range 2 {
					everything(t, random, dir)
				}
			})
		}
	}
}

// Halving is only for those that rise.
func TestRises(t *testing.T) {
	const a, b, c = "1700000000000000001", "1700000000000000002", "1700000000000000003"
	for name, test := range map[string]struct {
		parts []string // times, of as many parts
		rises bool
	}{
		"no part":               {nil, true},
		"no mark":               {[]string{""}, true},
		"one":                   {[]string{a + " 1 0\n"}, true},
		"rising":                {[]string{a + " 1 0\n" + b + " 2 0\n" + b + " 3 0\n" + c + " 4 0\n"}, true},
		"falling":               {[]string{b + " 1 0\n" + a + " 2 0\n"}, false},
		"fallen and risen":      {[]string{b + " 1 0\n" + a + " 2 0\n" + c + " 3 0\n"}, false},
		"rising in parts":       {[]string{a + " 1 0\n" + b + " 2 0\n", b + " 1 0\n"}, true},
		"falling between parts": {[]string{a + " 1 0\n" + c + " 2 0\n", b + " 1 0\n"}, false},
		"torn":                  {[]string{a + " 1 0\n" + "17000"}, true},
		"garbage":               {[]string{a + " 1 0\n" + "\x00\x00\n" + b + " 2 0\n"}, false},
		"before 2001":           {[]string{"100 1 0\n200 2 0\n"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for i, times := range test.parts {
				part := filepath.Join(dir, journal.PartName(i+1))
				require.NoError(t, os.Mkdir(part, 0o700))
				require.NoError(t, os.WriteFile(part+"/times", []byte(times), 0o600))
			}
			l := &log{dir: dir}
			defer l.close()
			require.NoError(t, l.refresh())
			assert.Equal(t, test.rises, l.rises())
		})
	}
}

// The clock is set while the log is followed.
func TestClockThatJumpsUnderAFollower(t *testing.T) {
	at := func(seconds int64) time.Time { return time.Unix(1_800_000_000+seconds, 0) }
	for name, terminal := range map[string]bool{"terminal": true, "pipes": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			part := filepath.Join(dir, journal.PartName(1))
			require.NoError(t, os.Mkdir(part, 0o700))
			size := int64(0)
			say := func(when time.Time, text string) {
				for file, text := range map[string]string{"stdout": text, "times": fmt.Sprintf("%d %d 0\n", when.UnixNano(), size+int64(len(text)))} {
					f, err := os.OpenFile(filepath.Join(part, file), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
					require.NoError(t, err)
					_, err = f.WriteString(text)
					require.NoError(t, err)
					require.NoError(t, f.Close())
				}
				size += int64(len(text))
			}
			say(at(-10), "too early\n")
			say(at(0), "one\n")
			s, end := follow(t, dir, Options{Tail: -1, Since: at(0), Until: at(100), Terminal: terminal})
			s.shows(t, "one\n")
			say(at(50), "two\n")
			say(at(-5), "too early\ntoo ")
			say(at(10), "early\nthree\nfo")
			say(at(200), "ur\ntoo late\n")
			say(at(20), "five\n")
			s.shows(t, "one\ntwo\nthree\nfour\nfive\n")
			say(at(30), "$ ")
			if terminal {
				s.shows(t, "one\ntwo\nthree\nfour\nfive\n$ ")
			}
			say(at(300), "exit\n")
			end()
			s.shows(t, "one\ntwo\nthree\nfour\nfive\n$ exit\n")
		})
	}
}

// A line that has no end when the part behind it is removed is not joined to another: not if the follower was too slow for a whole
// part, and not if it was too slow for one stream of it.
func TestGapEndsALine(t *testing.T) {
	for name, o := range map[string]Options{"lines": {Tail: -1}, "terminal": {Tail: -1, Terminal: true}, "times": {Tail: -1, Timestamps: true}} {
		for _, torn := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", torn), func(t *testing.T) {
				dir := t.TempDir() + "/log"
				var out bytes.Buffer
				o.Out, o.Err = &out, &out
				step := 0
				part := func(number int, text, continues string) {
					path := filepath.Join(dir, journal.PartName(number))
					require.NoError(t, os.MkdirAll(path, 0o700))
					require.NoError(t, os.WriteFile(path+"/stdout", []byte(text), 0o600))
					require.NoError(t, os.WriteFile(path+"/times", fmt.Appendf(nil, "%d %d 0%s\n", 1_700_000_000_000_000_000+number, len(text), continues), 0o600))
				}
				o.Alive = func() bool {
					switch step++; step {
					case 1:
						part(1, "one\ntw", "")
					case 2:
						// part 2 has come and gone
						if torn {
							part(3, "end of another\nthree\nfo", " continues=o")
						} else {
							part(3, "three\nfo", "")
						}
					case 3:
						part(4, "ur\n", " continues=o")
					}
					return step < 5
				}
				report, err := Print(t.Context(), dir, o)
				require.NoError(t, err)
				assert.Equal(t, 1, report.Removed)
				got := out.String()
				if o.Timestamps {
					var bare strings.Builder
					for line := range strings.Lines(got) {
						_, rest, _ := strings.Cut(line, " ")
						bare.WriteString(rest)
					}
					got = bare.String()
				}
				assert.Equal(t, "one\ntw\nthree\nfour\n", got)
			})
		}
	}
}
