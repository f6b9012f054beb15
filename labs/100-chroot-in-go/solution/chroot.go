package main

import (
	"fmt"
	"os"
	"syscall"
)

// changeRoot makes root the root directory of this process, and the directory in which it stands.
//
// Kernel: chroot(2), chdir(2).
func changeRoot(root string) error {
	if err := syscall.Chroot(root); err != nil {
		return fmt.Errorf("chroot to %s: %w", root, err)
	}
	// Without this, ".." leads out: the current directory is above the new root.
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("go to the new root: %w", err)
	}
	return nil
}
