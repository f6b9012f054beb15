package replay

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/monitor/journal"
	"github.com/container-labs/lab/internal/testenv"
)

// BenchmarkSpeed reads 200 MB back, in chunks of 4 KiB: with cat and with Print, of one stream and of two in turns, into a file, into a
// pipe, and with times. All is in the page cache.
//
//	go test -run '^$' -bench Speed -benchtime 5x ./internal/monitor/journal/replay
func BenchmarkSpeed(b *testing.B) {
	const total, chunk = 200 << 20, 4 << 10
	text := bytes.Repeat([]byte("a line of thirty-two characters\n"), chunk/32)
	logs := map[string]string{}
	for _, name := range []string{"one", "two"} {
		dir := b.TempDir() + "/log"
		w, err := journal.Open(dir, 0, 0)
		require.NoError(b, err)
		for i := range total / chunk {
			stream := i % 2
			if name == "one" {
				stream = 0
			}
			w.Write(stream, text)
		}
		w.Close()
		logs[name] = dir
	}
	targets := map[string]func(b *testing.B) (*os.File, func()){"file": toFile, "pipe": toPipe}
	for _, target := range []string{"file", "pipe"} {
		open := targets[target]
		b.Run("cat/"+target, func(b *testing.B) {
			cat := testenv.Have(b, "cat")
			files, err := filepath.Glob(logs["two"] + "/*/std*")
			require.NoError(b, err)
			b.SetBytes(total)
			for b.Loop() {
				out, done := open(b)
				cmd := exec.Command(cat, files...)
				cmd.Stdout = out
				require.NoError(b, cmd.Run())
				done()
			}
		})
		for _, name := range []string{"one", "two"} {
			for _, o := range []Options{{Tail: -1}, {Tail: -1, Timestamps: true}, {Tail: 1000}} {
				b.Run(fmt.Sprintf("%s/%s/stamps=%v/tail=%d", name, target, o.Timestamps, o.Tail), func(b *testing.B) {
					b.SetBytes(total)
					for b.Loop() {
						out, done := open(b)
						o.Out, o.Err = out, out
						_, err := Print(b.Context(), logs[name], o)
						require.NoError(b, err)
						done()
					}
				})
			}
		}
	}
}

// BenchmarkRises reads the times of a million marks, as --since does before it halves them.
func BenchmarkRises(b *testing.B) {
	dir := b.TempDir()
	part := filepath.Join(dir, journal.PartName(1))
	require.NoError(b, os.Mkdir(part, 0o700))
	var text []byte
	for i := range int64(1_000_000) {
		text = journal.Mark{Time: 1_700_000_000_000_000_000 + i*1_000_000, Size: [2]int64{i * 100}}.Append(text)
	}
	require.NoError(b, os.WriteFile(filepath.Join(part, journal.Times), text, 0o600))
	l := &log{dir: dir}
	defer l.close()
	require.NoError(b, l.refresh())
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		require.True(b, l.rises())
	}
}

func toFile(b *testing.B) (*os.File, func()) {
	f, err := os.Create(b.TempDir() + "/out")
	require.NoError(b, err)
	return f, func() {
		f.Close()
		os.Remove(f.Name())
	}
}

func toPipe(b *testing.B) (*os.File, func()) {
	r, w, err := os.Pipe()
	require.NoError(b, err)
	done := make(chan struct{})
	go func() {
		buffer := make([]byte, 1<<20)
		for {
			if _, err := r.Read(buffer); err != nil {
				break
			}
		}
		close(done)
	}()
	return w, func() {
		w.Close()
		<-done
		r.Close()
	}
}
