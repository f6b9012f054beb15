package chroot

import "github.com/container-labs/lab/internal/kernel"

// Enter makes root the "/" of the calling process and goes there.
//
// Kernel: chroot(2), chdir(2) "/". Needs CAP_SYS_CHROOT.
// The threads of a Go program share one root directory, so all of them change, and there is no way back that
// this package offers ([Escape] is one that it should not). A thread that has left the others with unshare(2)
// CLONE_FS changes alone.
func Enter(root string) error { return kernel.DoAll(EnterOps(root)) }

// EnterOps lists what [Enter] does. The chdir is no decoration: without it the current directory stays
// outside, and ".." leads out.
func EnterOps(root string) []kernel.Op {
	return []kernel.Op{
		kernel.Chroot(root).For("make " + root + " the root directory"),
		kernel.Chdir("/").For("go there: the current directory is still outside"),
	}
}
