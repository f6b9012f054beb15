package cgroup

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// JoinOps returns the calls with which a process moves itself into the group; they use slot s. They belong in the list of
// a forked child, before it leaves the host's mounts.
//
// A thread that writes "0" to a v1 tasks file moves itself, which costs about 20 µs a tree. A parent that writes the
// child's pid to cgroup.procs must first stop all of the child's threads, for which the kernel waits for an RCU grace
// period: 4 to 8 ms. In v2 there is no tasks file: there the child is born in the group, with [Group.Dir] opened as
// kernel.Start.Cgroup, and no call is left to make.
func (g *Group) JoinOps(s kernel.Slot) []kernel.Op {
	ops := make([]kernel.Op, 0, 3*len(g.seats))
	for i := range g.seats {
		if g.seats[i].tree.Version == 1 {
			ops = append(ops, joinSelf(s, g.seats[i].dir+"/tasks")...)
		}
	}
	return ops
}

func joinSelf(s kernel.Slot, file string) []kernel.Op {
	why := "join: write 0 to " + file
	return []kernel.Op{
		kernel.Open(file, unix.O_WRONLY, 0).Into(s).For(why),
		kernel.Write(s.Ref(), "0").For(why).AsShell("echo $$ > " + file),
		kernel.Close(s.Ref()).For(why),
	}
}

// OpenTasks opens what JoinOps would, for a child that may not: the kernel asks for the rights of who opened the file, so a
// child that is born in a user namespace can write to a file that its parent has opened. The files are close-on-exec; close
// them after the fork. [JoinOpened] makes the child's calls.
func (g *Group) OpenTasks() ([]*os.File, error) {
	if g.err != nil {
		return nil, g.err
	}
	var files []*os.File
	for i := range g.seats {
		if g.seats[i].tree.Version != 1 {
			continue
		}
		f, err := os.OpenFile(g.seats[i].dir+"/tasks", os.O_WRONLY, 0)
		if err != nil {
			for _, open := range files {
				_ = open.Close()
			}
			return nil, fmt.Errorf("join group %s: %w", g.Path, err)
		}
		files = append(files, f)
	}
	return files, nil
}

// JoinOpened is [Group.JoinOps] with files of [Group.OpenTasks]. The kernel closes them in the child when it executes.
func JoinOpened(files []*os.File) []kernel.Op {
	ops := make([]kernel.Op, 0, len(files))
	for _, f := range files {
		ops = append(ops, kernel.Write(kernel.FD(int(f.Fd())), "0").For("join: write 0 to "+f.Name()).AsShell("echo $$ > "+f.Name()))
	}
	return ops
}

// Join moves the process pid, with all its threads, into the group, in every tree. It is the way from outside; a child
// of one's own is better started inside ([Group.JoinOps]).
//
// Kernel: write(2) of the pid to cgroup.procs. Errors: ESRCH when pid is gone or a zombie, EBUSY when the
// group passes controllers down in v2, EAGAIN never (joining ignores pids.max).
func (g *Group) Join(pid int) error {
	if g.err != nil {
		return g.err
	}
	if pid <= 0 {
		return fmt.Errorf("join group %s: %d is no process id", g.Path, pid)
	}
	for i := range g.seats {
		if err := write(g.seats[i].dir+"/cgroup.procs", itoa(int64(pid))); err != nil {
			return Explain(err)
		}
	}
	return nil
}
