package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// run starts this program again, as "child", in new mount, PID and UTS namespaces, and waits for its end.
//
// Kernel: clone(2).
func run(root string, args []string) error {
	cmd := exec.Command("/proc/self/exe", append([]string{"child", root}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS,
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w", args[0], err)
	}
	return nil
}

// child is the first process of the new namespaces: it sets up what the program shall see, and becomes the program.
//
// Kernel: the calls of pivotRoot, sethostname(2), mount(2), execve(2).
func child(root string, args []string) error {
	if err := pivotRoot(root); err != nil {
		return err
	}
	if err := syscall.Sethostname([]byte("mini")); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	// A proc file system shows the PID namespace of whoever mounts it: ours.
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return execute(args)
}
