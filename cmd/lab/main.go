// The Go runtime would read its cgroup's files at every start, and hold two of them, to learn how many CPUs it may use.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command lab teaches containers by building one, and runs them.
package main

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/container-labs/lab/internal/box"
	"github.com/container-labs/lab/internal/monitor/loop"
)

// version is set by the linker.
var version = "dev"

// A container in the foreground dies with the thread that made it (PR_SET_PDEATHSIG), and the main thread is the one that
// lives as long as the process.
func init() { runtime.LockOSThread() }

func main() {
	if filepath.Base(os.Args[0]) == "lab-monitor" { // where that small program is not beside lab
		os.Exit(loop.Run(os.Args, os.Environ()))
	}
	if code, ok := box.Main(os.Args); ok {
		os.Exit(code)
	}
	os.Exit(run(os.Args, streams{os.Stdin, os.Stdout, os.Stderr}))
}
