package journal

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// BenchmarkSpeed prints 200 MB into a pipe, in writes of several sizes, and takes it out of there: with cat into a file, and with
// a writer. Compare the MB/s; the files are in the page cache.
//
//	go test -run '^$' -bench Speed -benchtime 5x ./internal/monitor/journal
func BenchmarkSpeed(b *testing.B) {
	cat := testenv.Have(b, "cat")
	const total = 200 << 20
	for _, c := range []struct {
		name string
		size int
	}{{"write=64K", 64 << 10}, {"write=4K", 4 << 10}, {"write=100", 100}} {
		b.Run(c.name+"/cat", func(b *testing.B) {
			measure(b, c.size, total, 0, func(r *os.File) {
				out, err := os.Create(b.TempDir() + "/file")
				require.NoError(b, err)
				defer os.Remove(out.Name())
				defer out.Close()
				cmd := exec.Command(cat)
				cmd.Stdin, cmd.Stdout = r, out
				require.NoError(b, cmd.Run())
			})
		})
		for _, maxSize := range []int64{0, 10 << 20} {
			name := "/writer"
			if maxSize > 0 {
				name = "/rotating"
			}
			b.Run(c.name+name, func(b *testing.B) {
				measure(b, c.size, total, 1<<20, func(r *os.File) {
					dir := b.TempDir() + "/log"
					w, err := Open(dir, maxSize, 3)
					require.NoError(b, err)
					defer os.RemoveAll(dir)
					drain(b, w, Stdout, int(r.Fd()))
					w.Close()
				})
			})
		}
	}
}

// measure lets another process print total bytes in writes of a size, into a pipe that take empties.
func measure(b *testing.B, size, total, capacity int, take func(r *os.File)) {
	b.SetBytes(int64(total))
	for b.Loop() {
		var fds [2]int
		require.NoError(b, unix.Pipe2(fds[:], unix.O_CLOEXEC))
		r, w := os.NewFile(uintptr(fds[0]), "r"), os.NewFile(uintptr(fds[1]), "w")
		if capacity > 0 {
			_, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, capacity)
			require.NoError(b, err)
		}
		cmd := printer(b, size, total)
		cmd.Stdout = w
		require.NoError(b, cmd.Start())
		require.NoError(b, w.Close())
		take(r)
		require.NoError(b, r.Close())
		require.NoError(b, cmd.Wait())
	}
}

func printer(t testing.TB, size, total int) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "LAB_TEST_PRINT="+strconv.Itoa(size)+" "+strconv.Itoa(total))
	return cmd
}

// print is what such a process does.
func print(size, total int) {
	line := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
	line[size-1] = '\n'
	for ; total > 0; total -= size {
		if _, err := io.Writer(os.Stdout).Write(line); err != nil {
			os.Exit(1)
		}
	}
	os.Exit(0)
}

// drain is a monitor's loop: wait for bytes, splice.
func drain(t testing.TB, w *Writer, stream, pipe int) {
	t.Helper()
	require.NoError(t, unix.SetNonblock(pipe, true))
	for {
		n, err := w.Splice(stream, pipe)
		switch {
		case err == unix.EAGAIN:
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(pipe), Events: unix.POLLIN}}, -1)
			require.True(t, err == nil || err == unix.EINTR)
			continue
		case n == 0:
			require.NoError(t, err)
			return
		}
		require.NoError(t, err)
	}
}
