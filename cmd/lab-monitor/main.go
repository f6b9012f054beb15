// The Go runtime would read its cgroup's files at every start, and hold two of them, to learn how many CPUs it may use.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command lab-monitor is what stays beside each detached container: lab starts it, and it starts lab again in the end. It is a
// program of its own because it waits for a long time and lab is large.
package main

import (
	"os"

	"github.com/container-labs/lab/internal/monitor/loop"
)

func main() {
	os.Exit(loop.Run(os.Args, os.Environ()))
}
