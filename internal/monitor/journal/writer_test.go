package journal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

func TestMain(m *testing.M) {
	var size, total int
	if n, _ := fmt.Sscanf(os.Getenv("LAB_TEST_PRINT"), "%d %d", &size, &total); n == 2 {
		print(size, total)
	}
	testenv.Main(m)
}

func TestWriterKeepsEveryByte(t *testing.T) {
	for _, maxSize := range []int64{0, 1, 100, 5000, 40_000, 200_000} {
		t.Run(fmt.Sprint(maxSize), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "log")
			random := rand.New(rand.NewPCG(1, uint64(maxSize)))
			var want [2][]byte
			w, err := Open(dir, maxSize, 1<<30)
			require.NoError(t, err)
			pipe := newPipe(t)
			chunks := 300
			if maxSize <= 100 {
				chunks = 10 // a part for every line, or few
			}
			for i := range chunks {
				stream, chunk := random.IntN(2), randomLines(random, i)
				want[stream] = append(want[stream], chunk...)
				switch random.IntN(8) {
				case 0:
					w.Write(stream, chunk)
				case 1: // a restart
					w.Close()
					w, err = Open(dir, maxSize, 1<<30)
					require.NoError(t, err)
					fallthrough
				default:
					pipe.through(t, w, stream, chunk)
				}
			}
			w.Close()
			for stream, name := range Names {
				assert.True(t, bytes.Equal(want[stream], whole(t, dir, name)), name)
			}
			checkParts(t, dir, maxSize)
		})
	}
}

// checkParts checks that marks rise to the sizes of the files, that parts are as large as asked, and that lines are
// cut between parts only where it is said.
func checkParts(t *testing.T, dir string, maxSize int64) {
	t.Helper()
	var within [2]bool
	parts := partsOf(t, dir)
	for i, part := range parts {
		marks := marksOf(t, dir, part)
		var m Mark
		for _, next := range marks {
			assert.GreaterOrEqual(t, next.Time, m.Time)
			assert.GreaterOrEqual(t, next.Size[Stdout], m.Size[Stdout])
			assert.GreaterOrEqual(t, next.Size[Stderr], m.Size[Stderr])
			m = next
		}
		if len(marks) > 0 {
			assert.Equal(t, within, marks[0].Continues, part)
		}
		total := size(t, dir, part, Times)
		for stream, name := range Names {
			assert.Equal(t, size(t, dir, part, name), m.Size[stream], part)
			total += size(t, dir, part, name)
			if data, _ := os.ReadFile(filepath.Join(dir, part, name)); len(data) > 0 {
				within[stream] = data[len(data)-1] != '\n'
			}
		}
		if maxSize > 0 {
			assert.Less(t, total, maxSize+2*longLine)
			if i < len(parts)-1 {
				assert.GreaterOrEqual(t, total, maxSize)
			}
		}
	}
}

func TestPartsEndWithALine(t *testing.T) {
	dir := t.TempDir() + "/log"
	w, err := Open(dir, 20_000, 3)
	require.NoError(t, err)
	pipe := newPipe(t)
	var line int
	for range 100 {
		var text strings.Builder
		for text.Len() < 5000 {
			line++
			fmt.Fprintf(&text, "this is line %d\n", line)
		}
		half := text.Len() / 3
		pipe.through(t, w, Stdout, []byte(text.String()[:half]))
		pipe.through(t, w, Stdout, []byte(text.String()[half:]))
	}
	w.Close()
	parts := partsOf(t, dir)
	require.Len(t, parts, 3)
	for _, part := range parts {
		data, err := os.ReadFile(filepath.Join(dir, part, "stdout"))
		require.NoError(t, err)
		assert.True(t, bytes.HasPrefix(data, []byte("this is line ")), part)
		assert.True(t, bytes.HasSuffix(data, []byte("\n")), part)
		assert.Equal(t, [2]bool{}, marksOf(t, dir, part)[0].Continues)
	}
}

