package replay

import (
	"fmt"
	"io"
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

// everything asks for a log in every way, and compares with the model.
func everything(t *testing.T, random *rand.Rand, dir string) {
	t.Helper()
	list := modelLines(t, dir)
	tails := []int64{-1, 0, 1, 2, 3, int64(random.IntN(50)), int64(len(list)) - 1, int64(len(list)), 1 << 40}
	pick := func() time.Time {
		if len(list) == 0 || random.IntN(2) == 0 {
			return time.Time{}
		}
		return time.Unix(0, list[random.IntN(len(list))].time+int64(random.IntN(3)-1))
	}
	for _, tail := range tails {
		for _, stamps := range []bool{false, true} {
			o := Options{Tail: tail, Timestamps: stamps, Since: pick(), Until: pick()}
			what := fmt.Sprintf("tail %d of %d, stamps %v, since %v, until %v", tail, len(list), stamps, !o.Since.IsZero(), !o.Until.IsZero())
			want, wantEach := model(list, o)
			got, gotEach := printed(t, dir, o)
			equal(t, want, got, what)
			equal(t, wantEach[0], gotEach[0], what+", stdout")
			equal(t, wantEach[1], gotEach[1], what+", stderr")
		}
	}
}

// equal compares long texts, and shows where they part.
func equal(t *testing.T, want, got, what string) {
	t.Helper()
	if want == got {
		return
	}
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	around := func(s string) string { return s[max(i-40, 0):min(i+80, len(s))] }
	require.Failf(t, what, "at %d, want %d bytes, got %d\nwant %q\ngot  %q", i, len(want), len(got), around(want), around(got))
}

func TestPrintIsWhatTheModelSays(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir() + "/log"
			maxSize := []int64{0, 0, 2000, 10_000}[random.IntN(4)]
			write(t, random, dir, random.IntN(300), maxSize, 1+random.IntN(5))
			everything(t, random, dir)
		})
	}
}

// A kill, or a power cut, or a full disk leaves a log that ends anywhere.
func TestPrintOfADamagedLog(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			dir := t.TempDir() + "/log"
			maxSize := []int64{0, 2000}[random.IntN(2)]
			write(t, random, dir, 100+random.IntN(200), maxSize, 1+random.IntN(5))
			files, err := filepath.Glob(dir + "/*/*")
			require.NoError(t, err)
			for range 1 + random.IntN(2) {
				path := files[random.IntN(len(files))]
				info, err := os.Stat(path)
				if err != nil {
					continue
				}
				switch random.IntN(4) {
				case 0:
					require.NoError(t, os.Remove(path))
				case 1:
					f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
					require.NoError(t, err)
					_, err = f.WriteString(strings.Repeat("x", random.IntN(50)))
					require.NoError(t, err)
					require.NoError(t, f.Close())
				default:
					require.NoError(t, os.Truncate(path, random.Int64N(info.Size()+1)))
				}
			}
			list := modelLines(t, dir)
			o := Options{Tail: -1}
			want, wantEach := model(list, o)
			got, gotEach := printed(t, dir, o)
			equal(t, want, got, "together")
			equal(t, wantEach[0], gotEach[0], "stdout")
			equal(t, wantEach[1], gotEach[1], "stderr")
			o.Tail = int64(random.IntN(len(list) + 2))
			want, _ = model(list, o)
			got, _ = printed(t, dir, o)
			equal(t, want, got, fmt.Sprintf("tail %d of %d", o.Tail, len(list)))

			// And the next writer goes on.
			w, err := journal.Open(dir, maxSize, 1<<20)
			require.NoError(t, err)
			w.Write(journal.Stdout, []byte("\nthe end\n"))
			w.Close()
			_, each := printed(t, dir, Options{Tail: -1})
			assert.True(t, strings.HasSuffix(each[0], "the end\n"), "%q", each[0][max(len(each[0])-60, 0):])
		})
	}
}

func TestBinaryIsIntact(t *testing.T) {
	dir := t.TempDir() + "/log"
	random := rand.New(rand.NewPCG(3, 3))
	w, err := journal.Open(dir, 300_000, 100)
	require.NoError(t, err)
	var want [2][]byte
	for range 200 {
		stream := random.IntN(2)
		data := make([]byte, 1+random.IntN(20_000))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		w.Write(stream, data)
		want[stream] = append(want[stream], data...)
	}
	w.Close()
	_, got := printed(t, dir, Options{Tail: -1})
	assert.True(t, string(want[0]) == got[0])
	assert.True(t, string(want[1]) == got[1])
	for name, open := range map[string]func(string) (*os.File, error){
		"file": os.Create,
		"append": func(path string) (*os.File, error) {
			return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		},
	} {
		var outs [2]*os.File
		for i := range outs {
			outs[i], err = open(filepath.Join(t.TempDir(), name))
			require.NoError(t, err)
		}
		_, err := Print(t.Context(), dir, Options{Tail: -1, Out: outs[0], Err: outs[1]})
		require.NoError(t, err)
		for i, f := range outs {
			data, err := os.ReadFile(f.Name())
			require.NoError(t, err)
			assert.True(t, string(want[i]) == string(data), name)
			require.NoError(t, f.Close())
		}
	}
	r, pipe, err := os.Pipe()
	require.NoError(t, err)
	read := make(chan string)
	go func() {
		data, _ := io.ReadAll(r)
		read <- string(data)
	}()
	_, err = Print(t.Context(), dir, Options{Tail: -1, Out: pipe, Err: io.Discard})
	require.NoError(t, err)
	require.NoError(t, pipe.Close())
	assert.True(t, string(want[0]) == <-read)
	require.NoError(t, r.Close())
}

func TestNoLogIsEmpty(t *testing.T) {
	got, _ := printed(t, t.TempDir()+"/log", Options{Tail: 5, Timestamps: true, Since: time.Now()})
	assert.Empty(t, got)
}

func TestLossesAreReported(t *testing.T) {
	dir := t.TempDir() + "/log"
	require.NoError(t, os.MkdirAll(dir+"/000001", 0o700))
	require.NoError(t, os.WriteFile(dir+"/000001/stdout", []byte("one\ntwo\n"), 0o600))
	require.NoError(t, os.WriteFile(dir+"/000001/times", []byte("100 4 0\n200 4 0 lost=70\n300 8 0 lost=70\n"), 0o600))
	for tail, lost := range map[int64]int64{-1: 70, 2: 70, 1: 0, 0: 0} {
		report, err := Print(t.Context(), dir, Options{Tail: tail, Out: io.Discard, Err: io.Discard})
		require.NoError(t, err)
		assert.Equal(t, lost, report.Lost, tail)
	}
}

func TestFindInManyMarks(t *testing.T) {
	dir := t.TempDir() + "/log"
	w, err := journal.Open(dir, 0, 0)
	require.NoError(t, err)
	for i := range 30_000 {
		w.Write(i%2, []byte("line\n"))
	}
	w.Close()
	everything(t, rand.New(rand.NewPCG(4, 4)), dir)
}
