package main

import (
	"fmt"
	"syscall"
)

// pivotRoot makes root the "/" of the mount namespace in which this process is, and takes the old one away.
//
// Kernel: mount(2), chdir(2), pivot_root(2), umount2(2).
func pivotRoot(root string) error {
	// First of all: what is mounted from here on is nobody else's business.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make / private: %w", err)
	}
	// The new root must be a mount point.
	if err := syscall.Mount(root, root, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s onto itself: %w", root, err)
	}
	if err := syscall.Chdir(root); err != nil {
		return fmt.Errorf("go to the new root: %w", err)
	}
	// The old root is stacked on the new one, at the same place: no directory is needed for it.
	if err := syscall.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	// What is at "." now is the old root, and it is on top.
	if err := syscall.Unmount(".", syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount the old root: %w", err)
	}
	if err := syscall.Chdir("/"); err != nil {
		return fmt.Errorf("go to /: %w", err)
	}
	return nil
}
