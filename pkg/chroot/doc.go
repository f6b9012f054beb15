// Package chroot is chapter 1: a process that sees another directory as "/".
//
// # What chroot(2) does
//
// Every process has three things that decide what a path means: the mounts of its mount namespace, its
// root directory, and its current directory. The last two are kept in the kernel's struct fs_struct. chroot(2)
// changes the second of them and nothing else:
//
//	lab chroot rootfs /bin/sh      # chroot(2), chdir(2), execve(2)
//	/ # ls /                       # the new root, nothing of the host
//	/ # mount -t proc proc /proc
//	/ # ps                         # … but all of the host's processes
//	/ # ip route; hostname         # … its network, its name
//
// So a chroot is not a container. What a process sees beside files belongs to namespaces (chapter 2), what it may
// use up to cgroups (chapter 3), and a root of its own that shares its bytes with others comes from the union file
// system (chapter 4).
//
// [Command] is the example above as data: [Command.Ops] lists the calls, [Command.Run] makes them in a new
// process. [Enter] makes them in this one.
//
// # Why a chroot leaks
//
// The kernel stops a path at the root directory in one place only: when ".." is about to climb out of it. A
// current directory that is not below the root never meets that place on its way up. chroot(2) does not
// change the current directory, so root can bring this about on purpose:
//
//	mkdir("breakout")      somewhere to go
//	chroot("breakout")     the root is now below the current directory
//	chdir("..") …          climbs past the old root: it is not the root any more
//	chroot(".")            the top of the tree is the root again: out
//
// It needs CAP_SYS_CHROOT, which root in a plain chroot has. [Escape] does it in the calling process and tells
// what it sees at each step: the device and inode numbers of "/" change, and that is the proof.
// A descriptor of a directory outside, left open by mistake, does the same in two calls: fchdir(2), chroot(".").
//
// # What pivot_root(2) does
//
// pivot_root(2) changes the first of the three: the mount at the top of the mount namespace. The
// new root's mount moves there and the old one goes where the second argument says, from where umount2(2) can
// take it away. Then there is nothing left to climb to: above the top of the tree is nothing, and the same
// escape ends in the same place where it began. Every container engine does this.
//
// The order matters (see NOTES in pivot_root(2)):
//
//	unshare(CLONE_NEWNS)                         or the host itself is pivoted
//	mount("/", MS_REC|MS_PRIVATE)                or the mounts that follow are seen by the host,
//	                                             and pivot_root says EINVAL to a shared parent
//	mount(root, root, MS_BIND|MS_REC)            pivot_root wants a mount, not a directory
//	chdir(root); pivot_root(".", ".")            the old root is now mounted on top of the new one
//	umount2(".", MNT_DETACH)                     and gone
//	chdir("/")
//
// [Pivot] is the verb, [Command.Pivot] the flag.
package chroot
