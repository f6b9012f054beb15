package loop

import (
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// container is a pipe to a program that is slow to read.
func container(t *testing.T) (l *loop, read *os.File) {
	t.Helper()
	var p [2]int
	require.NoError(t, unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	high, err := unix.FcntlInt(uintptr(p[1]), unix.F_DUPFD_CLOEXEC, LastFD+1) // none of those that mean something
	require.NoError(t, err)
	require.NoError(t, unix.Close(p[1]))
	p[1] = high
	l, read = &loop{stdin: p[1]}, os.NewFile(uintptr(p[0]), "pipe")
	t.Cleanup(func() { _ = unix.Close(p[1]); _ = read.Close() })
	return l, read
}

func attached(t *testing.T, l *loop) (c *client, person int) {
	t.Helper()
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(p[0]); _ = unix.Close(p[1]) })
	return l.newClient(p[0]), p[1]
}

// What two people type while the program does not read is neither lost nor out of order, and its end comes after it.
func TestInputWaitsForTheProgram(t *testing.T) {
	l, read := container(t)
	a, typesA := attached(t, l)
	b, typesB := attached(t, l)
	var want []byte
	say := func(person int, c *client, n int) {
		data := make([]byte, n)
		_, _ = rand.Read(data)
		want = append(want, data...)
		_, err := unix.Write(person, append([]byte{Input}, data...))
		require.NoError(t, err)
		l.hear(c)
	}
	for range 10 {
		say(typesA, a, 10_000)
		say(typesB, b, 7)
	}
	require.NotEmpty(t, l.input, "the pipe holds 64 KiB")
	_, err := unix.Write(typesA, []byte{EndIn})
	require.NoError(t, err)
	l.hear(a)
	got := make(chan []byte)
	go func() {
		data, _ := io.ReadAll(read)
		got <- data
	}()
	for l.stdin >= 0 {
		l.feed()
		time.Sleep(time.Millisecond)
	}
	assert.True(t, bytes.Equal(want, <-got))
}

// A monitor has no collector: input takes the same memory, however much of it there is.
func TestInputNeedsNoNewMemory(t *testing.T) {
	l, read := container(t)
	c, person := attached(t, l)
	packet, sink := append([]byte{Input}, make([]byte, 16<<10)...), make([]byte, 64<<10)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		_, _ = unix.Write(person, packet)
		l.hear(c)
		_, _ = read.Read(sink)
	}))
}

// People who attach and say nothing do not keep the container waiting, one after the other.
func TestSilentPeople(t *testing.T) {
	dir := t.TempDir()
	listen, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Bind(listen, &unix.SockaddrUnix{Name: dir + "/s"}))
	require.NoError(t, unix.Listen(listen, 100))
	saved, err := unix.FcntlInt(ListenFD, unix.F_DUPFD_CLOEXEC, LastFD+1) // the test's own, whatever it is
	require.NoError(t, err)
	require.NoError(t, unix.Dup3(listen, ListenFD, unix.O_CLOEXEC))
	defer func() {
		require.NoError(t, unix.Dup3(saved, ListenFD, unix.O_CLOEXEC))
		_, _ = unix.Close(saved), unix.Close(listen)
	}()
	l := &loop{stdin: -1, files: MinFiles + 100}
	before := now()
	for range 50 {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
		require.NoError(t, err)
		defer unix.Close(fd)
		require.NoError(t, unix.Connect(fd, &unix.SockaddrUnix{Name: dir + "/s"}))
		require.True(t, l.accept())
	}
	assert.Less(t, now()-before, int64(50*100e6/2), "one wait, and not fifty")
	for _, c := range l.clients {
		_ = unix.Close(c.fd)
	}
}

// Nor do people who come and go.
func TestComingAndGoingNeedsNoNewMemory(t *testing.T) {
	l, _ := container(t)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		c := l.newClient(-1)
		c.pending = append(c.pending, "a packet"...)
		l.clients = append(l.clients, c)
		c.gone = true
		l.forget()
	}))
}

// The end of an input that has ended already opens nothing.
func TestEndOfNoInput(t *testing.T) {
	l := &loop{stdin: -1}
	c, person := attached(t, l)
	before, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for range 10 {
		_, err := unix.Write(person, []byte{EndIn})
		require.NoError(t, err)
		l.hear(c)
	}
	after, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	assert.Len(t, after, len(before))
	assert.Equal(t, -1, l.shut(TerminalFD))
}
