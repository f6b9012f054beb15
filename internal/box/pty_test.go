package box

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// terminal is the keyboard and the screen of a command under test.
type terminal struct {
	t             *testing.T
	master, slave *os.File
	cmd           *exec.Cmd
	screen        chan string
	seen          string
}

// onTerminal starts a command as the leader of a session with a terminal of 24 lines and 80 columns.
func onTerminal(t *testing.T, flags uintptr, dir, path string, argv ...string) *terminal {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { master.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { slave.Close() })
	require.NoError(t, unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}))
	term := &terminal{t: t, master: master, slave: slave, screen: make(chan string, 1000)}
	term.cmd = at(exec.Command(filepath.Join(path, argv[0]), argv[1:]...), dir, path)
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Cloneflags: flags}
	require.NoError(t, term.cmd.Start())
	t.Cleanup(func() {
		if term.cmd.ProcessState == nil {
			term.cmd.Process.Kill()
			term.cmd.Wait()
		}
	})
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

// end waits for the command and gives its status.
func (p *terminal) end() int {
	timer := time.AfterFunc(20*time.Second, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func (p *terminal) mode() unix.Termios {
	m, err := unix.IoctlGetTermios(int(p.slave.Fd()), unix.TCGETS)
	require.NoError(p.t, err)
	return *m
}

// TestCommandsAtATerminal is about what commands do only there.
func TestCommandsAtATerminal(t *testing.T) {
	bin, dir := bin(t), t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	var lines []byte
	for i := range 60 {
		lines = append(strconv.AppendInt(lines, int64(i), 10), '\n')
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sixty"), lines, 0o644))
	for _, c := range [][]string{{"ls"}, {"ls", "empty"}, {"ls", "-l", "empty"}, {"ls", "empty", "sixty"}, {"ls", "-i", "/"}, {"ls", "-R"}, {"stty", "-a"}, {"ps"}, {"free"},
		{"caps"}, {"df"}, {"du"}, {"mount"}, {"ip", "addr"}, {"id"}, {"date"}, {"clear"}, {"tty"}, {"lsns"}, {"ipcs"}, {"more", "sixty"}} {
		p := onTerminal(t, 0, dir, bin, c...)
		if c[0] == "more" {
			p.expect("22\r\n")
			p.expect("--More--")
			p.send("\r")
			p.expect("23\r\n")
			p.expect("--More--")
			p.send(" ")
			p.expect("46\r\n")
			p.expect("--More--")
			p.send("q")
		}
		assert.Zero(t, p.end(), "%v", c)
	}
	for _, key := range []string{"q", "\x03"} {
		p := onTerminal(t, 0, dir, bin, "top", "-d", "0.1")
		before := p.mode()
		p.expect("%CPU COMMAND\r\n")
		p.expect("%CPU COMMAND\r\n")
		p.send(key)
		assert.Zero(t, p.end())
		assert.Equal(t, before.Lflag|unix.ICANON|unix.ECHO|unix.ISIG, p.mode().Lflag, "the terminal is as it was")
	}
}

// TestInitAtATerminal wants the child to be the terminal's foreground: keys reach it and not lab-init.
func TestInitAtATerminal(t *testing.T) {
	bin := bin(t)
	p := onTerminal(t, 0, "/", bin, "lab-init", "--", "sh", "-c", "trap 'echo got it; exit 6' INT; echo ready; while :; do sleep 0.05; done")
	p.expect("ready")
	p.send("\x03")
	p.expect("got it")
	assert.Equal(t, 6, p.end())

	p = onTerminal(t, 0, "/", bin, "lab-init", "--", "sleep", "100")
	for i := 0; ; i++ {
		group, err := unix.IoctlGetInt(int(p.master.Fd()), unix.TIOCGPGRP)
		require.NoError(t, err)
		if group != p.cmd.Process.Pid {
			break
		}
		require.Less(t, i, 1000)
		time.Sleep(10 * time.Millisecond)
	}
	p.send("\x03")
	assert.Equal(t, 130, p.end())

	// A shell under it has job control.
	p = onTerminal(t, 0, "/", bin, "lab-init", "--", "sh")
	p.expect(" # ")
	p.send("echo up; cat\r")
	p.expect("up\r\n")
	p.send("x\r")
	p.expect("x\r\nx\r\n")
	p.send("\x1a")
	p.expect("Stopped")
	p.expect(" # ")
	p.send("fg\r")
	p.expect("cat\r\n")
	p.send("y\r")
	p.expect("y\r\ny\r\n")
	p.send("\x04")
	p.expect(" # ")
	p.send("exit 3\r")
	assert.Equal(t, 3, p.end())
}

// TestOrphansAtThePrompt leaves orphans to an interactive shell that is PID 1 and does nothing.
func TestOrphansAtThePrompt(t *testing.T) {
	testenv.Root(t)
	p := onTerminal(t, syscall.CLONE_NEWPID, "/", bin(t), "sh")
	p.expect("/ # ")
	p.send("for i in 1 2 3 4; do sh -c 'sleep 0.4 & exit'; done; echo orphans ma''de\r")
	p.expect("orphans made")
	p.expect("/ # ")
	kids := func() (running, dead int) {
		list, err := tasks()
		require.NoError(t, err)
		for _, k := range list {
			switch {
			case k.ppid == p.cmd.Process.Pid && k.state == 'Z':
				dead++
			case k.ppid == p.cmd.Process.Pid:
				running++
			}
		}
		return running, dead
	}
	for i := 0; ; i++ {
		running, dead := kids()
		if running+dead == 0 {
			break
		}
		require.Less(t, i, 200, "%d run, %d are dead and not buried", running, dead)
		time.Sleep(20 * time.Millisecond)
	}
	p.send("exit 2\r")
	assert.Equal(t, 2, p.end())

	// A terminal that goes away ends the shell, also as PID 1.
	p = onTerminal(t, syscall.CLONE_NEWPID, "/", bin(t), "sh")
	p.expect("/ # ")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	assert.Equal(t, 129, p.end())
}
