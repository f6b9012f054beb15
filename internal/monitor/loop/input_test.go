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

// Who types and leaves without having read what the container printed is heard, also when it prints more meanwhile.
func TestLastWordsOfOneWhoDidNotListen(t *testing.T) {
	for _, printed := range []string{"", "more"} {
		l, read := container(t)
		c, person := attached(t, l)
		l.clients, c.output = []*client{c}, true
		c.send([]byte("onobody reads this"))
		for _, word := range []string{"iexit", "i\n"} {
			_, err := unix.Write(person, []byte(word))
			require.NoError(t, err)
		}
		require.NoError(t, unix.Close(person))
		if printed != "" {
			c.send([]byte("o" + printed))
			c.send([]byte("o" + printed)) // the first one is told of the reset, this one of the broken pipe
		}
		l.hearOut(c)
		assert.True(t, c.gone)
		require.NoError(t, read.SetReadDeadline(time.Now().Add(5*time.Second)))
		var got [16]byte
		n, err := read.Read(got[:])
		require.NoError(t, err)
		assert.Equal(t, "exit\n", string(got[:n]))
	}
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

// door is a socket that people attach to, at the place where the loop looks for it. attach attaches one more.
func door(t *testing.T) (attach func() (person int)) {
	t.Helper()
	dir := t.TempDir()
	listen, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Bind(listen, &unix.SockaddrUnix{Name: dir + "/s"}))
	require.NoError(t, unix.Listen(listen, Backlog))
	saved, err := unix.FcntlInt(ListenFD, unix.F_DUPFD_CLOEXEC, LastFD+1) // the test's own, whatever it is
	require.NoError(t, err)
	require.NoError(t, unix.Dup3(listen, ListenFD, unix.O_CLOEXEC))
	t.Cleanup(func() {
		require.NoError(t, unix.Dup3(saved, ListenFD, unix.O_CLOEXEC))
		_, _ = unix.Close(saved), unix.Close(listen)
	})
	return func() int {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
		require.NoError(t, err)
		require.NoError(t, unix.Connect(fd, &unix.SockaddrUnix{Name: dir + "/s"}))
		return fd
	}
}

// People who attach and say nothing do not keep the container waiting, one after the other.
func TestSilentPeople(t *testing.T) {
	attach := door(t)
	l := &loop{stdin: -1, files: MinFiles + 100}
	before := now()
	for range 50 {
		defer unix.Close(attach())
		require.Zero(t, l.accept())
	}
	assert.Less(t, now()-before, int64(50*100e6/2), "one wait, and not fifty")
	for _, c := range l.clients {
		_ = unix.Close(c.fd)
	}
}

// People who have left hold no places: neither those who leave at once, nor those who leave between poll(2) and the next who comes.
func TestWhoHasLeftHoldsNoPlace(t *testing.T) {
	attach := door(t)
	const places = 8
	l := &loop{stdin: -1, files: ownFiles + places}
	hello := func(fd int) int {
		_, err := unix.Write(fd, []byte{Hello, 'o'})
		require.NoError(t, err)
		return fd
	}
	for range 5 {
		for range 3 * places {
			require.NoError(t, unix.Close(hello(attach())))
		}
		l.letIn()
		require.Empty(t, l.clients)
	}
	for range 5 {
		var people []int
		for range places {
			people = append(people, hello(attach()))
		}
		l.letIn()
		require.Len(t, l.clients, places)
		late := hello(attach()) // and now the house is full
		for _, fd := range people {
			require.NoError(t, unix.Close(fd))
		}
		l.letIn()
		require.Len(t, l.clients, 1)
		_, _, err := unix.Recvfrom(late, make([]byte, 10), unix.MSG_DONTWAIT)
		require.Equal(t, unix.EAGAIN, err, "it was not turned away")
		require.NoError(t, unix.Close(late))
		l.reap()
		require.Empty(t, l.clients)
	}
}

// A stream of people who come and go does not keep the container waiting: each turn of the loop takes its output.
func TestOutputBetweenPeople(t *testing.T) {
	attach := door(t)
	l, read := container(t)
	l.files = MinFiles + 100
	out := int(read.Fd())
	require.NoError(t, unix.SetNonblock(out, true))
	l.out = [2]source{{fd: out, packet: Stdout}, {fd: -1}}
	pipe := l.stdin
	l.stdin = -1
	never, err := unix.PidfdOpen(unix.Getpid(), 0) // a process that does not end meanwhile
	require.NoError(t, err)
	defer unix.Close(never)
	if saved, err := unix.FcntlInt(ProcessFD, unix.F_DUPFD_CLOEXEC, LastFD+1); err == nil {
		defer unix.Close(saved)
		defer func() { require.NoError(t, unix.Dup3(saved, ProcessFD, unix.O_CLOEXEC)) }()
	} else if never != ProcessFD {
		defer unix.Close(ProcessFD)
	}
	if never != ProcessFD {
		require.NoError(t, unix.Dup3(never, ProcessFD, unix.O_CLOEXEC))
	}
	for range 20 {
		_, err := unix.Write(pipe, []byte("output"))
		require.NoError(t, err)
		person := attach() // before the output is taken: it is for this one, too
		_, err = unix.Write(person, []byte{Hello, 'o'})
		require.NoError(t, err)
		for range 5 {
			require.NoError(t, unix.Close(attach()))
		}
		require.False(t, l.turn())
		waiting, err := unix.IoctlGetInt(out, unix.TIOCINQ)
		require.NoError(t, err)
		require.Zero(t, waiting, "the container has been heard in this turn")
		var got [10]byte
		n, _, err := unix.Recvfrom(person, got[:], unix.MSG_DONTWAIT)
		require.NoError(t, err)
		require.Equal(t, "ooutput", string(got[:n]))
		require.NoError(t, unix.Close(person))
	}
	l.reap()
	require.Empty(t, l.clients)
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
