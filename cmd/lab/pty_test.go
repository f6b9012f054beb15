package main_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// pty is a terminal with a program on its other side.
type pty struct {
	t      *testing.T
	master *os.File
	slave  *os.File

	mu     sync.Mutex
	screen bytes.Buffer
}

func newPTY(t *testing.T) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	raw, err := master.SyscallConn()
	require.NoError(t, err)
	var n int
	require.NoError(t, raw.Control(func(fd uintptr) {
		require.NoError(t, unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0))
		n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
	}))
	require.NoError(t, err)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	p := &pty{t: t, master: master, slave: slave}
	done := make(chan struct{})
	go func() { defer close(done); _, _ = io.Copy(p, master) }()
	t.Cleanup(func() { _ = slave.Close(); _ = master.Close(); <-done })
	return p
}

func (p *pty) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.Write(b)
}

func (p *pty) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.String()
}

func (p *pty) waitFor(text string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return bytes.Contains([]byte(p.text()), []byte(text)) }, 20*time.Second, 10*time.Millisecond,
		"%q does not come; there is: %q", text, p.text())
}

func (p *pty) typing(text string) {
	_, err := io.WriteString(p.master, text)
	require.NoError(p.t, err)
}

func (p *pty) size(rows, columns uint16) {
	require.NoError(p.t, unix.IoctlSetWinsize(int(p.slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns}))
}

func (p *pty) modes() unix.Termios {
	m, err := unix.IoctlGetTermios(int(p.slave.Fd()), unix.TCGETS)
	require.NoError(p.t, err)
	return *m
}

// run starts lab with the terminal as its own.
func (p *pty) run(args ...string) *exec.Cmd {
	cmd := exec.Command(testenv.Lab(p.t), args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.slave, p.slave, p.slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(p.t, cmd.Start())
	return cmd
}

// A terminal behaves: its size is right from the start and follows the window, Ctrl-C reaches the program, and the person's
// own terminal is as before when the container has ended, however it ended.
func TestTerminal(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	terminalBehaves(t, "/dev/pts/0", "--root", root, "run", "--rm", "-it", "box", "sh")
}

// terminalBehaves types into a shell that lab has started with args, until it ends.
func terminalBehaves(t *testing.T, tty string, args ...string) {
	t.Helper()
	p := newPTY(t)
	p.size(33, 99)
	before := p.modes()
	cmd := p.run(args...)
	p.waitFor("# ")
	assert.NotEqual(t, before.Lflag, p.modes().Lflag, "raw while the program has it")
	p.typing("stty size; tty; echo $TERM\n")
	p.waitFor("33 99")
	p.waitFor(tty)
	p.waitFor("xterm")
	p.size(20, 60)
	require.NoError(t, cmd.Process.Signal(unix.SIGWINCH))
	require.Eventually(t, func() bool {
		p.typing("stty size\n")
		time.Sleep(50 * time.Millisecond)
		return bytes.Contains([]byte(p.text()), []byte("20 60"))
	}, 20*time.Second, 50*time.Millisecond)
	p.typing("sleep 1000; echo interrupted=$?\n")
	require.Eventually(t, func() bool { // until the sleep has the terminal the shell gets the signal, and may start it after that
		p.typing("\x03echo alive=$((40+2))\n")
		time.Sleep(300 * time.Millisecond)
		return strings.Contains(p.text(), "alive=42")
	}, 20*time.Second, 700*time.Millisecond)
	assert.NotContains(t, p.text(), "interrupted=0", "the sleep has not slept to its end")
	p.typing("exit 5\n")
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, 5, exit.ExitCode())
	assert.Equal(t, before, p.modes(), "and as it was afterwards")
}

