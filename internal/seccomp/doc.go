// Package seccomp compiles profiles of allowed system calls to filters that
// the kernel runs before each call of a container.
//
// # What it is for
//
// A container shares the host's kernel, and the kernel has some 380 system
// calls. Programs use about a third. The rest are doors: old ones nobody has
// looked at for years, new ones with their bugs still in. Namespaces and
// capabilities decide what a call may do; seccomp decides whether the kernel's
// code behind it is entered at all. That is why it helps against bugs that
// nobody knows yet.
//
// # What a filter sees
//
// A filter is a small program for a small machine, classic BPF, that the
// kernel runs at every call with this as its only input (seccomp(2)):
//
//	struct seccomp_data {
//	    int   nr;                   // offset 0: the call's number
//	    __u32 arch;                 // offset 4: by which convention it was made
//	    __u64 instruction_pointer;  // offset 8
//	    __u64 args[6];              // offset 16: the registers
//	};
//
// It returns 32 bits, of which the upper half is the verdict (allow, errno,
// kill, …) and the lower half data for it, such as the error's number. The
// machine has one register of 32 bits, and jumps go only forward, so that
// every program ends. Arguments that are pointers can be compared as numbers,
// but what they point at is out of sight: a filter can tell socket(AF_INET)
// from socket(AF_VSOCK), but not one path from another.
//
// # The shape of our filters
//
//	load arch
//	amd64? → tree for amd64      the same number means other calls
//	i386?  → tree for i386       by other conventions: 11 is munmap on
//	else kill the process        amd64, and execve on i386
//
//	load number
//	binary search over ranges of numbers
//	    leaf: a verdict, or
//	    leaf: comparison of arguments, then a verdict
//
// A list of questions ("is it read? is it write?") takes as many instructions
// as the profile has names. But neighbours mostly share a fate, so the numbers
// fall into a few dozen ranges, and a binary search asks 6 or 7 questions. For
// Docker's profile a call costs 10 instructions on average and 16 at most
// (clone, whose flags are compared), and the program has about 255 of the
// 4096 that the kernel accepts; TestCostOfTheDefaultProfile prints the
// numbers. (libseccomp 2.5 makes a list of the same profile: 700 instructions,
// of which a call executes 209 on average.) The order of the leaves does not matter: since Linux 5.11 the
// kernel finds out, when a filter is installed, which numbers are allowed
// whatever the arguments, and never runs the filter for them. It can because
// we use only the few instructions that it understands for this.
//
// Conditional jumps skip at most 255 instructions. Where a leaf is further
// away, the jump goes to a copy of the verdict or to a long jump (see
// program.go, which writes programs from the end to the start).
//
// An argument has 64 bits and the register 32, so a comparison is made of two,
// upper half first (condition.go). It compares the whole register, also where
// the kernel then uses an int: Docker's rule for socket(2), "family > 40",
// takes 1<<32 + AF_VSOCK for a large family and lets it through, though the
// kernel will cut it to AF_VSOCK. So does every runtime with this profile.
//
// # Why some calls are answered with ENOSYS
//
// A number that is in no table is newer than this package. The C library tries
// a new call first and falls back to an old one on ENOSYS, "the kernel has no
// such call"; on EPERM it gives up. When glibc began to use clone3, containers
// under older filters could no longer start threads. So unknown numbers are
// answered with ENOSYS, which refuses them as well; and clone3 itself always,
// since its flags lie behind a pointer, while clone's can be compared.
// Calls that are known and not allowed get the profile's default action, EPERM.
// Where the default action lets calls through, unknown ones pass too.
//
// # When to install it
//
// Last, right before execve: every call after it goes through it, execve too.
// Installing needs no_new_privs, or CAP_SYS_ADMIN. With no_new_privs set, the
// filter comes after capset(2) and everything else that the filter may forbid.
// Without it (a container that may run setuid programs) the filter has to be
// installed before capset takes CAP_SYS_ADMIN away, and must then allow the
// calls that are still to come: capset, prctl, execve; Docker's does. The
// reason for the rule: a filter stays on through execve, and a setuid program
// whose setuid() is answered with a false "success" would keep root.
//
// # Two sources
//
// [Default] is Docker's profile, made for the container's capabilities:
// mount(2) is on the list for those who hold CAP_SYS_ADMIN. [Load] reads a
// file in the same format. Both give an OCI profile for [Compile]. For the
// default capabilities, [DefaultFilter] and [DefaultJSON] were made by go
// generate and cost nothing; for others compiling takes some 0.2 ms.
//
// See seccomp(2), the kernel's Documentation/userspace-api/seccomp_filter.rst
// and Documentation/networking/filter.rst (the machine), and [Filter.String]
// for looking at a filter.
package seccomp
