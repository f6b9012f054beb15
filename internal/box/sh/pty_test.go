package sh

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// terminal is the keyboard and the screen of a shell under test.
type terminal struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	cmd    *exec.Cmd
	screen chan string
	seen   string
}

func newTerminal(t *testing.T, env ...string) *terminal {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { slave.Close() })
	term := &terminal{t: t, master: master, slave: slave, screen: make(chan string, 1000)}
	term.cmd = exec.Command(shell(t))
	term.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/"}, env...)
	term.cmd.Dir = "/"
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, term.cmd.Start())
	t.Cleanup(func() { term.cmd.Process.Kill(); term.cmd.Wait() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			if err != nil {
				close(term.screen)
				return
			}
			term.screen <- string(buf[:n])
		}
	}()
	return term
}

// expect reads until want appears, and forgets what came up to it.
func (p *terminal) expect(want string) {
	p.t.Helper()
	limit := time.After(20 * time.Second)
	for !strings.Contains(p.seen, want) {
		select {
		case s, ok := <-p.screen:
			if !ok {
				p.t.Fatalf("the terminal closed before %q; screen %q", want, p.seen)
			}
			p.seen += s
		case <-limit:
			p.t.Fatalf("no %q; screen %q", want, p.seen)
		}
	}
	_, p.seen, _ = strings.Cut(p.seen, want)
}

func (p *terminal) send(s string) {
	p.t.Helper()
	_, err := p.master.WriteString(s)
	require.NoError(p.t, err)
}

func (p *terminal) mode() *unix.Termios {
	m, err := unix.IoctlGetTermios(int(p.slave.Fd()), unix.TCGETS)
	require.NoError(p.t, err)
	return m
}

func prompt() string {
	if os.Geteuid() == 0 {
		return "/ # "
	}
	return "/ $ "
}

func TestInteractiveShell(t *testing.T) {
	p := newTerminal(t)
	before := p.mode().Lflag
	p.expect(prompt())
	p.send("echo $((20+22))\r")
	p.expect("42")
	p.expect(prompt())

	// Ctrl-C throws a half-typed line away.
	p.send("echo never\x03")
	p.expect("^C")
	p.expect(prompt())
	p.send("echo status $?\r")
	p.expect("status 130")
	p.expect(prompt())

	// What was typed behind it in one go is not thrown away.
	p.send("echo never\x03echo between $((50+1))\x03echo behind $((60+3))\r")
	p.expect("behind 63")
	p.expect(prompt())

	// A child has the terminal in its own mode, and Ctrl-C ends it and not the shell.
	p.send("sh -c 'echo child is $$; sleep 60; :'\r")
	p.expect("child is ")
	time.Sleep(300 * time.Millisecond)
	assert.NotZero(t, p.mode().Lflag&unix.ICANON, "raw mode is off while a command runs")
	p.send("\x03")
	p.expect(prompt())
	p.send("echo now $?\r")
	p.expect("now 130")
	p.expect(prompt())

	// Ctrl-C leaves a loop of builtins too.
	p.send("while :; do :; done\r")
	time.Sleep(300 * time.Millisecond)
	p.send("\x03")
	p.expect(prompt())

	// Job control: stop, list, continue in the background, kill.
	p.send("sleep 50\r")
	time.Sleep(400 * time.Millisecond)
	p.send("\x1a")
	p.expect("Stopped")
	p.expect(prompt())
	p.send("bg; jobs\r")
	p.expect("Running")
	p.expect(prompt())
	p.send("sleep 51 | cat\r")
	time.Sleep(400 * time.Millisecond)
	p.send("\x1a")
	p.expect("Stopped                    sleep 51 | cat")
	p.expect(prompt())
	p.send("kill %2; bg %2; wait %2\r")
	p.expect(prompt())
	p.send("kill %1; wait %1; echo w$?\r")
	p.expect("w143")
	p.expect(prompt())

	// A compound over several lines has the second prompt.
	p.send("for i in 1 2\r")
	p.expect("> ")
	p.send("do echo it$i; done\r")
	p.expect("it1")
	p.expect("it2")
	p.expect(prompt())

	// History: the line above comes back.
	p.send("echo his''tory\r")
	p.expect("history")
	p.expect(prompt())
	p.send("\x1b[A\r")
	p.expect("history")
	p.expect(prompt())

	// Home and End, as different terminals send them.
	for _, key := range []string{"\x1b[H", "\x1b[1~", "\x1bOH"} {
		p.send("ho front b''ack")
		p.send(key + "ec")
		p.send("\x1b[4~!\r")
		p.expect("front back!")
		p.expect(prompt())
	}

	p.send("exit 7")
	p.send("\x15") // Ctrl-U
	p.send("\x04") // Ctrl-D
	require.NoError(t, waitFor(p.cmd))
	assert.Equal(t, before, p.mode().Lflag, "the terminal is as it was")
}

func waitFor(cmd *exec.Cmd) error {
	timer := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	return cmd.Wait()
}

func TestInteractiveShellSurvivesSignalsAndHasOtherPrompts(t *testing.T) {
	p := newTerminal(t, `PS1=[\w]`)
	p.expect("[/]")
	p.send("cd /tmp\r")
	p.expect("[/tmp]")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.send("echo ali''ve\r")
	p.expect("alive")
	p.expect("[/tmp]")
	p.send("exit 7\r")
	waitFor(p.cmd)
	assert.Equal(t, 7, p.cmd.ProcessState.ExitCode())
}
