package main

// changeRoot makes root the root directory of this process, and the directory in which it stands.
//
// Kernel: chroot(2), chdir(2).
func changeRoot(root string) error {
	return nil // your code
}
