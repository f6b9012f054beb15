// The Go runtime reads its cgroup's files at every start, to learn how many CPUs it may use. With these it closes them again and
// never looks anew.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command lab teaches containers by building one, and runs them.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/box"
	"github.com/container-labs/lab/internal/monitor/loop"
)

// version is set by the linker.
var version = "dev"

// A container in the foreground dies with the thread that made it (PR_SET_PDEATHSIG), and the main thread is the one that
// lives as long as the process.
func init() { runtime.LockOSThread() }

func main() {
	if outsider() {
		fmt.Fprintln(os.Stderr, "lab: this program is a link to lab itself, on the host: it does not run here")
		os.Exit(126)
	}
	if filepath.Base(os.Args[0]) == "lab-monitor" { // where that small program is not beside lab
		os.Exit(loop.Run(os.Args, os.Environ()))
	}
	if code, ok := box.Main(os.Args); ok {
		os.Exit(code)
	}
	os.Exit(run(os.Args, streams{os.Stdin, os.Stdout, os.Stderr}))
}

// outsider says that this process has executed lab by a way that is no path: an image whose program is a link to /proc/self/exe gets the
// host's lab, which is in no file system that the container sees. container.Start refuses such a program too, and looks when it may
// have ended already.
func outsider() bool {
	if os.Getpid() != 1 {
		return false
	}
	var exe, named unix.Stat_t
	path, err := os.Readlink("/proc/self/exe")
	if err != nil || unix.Stat("/proc/self/exe", &exe) != nil {
		return false // no /proc here
	}
	err = unix.Stat(strings.TrimSuffix(path, " (deleted)"), &named)
	return err != nil || exe.Ino != named.Ino || exe.Dev != named.Dev
}
