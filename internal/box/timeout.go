package box

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/container-labs/lab/internal/box/sh"
)

func sleep(c *call) {
	c.operands(1, -1)
	var total time.Duration
	for _, a := range c.args {
		if a == "inf" || a == "infinity" {
			select {}
		}
		unit := time.Second
		n := a
		if a != "" {
			if i := strings.IndexByte("smhd", a[len(a)-1]); i >= 0 {
				unit, n = []time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour}[i], a[:len(a)-1]
			}
		}
		v, err := strconv.ParseFloat(n, 64)
		if err != nil || v < 0 {
			c.fail("invalid number '%s'", a)
		}
		total += time.Duration(min(v*float64(unit), float64(1<<62)))
	}
	time.Sleep(total)
}

func timeout(c *call) {
	f := c.parse("+s:k:", "signal=s", "kill-after=k")
	c.operands(2, -1)
	limit := c.duration(c.args[0])
	sig, ok := sh.ParseSignal(f.value('s', "TERM"))
	if !ok {
		c.fail("invalid signal '%s'", f.value('s', ""))
	}
	cmd := exec.Command(c.args[1], c.args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		c.complain("can't execute '%s': %s", c.args[1], text(err))
		c.exit(127)
	}
	late := false
	done := make(chan struct{})
	go func() {
		select {
		case <-done:
			return
		case <-time.After(limit):
		}
		late = true
		cmd.Process.Signal(sig)
		if k := f.value('k', ""); k != "" {
			select {
			case <-done:
			case <-time.After(c.duration(k)):
				cmd.Process.Kill()
			}
		}
	}()
	cmd.Wait()
	close(done)
	ws := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case late && ws.Signaled() && ws.Signal() == syscall.SIGKILL:
		c.code = 137
	case late:
		c.code = 124
	case ws.Signaled():
		c.code = 128 + int(ws.Signal())
	default:
		c.code = ws.ExitStatus()
	}
}

func (c *call) duration(s string) time.Duration {
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return d
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || v < 0 || v > 1e9 {
		c.fail("invalid time interval '%s'", s)
	}
	return time.Duration(v * float64(time.Second))
}