func TestTerminalIsRestoredWhenLabIsTerminated(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	p := newPTY(t)
	before := p.modes()
	cmd := p.run("--root", root, "run", "--rm", "-it", "--name", "stays", "box", "sh", "-c", `echo started; while :; do sleep 1; done`)
	p.waitFor("started")
	require.NotEqual(t, before, p.modes(), "every key is passed on")
	require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, 128+int(unix.SIGTERM), exit.ExitCode())
	assert.Equal(t, before, p.modes())
	out, err := exec.Command(testenv.Lab(t), "--root", root, "ps", "--format", "{{.Names}}").CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Equal(t, "stays\n", string(out), "the container runs on without the one who was attached")
	out, err = exec.Command(testenv.Lab(t), "--root", root, "rm", "-f", "stays").CombinedOutput()
	require.NoError(t, err, string(out))
}

// Two terminals attached to one container see the same and type into the same; the keys for it leave the container running.
func TestTwoTerminalsShareOneContainer(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	lab := func(args ...string) string {
		out, err := exec.Command(testenv.Lab(t), append([]string{"--root", root}, args...)...).CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	lab("run", "-d", "-it", "--name", "shared", "box", "sh")
	one, two := newPTY(t), newPTY(t)
	first, second := one.run("--root", root, "attach", "shared"), two.run("--root", root, "attach", "shared")
	for _, p := range []*pty{one, two} {
		require.Eventually(t, func() bool { return p.modes().Lflag&unix.ICANON == 0 }, 20*time.Second, 10*time.Millisecond, "attached")
	}
	one.typing("echo typed in the fir''st\r")
	one.waitFor("typed in the first")
	two.waitFor("typed in the first")
	two.typing("echo typed in the sec''ond\r")
	one.waitFor("typed in the second")
	two.waitFor("typed in the second")

	one.typing("\x10\x11") // ctrl-p ctrl-q
	require.NoError(t, first.Wait())
	assert.Equal(t, "shared\n", lab("ps", "--format", "{{.Names}}"))
	assert.Equal(t, "create\nstart\nattach\nattach\ndetach\n", lab("events", "--since", "1h", "--until", "0s", "--filter", "container=shared", "--format", "{{.Action}}"))

	stats := one.run("--root", root, "stats") // Ctrl-C leaves the prompt a line of its own
	one.waitFor("CPU %")
	require.NoError(t, stats.Process.Signal(syscall.SIGINT))
	require.NoError(t, stats.Wait())
	require.Eventually(t, func() bool { return bytes.HasSuffix([]byte(one.text()), []byte("\x1b[J\r\n")) }, 20*time.Second, 10*time.Millisecond)

	two.typing("exit 6\r")
	var exit *exec.ExitError
	require.ErrorAs(t, second.Wait(), &exit)
	assert.Equal(t, 6, exit.ExitCode())
	assert.Contains(t, lab("logs", "shared"), "typed in the second", "and its log has all of it")
	lab("rm", "shared")
}

// Signals that lab gets are the program's.
func TestSignalsAreForwarded(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root := t.TempDir()
	prepare(t, root)
	started := func() int {
		return strings.Count(labOutput(t, root, "events", "--since", "1h", "--until", "0s", "--filter", "event=start"), "container start")
	}
	for _, sig := range []syscall.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGUSR1, unix.SIGINT, unix.SIGQUIT} {
		var out bytes.Buffer
		cmd := exec.Command(testenv.Lab(t), "--root", root, "run", "--rm", "box", "sh", "-c",
			`trap "exit 42" TERM HUP USR1 INT QUIT; echo ready; while :; do sleep 0.05; done`)
		pipe, err := cmd.StdoutPipe()
		require.NoError(t, err)
		before := started()
		require.NoError(t, cmd.Start())
		_, err = io.CopyN(&out, pipe, 6)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return started() > before }, 20*time.Second, 10*time.Millisecond,
			"lab listens to signals beside the program's start, and then tells of it")
		require.NoError(t, cmd.Process.Signal(sig))
		var exit *exec.ExitError
		require.ErrorAs(t, cmd.Wait(), &exit, sig.String())
		assert.Equal(t, 42, exit.ExitCode(), sig.String())
	}
}
