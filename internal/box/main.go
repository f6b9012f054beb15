package box

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/container-labs/lab/internal/box/sh"
)

// Main runs the command that argv[0] names. ok is false where its base name is no command of the box;
// then nothing has happened and the caller goes on. It is meant to be the first call of a program.
//
// As PID 1 a command ignores the signals that it has no use for, as the kernel makes any first
// process do, see pid_namespaces(7); without that the Go runtime would end it at SIGTERM.
func Main(argv []string) (code int, ok bool) {
	if len(argv) == 0 {
		return 0, false
	}
	name := argv[0]
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	switch {
	case name == "lab-init":
		sh.GivenLimits()
		return Init(argv), true
	case name == "lab-box" && len(argv) > 1:
		return Main(argv[1:])
	case name == "lab-box":
		for _, n := range Commands() {
			fmt.Println(n)
		}
		return 0, true
	case name == "sh" || name == "-sh" || name == "ash":
		return sh.Main(argv), true
	}
	cmd := find(name)
	if cmd == nil {
		return 0, false
	}
	sh.GivenLimits()
	quietSignals()
	return cmd.main(name, argv[1:]), true
}

// quietSignals keeps the runtime's own habits away from small commands: as PID 1 signals are dropped,
// and SIGQUIT ends a program without a listing of goroutines.
func quietSignals() {
	c := make(chan os.Signal, 8)
	if os.Getpid() == 1 {
		signal.Notify(c, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM,
			syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM)
	} else {
		signal.Notify(c, syscall.SIGQUIT)
		go func() {
			<-c
			os.Exit(128 + int(syscall.SIGQUIT))
		}()
	}
}

// command is one entry of the table in commands.go.
type command struct {
	name  string
	usage string
	run   func(c *call)
}

// call is one run of a command.
type call struct {
	name  string
	usage string
	args  []string
	in    io.Reader
	out   *bufio.Writer
	err   io.Writer
	code  int

	layered bool // welcome found / to be an overlay
}

func (cmd *command) main(name string, args []string) int {
	c := &call{name: name, usage: cmd.usage, args: args, in: os.Stdin, out: bufio.NewWriterSize(os.Stdout, 32<<10), err: os.Stderr}
	return c.finish(cmd.run)
}

// stop ends a command from anywhere inside it; finish catches it.
type stop struct{}

func (c *call) finish(run func(*call)) int {
	func() {
		defer func() {
			if e := recover(); e != nil {
				if _, ok := e.(stop); !ok {
					panic(e)
				}
			}
		}()
		run(c)
	}()
	if err := c.out.Flush(); err != nil && c.code == 0 {
		c.complain("write error: %s", text(err))
	}
	return c.code
}

func (c *call) printf(format string, a ...any) { fmt.Fprintf(c.out, format, a...) }

// complain says what went wrong and lets the command go on; the status will be 1.
func (c *call) complain(format string, a ...any) {
	c.out.Flush()
	fmt.Fprintf(c.err, c.name+": "+format+"\n", a...)
	c.code = 1
}

// fail complains and ends the command.
func (c *call) fail(format string, a ...any) {
	c.complain(format, a...)
	panic(stop{})
}

func (c *call) exit(code int) {
	c.code = code
	panic(stop{})
}

// misuse shows the usage line and ends the command.
func (c *call) misuse(format string, a ...any) {
	c.out.Flush()
	fmt.Fprintf(c.err, c.name+": "+format+"\nUsage: %s\n", append(a, c.usage)...)
	c.exit(2)
}

// text says an error as the C library does: "No such file or directory".
func text(err error) string {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || u.Unwrap() == nil {
			break
		}
		err = u.Unwrap()
	}
	t := err.Error()
	if t == "" {
		return t
	}
	return strings.ToUpper(t[:1]) + t[1:]
}