func TestNothingPrintedNothingMade(t *testing.T) {
	dir := t.TempDir() + "/log"
	w, err := Open(dir, 0, 0)
	require.NoError(t, err)
	pipe := newPipe(t)
	_, err = w.Splice(Stdout, pipe.r)
	assert.Equal(t, unix.EAGAIN, err)
	require.NoError(t, unix.Close(pipe.w))
	pipe.w = -1
	n, err := w.Splice(Stdout, pipe.r)
	assert.Zero(t, n)
	assert.NoError(t, err)
	w.Close()
	w.Close()
	assert.NoDirExists(t, dir)
}

// A writer was killed: between the bytes and their mark, in the middle of a mark, or anywhere in a rotation.
func TestOpenAfterAKill(t *testing.T) {
	for name, c := range map[string]struct {
		harm  func(t *testing.T, part string)
		parts int
		times int // marks in the first part
	}{
		"data without a mark":   {func(t *testing.T, part string) { appendTo(t, part+"/stdout", "more\n") }, 1, 4},
		"the other stream too":  {func(t *testing.T, part string) { appendTo(t, part+"/stderr", "x") }, 1, 4},
		"a torn mark":           {func(t *testing.T, part string) { appendTo(t, part+"/times", "17637036") }, 1, 3},
		"data and a torn mark":  {func(t *testing.T, part string) { appendTo(t, part+"/stdout", "m"); appendTo(t, part+"/times", "1") }, 1, 4},
		"no times":              {func(t *testing.T, part string) { require.NoError(t, os.Remove(part+"/times")) }, 1, 2},
		"an empty times":        {func(t *testing.T, part string) { require.NoError(t, os.Truncate(part+"/times", 0)) }, 1, 2},
		"only a torn mark":      {func(t *testing.T, part string) { require.NoError(t, os.Truncate(part+"/times", 5)) }, 1, 2},
		"less data than marked": {func(t *testing.T, part string) { require.NoError(t, os.Truncate(part+"/stdout", 3)) }, 2, 2},
		"no data":               {func(t *testing.T, part string) { require.NoError(t, os.Remove(part+"/stdout")) }, 2, 2},
		"times are no times":    {func(t *testing.T, part string) { appendTo(t, part+"/times", "hello\n") }, 2, 2},
		"a part with no file":   {func(t *testing.T, part string) { require.NoError(t, os.Mkdir(part+"/../000002", 0o700)) }, 2, 2},
		"zeros, as a power cut leaves": {func(t *testing.T, part string) {
			appendTo(t, part+"/times", strings.Repeat("\x00", 600))
		}, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir() + "/log"
			w, err := Open(dir, 0, 0)
			require.NoError(t, err)
			w.Write(Stdout, []byte("one\n"))
			w.Write(Stdout, []byte("two\n"))
			w.closeFiles()
			c.harm(t, dir+"/000001")
			before := append(whole(t, dir, "stdout"), whole(t, dir, "stderr")...)
			w, err = Open(dir, 0, 0)
			require.NoError(t, err)
			w.Write(Stdout, []byte("three\n"))
			w.Close()
			assert.Len(t, partsOf(t, dir), c.parts)
			assert.Len(t, whole(t, dir, "stdout"), len(before)+len("three\n")-len(whole(t, dir, "stderr")))
			if c.parts == 1 { // else what is there stays as it was
				assert.Len(t, marksOf(t, dir, "000001"), c.times)
				checkParts(t, dir, 0)
			}
		})
	}
}

func TestNoPipe(t *testing.T) {
	source := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(source, bytes.Repeat([]byte("line\n"), 20_000), 0o600))
	fd, err := unix.Open(source, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(fd)
	dir := t.TempDir() + "/log"
	w, err := Open(dir, 0, 0)
	require.NoError(t, err)
	for {
		n, err := w.Splice(Stdout, fd)
		require.NoError(t, err)
		if n == 0 {
			break
		}
	}
	w.Close()
	assert.Len(t, whole(t, dir, "stdout"), 100_000)
	_, err = w.Splice(Stderr, 1<<20)
	assert.Equal(t, unix.EBADF, err)
}

func TestLogThatIsNoDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	w, err := Open(dir, 0, 0)
	assert.Equal(t, unix.ENOTDIR, err)
	pipe := newPipe(t)
	pipe.through(t, w, Stdout, []byte("lost\n"))
	assert.EqualValues(t, 5, w.lost)
	w.Close()
}
