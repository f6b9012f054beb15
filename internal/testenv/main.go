package testenv

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Tests throw threads away, and Go cannot end the first one: in whatever namespace it were then, /proc/self would show it as the
// process's. So it is left to main.
func init() { runtime.LockOSThread() }

// Runner is *testing.M, or whatever else runs the tests of a package and returns the status.
type Runner interface{ Run() int }

// Main is for TestMain. It runs the tests where their mounts, links and processes can be told
// from everybody else's, compares those, the control groups and the open files before and after,
// prints what is left over, and exits: with the status of the tests, or with 1 for a leak.
func Main(m Runner) { os.Exit(Checked(m).Run()) }

// Checked is Main for a TestMain that hands its runner on, as testscript.Main wants it.
func Checked(m Runner) Runner { return checked{m} }

type checked struct{ Runner }

// The environment of the inner process and of all that it starts.
const (
	runVariable      = "LAB_TEST_RUN"      // the process id of the outer process
	isolatedVariable = "LAB_TEST_ISOLATED" // "1": in namespaces of its own
	dirVariable      = "LAB_TEST_DIR"      // a directory that the outer process removes
)

func (c checked) Run() int {
	run := os.Getenv(runVariable)
	switch {
	case listing():
		return c.Runner.Run()
	case run == "":
		return outer()
	case run != strconv.Itoa(os.Getppid()):
		// A test started the test binary again. It answers to that test.
		return c.Runner.Run()
	}
	return inner(c.Runner)
}

// listing reports whether the test binary is to do something else than run tests once: print
// their names, or be one of many workers that mutate a fuzz test's input.
func listing() bool {
	for _, arg := range os.Args[1:] {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch name {
		case "test.list", "test.fuzzworker":
			return true
		}
	}
	return false
}

// patience is how long the kernel may take to tear down what was let go: it removes control
// groups, network devices and lazily unmounted trees in its own time.
const patience = 2 * time.Second

func inner(m Runner) int {
	isolated := os.Getenv(isolatedVariable) == "1"
	if isolated {
		if err := loopbackUp(); err != nil {
			fmt.Fprintf(os.Stderr, "testenv: set the loopback device up: %v\n", err)
			return 1
		}
	}
	before := look(isolated)
	status := m.Run()
	left := untilNone(func() []string {
		removeParents()
		return look(isolated).without(before)
	})
	return max(status, blame(left))
}

// untilNone asks what is left until nothing is, or patience ends.
func untilNone(what func() []string) []string {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if left := what(); len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}

func blame(left []string) int {
	if len(left) == 0 {
		return 0
	}
	fmt.Fprintf(os.Stderr, "testenv: the tests left behind, %v after they ended:\n", patience)
	for _, line := range left {
		fmt.Fprintf(os.Stderr, "\t%s\n", line)
	}
	return 1
}

// loopbackUp sets lo up, which is down in a new network namespace; see netdevice(7).
func loopbackUp() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, request)
}
