package main

// pivotRoot makes root the "/" of the mount namespace in which this process is, and takes the old one away.
//
// Kernel: mount(2), chdir(2), pivot_root(2), umount2(2).
func pivotRoot(root string) error {
	return nil // your code
}
