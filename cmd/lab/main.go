// Command lab teaches containers by building one, and runs them.
package main

import (
	"os"
	"runtime"

	"github.com/container-labs/lab/internal/box"
)

// version is set by the linker.
var version = "dev"

// A container in the foreground dies with the thread that made it (PR_SET_PDEATHSIG), and the main thread is the one that
// lives as long as the process.
func init() { runtime.LockOSThread() }

func main() {
	if code, ok := box.Main(os.Args); ok {
		os.Exit(code)
	}
	os.Exit(run(os.Args, streams{os.Stdin, os.Stdout, os.Stderr}))
}
