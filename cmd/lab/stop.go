package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor/loop"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

func stopCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "stop", Usage: "ask containers to end, and make them", ArgsUsage: "CONTAINER [CONTAINER…]",
		Description: `Sends SIGTERM, and SIGKILL to what still runs after a while.

EXAMPLE:
   lab stop -t 2 web`,
		Flags: stopFlags(),
		Action: func(ctx *cli.Context) error {
			return eachContainer(ctx, std, func(s container.State) error { return stopContainer(ctx.String("root"), s, stopTimes(ctx)) })
		},
	}
}

func stopFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "time", Aliases: []string{"t", "timeout"}, Usage: "wait `SECONDS` before the kill; -1: for ever (default: the container's --stop-timeout, or 10)"},
		&cli.StringFlag{Name: "signal", Aliases: []string{"s"}, Usage: "the `SIGNAL` to ask with (default: the container's --stop-signal)"},
	}
}

// stopping is how a container is asked to end; nil and "" leave it to the container's own settings.
type stopping struct {
	seconds *int
	signal  string
	remove  bool // and it will be removed then
}

func stopTimes(ctx *cli.Context) stopping {
	s := stopping{signal: ctx.String("signal")}
	if ctx.IsSet("time") {
		seconds := ctx.Int("time")
		s.seconds = &seconds
	}
	return s
}

// resolve asks the container's settings for what was left open.
func (how stopping) resolve(dir string) (sig unix.Signal, wait time.Duration, err error) {
	settings, _ := container.ReadSettings(dir) // one without them gets the defaults
	if how.signal == "" {
		how.signal = settings.StopSignal
	}
	if sig = unix.SIGTERM; how.signal != "" {
		if sig, err = parseSignal(how.signal); err != nil {
			return 0, 0, err
		}
	}
	if how.seconds == nil {
		how.seconds = settings.StopTimeout
	}
	seconds := 10
	if how.seconds != nil {
		seconds = *how.seconds
	}
	return sig, time.Duration(seconds) * time.Second, nil
}

func killCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "kill", Usage: "send a signal to containers", ArgsUsage: "CONTAINER [CONTAINER…]",
		Description: "EXAMPLE:\n   lab kill -s HUP web",
		Flags:       []cli.Flag{&cli.StringFlag{Name: "signal", Aliases: []string{"s"}, Usage: "the `SIGNAL`, by name or number", Value: "KILL"}},
		Action: func(ctx *cli.Context) error {
			sig, err := parseSignal(ctx.String("signal"))
			if err != nil {
				return err
			}
			return eachContainer(ctx, std, func(s container.State) error {
				process, err := openProcess(s)
				if err != nil {
					return err
				}
				defer unix.Close(process)
				if sig == unix.SIGKILL {
					keepStopped(store.Open(ctx.String("root")).Container(s.ID), s, "")
				}
				if err := unix.PidfdSendSignal(process, sig, nil, 0); err != nil {
					return fmt.Errorf("signal container %s: %w", s.Name, err)
				}
				tell(store.Open(ctx.String("root")), s, "kill", map[string]string{"signal": strconv.Itoa(int(sig))})
				if sig == unix.SIGKILL && s.Status == container.Paused {
					thaw(s)
				}
				return nil
			})
		},
	}
}

// eachContainer does something to every container that the arguments name, to several at once, and prints the names of those where it
// worked, in their order.
func eachContainer(ctx *cli.Context, std streams, do func(container.State) error) error {
	return inTurns(ctx, std, 16, do)
}

