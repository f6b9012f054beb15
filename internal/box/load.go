package box

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/container-labs/lab/internal/box/sh"
	"golang.org/x/sys/unix"
)

// busyloop uses all of one CPU, for the lessons on cpu.max and cpu.weight.
func busyloop(c *call) {
	f := c.parse("t:", "time=t")
	end := time.Now().Add(100 * 365 * 24 * time.Hour)
	if f.has('t') {
		end = time.Now().Add(c.duration(f.value('t', "")))
	}
	for time.Now().Before(end) {
		for i := 0; i < 1_000_000; i++ {
			_ = i
		}
	}
}

// memhog takes memory and touches every page, in steps, for the lesson on memory.max.
func memhog(c *call) {
	f := c.parse("s:k", "step=s", "keep=k")
	c.operands(1, 1)
	total, step := c.bytes(c.args[0]), c.bytes(f.value('s', "10M"))
	if step < 1 {
		c.fail("invalid step")
	}
	page := os.Getpagesize()
	for have := int64(0); have < total; {
		n := min(step, total-have)
		b, err := unix.Mmap(-1, 0, int(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
		if err != nil {
			c.fail("after %s: mmap: %s", human(uint64(have)), text(err))
		}
		for i := 0; i < len(b); i += page {
			b[i] = 1
		}
		have += n
		c.printf("%s\n", human(uint64(have)))
		c.out.Flush()
		time.Sleep(20 * time.Millisecond)
	}
	if f.has('k') {
		time.Sleep(1 << 62)
	}
}

// forkbomb starts as many sleeping children as it is told, and says where the kernel stops it. It
// runs only where a pids limit is in force, or with --yes.
func forkbomb(c *call) {
	f := c.parse("y", "yes=y")
	c.operands(0, 1)
	n := 100
	if len(c.args) > 0 {
		n = c.number(c.args[0])
	}
	if n < 1 || n > 100000 {
		c.fail("the number of processes must be 1 to 100000")
	}
	limit, file := pidsLimit()
	if limit == "" && !f.has('y') {
		c.fail("no pids limit is visible here, so this could stop the whole machine; limit pids first, or say --yes")
	}
	if limit != "" {
		c.printf("pids limit %s (%s)\n", limit, file)
	}
	self := sh.Self()
	if self == "" {
		c.fail("can't find my own program")
	}
	var kids []*exec.Cmd
	defer func() {
		for _, k := range kids {
			k.Process.Kill()
		}
		for _, k := range kids {
			k.Wait()
		}
	}()
	for i := range n {
		// Not /dev/null, which an empty root does not have.
		cmd := &exec.Cmd{Path: self, Args: []string{"sleep", "30"}, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
		if err := cmd.Start(); err != nil {
			c.printf("fork %d of %d: %s\n", i+1, n, text(err))
			c.printf("(the limit counts threads, and each of these programs has several)\n")
			c.code = 1
			return
		}
		kids = append(kids, cmd)
	}
	c.printf("started %d processes; nothing stopped me\n", n)
}

// pidsLimit gives the limit of our own cgroup and the file that says so; "" where there is none.
func pidsLimit() (limit, file string) {
	limit, file = cgroupValue("pids", "pids.max", "pids.max")
	if limit == "max" {
		return "", ""
	}
	return limit, file
}

// cgroupValue reads a file of our own cgroup, v1 or v2. Inside a cgroup namespace the path in
// /proc/self/cgroup is "/"; without one the whole path may not be visible, and then the root is tried.
func cgroupValue(controller, v1, v2 string) (value, file string) {
	b, _ := os.ReadFile("/proc/self/cgroup")
	var candidates []string
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 || strings.Contains(f[2], "..") {
			continue
		}
		if f[0] == "0" && v2 != "" {
			for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
				candidates = append(candidates, root+f[2]+"/"+v2, root+"/"+v2)
			}
		}
		for name := range strings.SplitSeq(f[1], ",") {
			if name == controller && v1 != "" {
				for _, dir := range []string{f[1], controller} {
					root := "/sys/fs/cgroup/" + dir
					candidates = append(candidates, root+f[2]+"/"+v1, root+"/"+v1)
				}
			}
		}
	}
	if len(candidates) == 0 {
		candidates = []string{"/sys/fs/cgroup/" + v2, "/sys/fs/cgroup/" + controller + "/" + v1}
	}
	for _, path := range candidates {
		if b, err := os.ReadFile(path); err == nil {
			return strings.TrimSpace(string(b)), strings.ReplaceAll(path, "//", "/")
		}
	}
	return "", ""
}

func atou(s string) uint64 {
	n, _ := strconv.ParseUint(s, 10, 64)
	return n
}
