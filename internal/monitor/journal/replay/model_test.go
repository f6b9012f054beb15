package replay

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/monitor/journal"
	"github.com/container-labs/lab/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// The model reads a whole log into memory and does everything the slow way. It shares the parser of marks with the code, no more.

type piece struct {
	stream int
	text   []byte
	time   int64
}

type line struct {
	stream int
	text   string
	time   int64 // of its first byte
}

// pieces are the chunks of a log.
func pieces(t testing.TB, dir string) (list []piece, continues [2]bool) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, continues
	}
	require.NoError(t, err)
	for i, e := range entries {
		var data [2][]byte
		var changed int64
		for s, name := range journal.Names {
			path := filepath.Join(dir, e.Name(), name)
			data[s], _ = os.ReadFile(path)
			if info, err := os.Stat(path); err == nil {
				changed = max(changed, info.ModTime().UnixNano())
			}
		}
		times, _ := os.ReadFile(filepath.Join(dir, e.Name(), journal.Times))
		var at [2]int64
		upTo := func(size [2]int64, time int64) {
			for s := range at {
				if end := min(size[s], int64(len(data[s]))); end > at[s] {
					list = append(list, piece{s, data[s][at[s]:end], time})
					at[s] = end
				}
			}
		}
		first := true
		for text := range strings.Lines(string(times)) {
			text, complete := strings.CutSuffix(text, "\n")
			if m, ok := journal.ParseMark([]byte(text)); ok && complete {
				if i == 0 && first {
					continues = m.Continues
				}
				upTo(m.Size, m.Time)
				first = false
			}
		}
		upTo([2]int64{1 << 62, 1 << 62}, changed)
	}
	return list, continues
}

// modelLines are the lines in the order in which they end; those without an end last.
func modelLines(t testing.TB, dir string) (list []line) {
	t.Helper()
	chunks, skip := pieces(t, dir)
	var open [2]line
	for _, p := range chunks {
		for text := range bytes.Lines(p.text) {
			complete := text[len(text)-1] == '\n'
			if skip[p.stream] {
				skip[p.stream] = !complete
				continue
			}
			o := &open[p.stream]
			if o.text == "" {
				o.time = p.time
			}
			o.stream = p.stream
			o.text += string(text)
			if complete {
				list = append(list, *o)
				*o = line{}
			}
		}
	}
	for _, o := range open {
		if o.text != "" {
			list = append(list, o)
		}
	}
	return list
}

// model is what Print is to print: to both streams together, and to each.
func model(list []line, o Options) (together string, apart [2]string) {
	var kept []line
	for _, l := range list {
		if (o.Since.IsZero() || l.time >= o.Since.UnixNano()) && (o.Until.IsZero() || l.time <= o.Until.UnixNano()) {
			kept = append(kept, l)
		}
	}
	if o.Tail >= 0 && int64(len(kept)) > o.Tail {
		kept = kept[int64(len(kept))-o.Tail:]
	}
	var all strings.Builder
	var each [2]strings.Builder
	for _, l := range kept {
		text := l.text
		if o.Timestamps {
			text = time.Unix(0, l.time).UTC().Format("2006-01-02T15:04:05.000000000Z") + " " + text
		}
		all.WriteString(text)
		each[l.stream].WriteString(text)
	}
	return all.String(), [2]string{each[0].String(), each[1].String()}
}

// printed is what Print does print: into one writer, or into two.
func printed(t testing.TB, dir string, o Options) (together string, apart [2]string) {
	t.Helper()
	var all bytes.Buffer
	o.Out, o.Err = &all, &all
	_, err := Print(t.Context(), dir, o)
	require.NoError(t, err)
	var each [2]bytes.Buffer
	o.Out, o.Err = &each[0], &each[1]
	_, err = Print(t.Context(), dir, o)
	require.NoError(t, err)
	return all.String(), [2]string{each[0].String(), each[1].String()}
}

// write writes a random log: lower case letters on stdout, upper case ones on stderr.
func write(t testing.TB, random *rand.Rand, dir string, chunks int, maxSize int64, maxFiles int) {
	t.Helper()
	w, err := journal.Open(dir, maxSize, maxFiles)
	require.NoError(t, err)
	streams := 2
	if random.IntN(5) == 0 {
		streams = 1
	}
	long := random.IntN(3) == 0
	for i := range chunks {
		stream := random.IntN(streams)
		text := make([]byte, 1+random.IntN(60))
		if long && random.IntN(10) == 0 {
			text = make([]byte, 1+random.IntN(9000))
		}
		for k := range text {
			text[k] = "aA"[stream] + byte((i+k)%26)
			if random.IntN(20) == 0 {
				text[k] = '\n'
			}
		}
		if random.IntN(3) == 0 {
			text[len(text)-1] = '\n'
		}
		w.Write(stream, text)
		if random.IntN(50) == 0 {
			w.Close()
			w, err = journal.Open(dir, maxSize, maxFiles)
			require.NoError(t, err)
		}
	}
	w.Close()
}
