package cgroup

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

var (
	// ErrV1Only is returned for a limit that v2 has no file for.
	ErrV1Only = errors.New("only cgroup v1 has it")
	// ErrV2Only is returned for a limit that v1 has no file for.
	ErrV2Only = errors.New("only cgroup v2 has it")
	// ErrInside is returned by Freeze, Kill and Delete of a group that the calling process is in.
	ErrInside = errors.New("the calling process is in the group itself")
	// ErrStillThere is returned by Kill and Delete when members outlive SIGKILL: they hang in the kernel.
	ErrStillThere = errors.New("processes are still in the group")
)

// MissingController is returned when limits ask for a controller that the machine does not have.
type MissingController struct {
	Name string // v1's name of it
	Mode Mode
}

// Error says what is missing and the way out.
func (e *MissingController) Error() string {
	const nothing = "no control groups are mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup"
	name := e.Name
	if e.Mode == V2 && name == "blkio" {
		name = "io"
	}
	said := fmt.Sprintf("the %s controller is missing (cgroup %s): ", name, e.Mode)
	switch {
	case e.Mode == None:
		return said + nothing
	case e.Name == "memory":
		said += "boot with cgroup_enable=memory if /proc/cgroups shows it disabled; "
	}
	if e.Mode == V2 {
		return said + "see which ones the group above passes down with: cat cgroup.controllers"
	}
	return said + fmt.Sprintf("mount it with: mkdir /sys/fs/cgroup/%[1]s && mount -t cgroup -o %[1]s %[1]s /sys/fs/cgroup/%[1]s", name)
}

// Is makes errors.Is(err, unix.ENOENT) true: what the kernel itself would have said.
func (e *MissingController) Is(target error) bool { return target == unix.ENOENT }

// InternalProcesses is v2's rule that every beginner runs into: a group that has members of its own cannot pass controllers
// down, so that processes and groups never compete for the same resource. Only the top of the tree is exempt.
type InternalProcesses struct {
	File string // the cgroup.subtree_control that refused
	Err  error
}

// Error says the rule, and the way out.
func (e *InternalProcesses) Error() string {
	dir := strings.TrimSuffix(e.File, "/cgroup.subtree_control")
	return fmt.Sprintf("%v: cgroup v2 lets a group have member processes or pass controllers to its children, not both; "+
		"move the processes of %s into a child group first", e.Err, dir)
}

// Unwrap returns the error of the write.
func (e *InternalProcesses) Unwrap() error { return e.Err }

// Explain adds what the kernel's errno does not say to the error of an op that this package made; other errors it returns as
// they are. The verbs do it by themselves; it is for whoever runs the ops of [Group.CreateOps].
func Explain(err error) error {
	var failed *kernel.Error
	if !errors.As(err, &failed) {
		return err
	}
	file := failed.Op.Why[strings.LastIndexByte(failed.Op.Why, ' ')+1:] // "write +cpu to /sys/…"
	switch {
	case failed.Errno == unix.EBUSY && strings.HasSuffix(file, "/cgroup.subtree_control"):
		return &InternalProcesses{File: file, Err: err}
	case failed.Errno == unix.ENOSPC && strings.HasSuffix(file, "/tasks"):
		return fmt.Errorf("%w (a v1 cpuset group takes no task before its cpuset.cpus and cpuset.mems are set)", err)
	case failed.Errno == unix.EROFS:
		return fmt.Errorf("%w (the control groups are mounted read-only here, as in an ordinary container)", err)
	}
	return err
}
