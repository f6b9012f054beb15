package journal

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

type pipe struct{ r, w int }

func newPipe(t testing.TB) *pipe {
	t.Helper()
	var fds [2]int
	require.NoError(t, unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	p := &pipe{fds[0], fds[1]}
	_, _ = unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, 1<<20)
	t.Cleanup(func() {
		_ = unix.Close(p.r)
		if p.w >= 0 {
			_ = unix.Close(p.w)
		}
	})
	return p
}

// through writes a chunk into the pipe, and lets the writer take it out until it is empty.
func (p *pipe) through(t testing.TB, w *Writer, stream int, chunk []byte) {
	t.Helper()
	n, err := unix.Write(p.w, chunk)
	require.NoError(t, err)
	require.Equal(t, len(chunk), n)
	for {
		_, err := w.Splice(stream, p.r)
		if err == unix.EAGAIN {
			return
		}
		require.NoError(t, err)
	}
}

// randomLines are lines short and long, binary ones, parts of lines, and sometimes many.
func randomLines(random *rand.Rand, i int) []byte {
	length := 1 + random.IntN(40)
	switch random.IntN(20) {
	case 0:
		length = 1 + random.IntN(100_000)
	case 1, 2:
		length = 1 + random.IntN(5000)
	}
	chunk := make([]byte, length)
	lines := random.IntN(4)
	for k := range chunk {
		chunk[k] = byte('a' + (i+k)%26)
		switch {
		case lines == 0:
			chunk[k] = byte(random.Uint32())
		case lines == 1:
		case random.IntN(30) == 0:
			chunk[k] = '\n'
		}
	}
	if lines > 1 && random.IntN(3) > 0 {
		chunk[length-1] = '\n'
	}
	return chunk
}

func partsOf(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func whole(t testing.TB, dir, name string) (data []byte) {
	t.Helper()
	for _, part := range partsOf(t, dir) {
		more, err := os.ReadFile(filepath.Join(dir, part, name))
		if !os.IsNotExist(err) {
			require.NoError(t, err)
		}
		data = append(data, more...)
	}
	return data
}

func marksOf(t testing.TB, dir, part string) (marks []Mark) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, part, Times))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	for line := range strings.Lines(string(data)) {
		m, ok := ParseMark([]byte(strings.TrimSuffix(line, "\n")))
		require.True(t, ok, line)
		marks = append(marks, m)
	}
	return marks
}

func size(t testing.TB, dir, part, name string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, part, name))
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(t, err)
	return info.Size()
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}