func inTurns(ctx *cli.Context, std streams, atOnce int, do func(container.State) error) error {
	if ctx.NArg() == 0 {
		return &exit{code: 1, err: fmt.Errorf("%s wants the name or id of a container", ctx.Command.Name)}
	}
	if err := sweep(ctx.String("root")); err != nil {
		complain(std.err, err)
	}
	names, removes := ctx.Args().Slice(), ctx.Command.Name == "rm" || ctx.Command.Name == "remove"
	results := make([]chan error, len(names))
	turn := make(chan struct{}, atOnce)
	for i, name := range names {
		results[i] = make(chan error, 1)
		turn <- struct{}{}
		work := func() {
			defer func() { <-turn }()
			c, err := findListed(ctx.String("root"), name)
			if err == nil && c.phase == container.Dead && !removes {
				err = errors.New(c.Error)
			} else if err == nil {
				err = do(c.State)
			}
			results[i] <- err
		}
		if len(names) == 1 || atOnce == 1 {
			work()
		} else {
			go work()
		}
	}
	var failed []error
	for i, name := range names {
		err := <-results[i]
		if errors.Is(err, errNoContainer) && removes && ctx.Bool("force") { // as docker rm -f
			complain(std.err, err)
			continue
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintln(std.out, name)
	}
	return errors.Join(failed...)
}

// openProcess returns a pidfd of the container's first process. A pid is used again after its process has ended; the time
// at which the process started tells, and once the pidfd is open it cannot become another.
func openProcess(s container.State) (int, error) {
	fd, err := unix.PidfdOpen(s.PID, 0)
	if s.PID == 0 || err != nil || !s.Alive() {
		if err == nil {
			_ = unix.Close(fd)
		}
		return -1, fmt.Errorf("container %s is not running", s.Name)
	}
	return fd, nil
}

// stopContainer asks a container to end, kills it when it does not, and waits until its monitor has put everything in order.
func stopContainer(root string, s container.State, how stopping) error {
	dir := store.Open(root).Container(s.ID)
	sig, wait, err := how.resolve(dir)
	if err != nil {
		return err
	}
	if s.Status == container.Dead {
		return errors.New(s.Error)
	}
	wish := loop.OthersFinish
	if how.remove {
		wish = loop.OthersRemove
	}
	keepStopped(dir, s, wish)
	process, err := openProcess(s)
	if err != nil {
		if s.Status == container.Created || s.Status == container.Exited {
			return nil // as docker stop: no error
		}
		return settled(root, s, how) // it has just ended, or is about to be started again
	}
	defer unix.Close(process)
	if sig == unix.SIGKILL && wait >= 0 {
		wait = max(wait, 10*time.Second) // a second one would say no more than the first
	}
	for _, step := range [...]struct {
		sig  unix.Signal
		wait time.Duration
	}{{sig, wait}, {unix.SIGKILL, 10 * time.Second}} {
		switch err := unix.PidfdSendSignal(process, step.sig, nil, 0); {
		case err == nil:
			tell(store.Open(root), s, "kill", map[string]string{"signal": strconv.Itoa(int(step.sig))})
		case !errors.Is(err, unix.ESRCH): // it may have ended by itself
			return fmt.Errorf("stop container %s: %w", s.Name, err)
		}
		if s.Status == container.Paused {
			thaw(s) // what is frozen cannot end
		}
		if !processEnded(process, step.wait) {
			continue
		}
		err := settled(root, s, how)
		if err == nil && !how.remove {
			note(root, s, "stop")
		}
		return err
	}
	return fmt.Errorf("stop container %s: its process %d does not even end by SIGKILL: it hangs in the kernel", s.Name, s.PID)
}

// keepStopped tells the monitor not to start the container again, and with content what else it is to leave to us.
func keepStopped(dir string, s container.State, content string) {
	if s.Monitor == 0 && s.Status != container.Restarting {
		return
	}
	_ = os.WriteFile(filepath.Join(dir, loop.StoppedFile), []byte(content), 0o640) // on a full disk it is there, and empty
}

// thaw lets a paused container's processes go on.
func thaw(s container.State) {
	if m, err := cgroup.Detect(); err == nil {
		_ = m.Group(groupOf(s), cgroup.Limits{}).Thaw()
	}
}

// processEnded waits for a process: a pidfd can be read from when it has ended (pidfd_open(2)).
func processEnded(process int, most time.Duration) bool {
	timeout := int(most.Milliseconds())
	if most < 0 {
		timeout = -1
	}
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}}, timeout)
		if err == unix.EINTR {
			continue
		}
		return n == 1
	}
}

// settled waits until whoever ran the container has gone, and puts everything in order where that was left to us: by a monitor that read
// so in the file stopped, or by one that was killed. One that had just decided to start the container again, and did not see that file,
// has to be stopped a second time.
func settled(root string, s container.State, how stopping) error {
	st := store.Open(root)
	file := st.Path("ledger", s.ID)
	for try := range 600 {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if ledger, err := st.Begin(s.ID); err == nil {
			return finish(st, s.ID, ledger)
		} else if !errors.Is(err, fs.ErrExist) {
			return err
		}
		if now, err := container.ReadState(st.Container(s.ID)); err == nil && now.Alive() && now.PID != s.PID {
			if _, err := os.Stat(filepath.Join(st.Container(s.ID), loop.StoppedFile)); err != nil {
				return nil // by somebody's lab start, after the end that we wanted
			}
			return stopContainer(root, now, how)
		}
		time.Sleep(min(time.Duration(try+1)*100*time.Microsecond, 10*time.Millisecond))
	}
	return fmt.Errorf("container %s has ended, but the lab that runs it does not clean up; the next lab command does when that lab is gone", s.Name)
}

func parseSignal(text string) (unix.Signal, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n < 65 {
		return unix.Signal(n), nil
	}
	name := strings.ToUpper(text)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if sig := unix.SignalNum(name); sig != 0 {
		return sig, nil
	}
	return 0, &exit{code: 1, err: fmt.Errorf("invalid signal: %s", text)}
}
