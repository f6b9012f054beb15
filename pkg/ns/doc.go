// Package ns is chapter 2: what a process sees of the machine, and how to give it less.
//
// # The idea
//
// Some things of a machine are named globally: its host name, its process ids, its network devices, its
// mounts. A namespace is one set of such names. Every process is in one namespace of each of eight kinds
// ([Kinds]), which its children inherit; in the kernel, task_struct.nsproxy points to them. A process in
// another network namespace has other devices, addresses, routes and ports, and nothing that it does to them
// reaches the host's.
//
//	kind     flag              what a process has for itself
//	mnt      CLONE_NEWNS       mount points
//	uts      CLONE_NEWUTS      host name and NIS domain name
//	ipc      CLONE_NEWIPC      System V IPC, POSIX message queues
//	net      CLONE_NEWNET      network devices, addresses, routes, ports, firewall
//	pid      CLONE_NEWPID      process ids
//	user     CLONE_NEWUSER     user and group ids, capabilities
//	cgroup   CLONE_NEWCGROUP   the cgroup that is shown as the root
//	time     CLONE_NEWTIME     the monotonic and boot-time clocks
//
// A namespace has no name, but a number: that of its file. The links in /proc/PID/ns show it, and two processes are in one
// namespace exactly when the numbers are equal ([Of], [Same]):
//
//	$ readlink /proc/self/ns/net
//	net:[4026531840]
//
// # Making one
//
// There are two system calls, and they differ in who moves. clone3(2) with a flag makes a child that is born in new
// namespaces. unshare(2) moves the caller. [Unshare] is unshare(1) with both: with Fork the program is such a child,
// without it a child of ours calls unshare(2) for itself and executes the program.
//
//	# lab ns unshare -fn sleep 60 &
//	# lab ns ls -t net              one more than before, held by sleep
//	# lab ns enter -t PID -n ip a   only lo, and it is DOWN
//
// For a PID namespace the difference matters. A process cannot change its own id, so unshare(2) leaves the caller where it is and
// only its children are in the new namespace. The first of them is PID 1 there, and PID 1 is special:
//
//   - when it ends, the kernel kills every other process of the namespace, and no more can be made (ENOMEM);
//   - a process whose parent has ended becomes its child, and PID 1 must wait for it, or zombies remain;
//   - a signal for which it has no handler does nothing to it, wherever it comes from. Only SIGKILL and SIGSTOP
//     from outside the namespace do. That is why `docker stop` of a shell takes ten seconds.
//
// ps(1) reads /proc, and a proc file system shows the PID namespace of whoever mounted it. So a new PID namespace wants a new
// mount of /proc, and that wants a new mount namespace: `unshare -pf --mount-proc`.
//
// A new mount namespace begins as a copy of the old one. Where a mount is "shared", mounts below it go on to be copied
// from one to the other; so the first thing to do in it is to make everything private. Unshare does it
// unless Propagation says otherwise.
//
// # User namespaces
//
// A user namespace translates ids. /proc/PID/uid_map has lines of three numbers: ids inside, ids outside, how many
// ([IDMap]). Before the map is written every id is unmapped, and shows as 65534, "nobody".
//
//	$ lab ns unshare -r sh -c 'id -u; cat /proc/self/uid_map'
//	0
//	         0       1000          1
//
// Anybody may make a user namespace, and has all capabilities in it: over what it owns. Every namespace is owned by the
// user namespace in which it was made ([Owner]), so an ordinary user can have a network and mounts of
// his own, and may do nothing to the host's. This is what rootless containers stand on.
//
// Who may write the map? The owner may map his own id, one line of size 1, and his own group only after writing "deny" to
// /proc/PID/setgroups (otherwise leaving a group could open files that the group is kept out of). Ranges need
// CAP_SETUID in the parent namespace. An administrator lends them in /etc/subuid ([SubIDs]), and the set-uid program
// newuidmap(1) writes what the file allows. In any case it is the parent who writes, while the child waits: see [Mapping].
//
// # Joining one
//
// setns(2) joins: a file of /proc/PID/ns, one at a time, or with a pidfd many at once. [Enter] is nsenter(1). Three rules
// of the kernel shape it:
//
//   - a PID namespace is joined for children only, as with unshare(2): hence the fork;
//   - a user namespace can be joined by a process with one thread only. A Go program has several, but the child of
//     clone3(2) that internal/kernel makes has one;
//   - who joins a user namespace loses what he could do outside. Namespaces that belong to it are joined with
//     or after it, all others before.
//
// # Gotchas in Go
//
// Namespaces belong to threads. After unshare(2) or setns(2) on a thread, look at /proc/thread-self, never at /proc/self, which is
// the first thread; lock the goroutine first (runtime.LockOSThread) and never unlock it where the way back is barred. This
// package changes no thread that stays: the calls are made in a child, or on a thread that ends.
//
// # Finding them
//
// [List] is lsns(8), and finds what that does not: a namespace lives as long as anything holds it, which may be a process, but
// also a thread, an open descriptor, a bind mount (`ip netns add` makes one in /run/netns; [Unshare].Keep does the
// same), or a namespace below it. [Listing.Tree] draws who owns whom.
package ns
