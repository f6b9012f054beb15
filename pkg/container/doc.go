// Package container is chapter 5: a whole container, as a list of system calls.
//
// There is no container in the kernel. There are namespaces (what a process sees), cgroups (what it may use), a root file
// system of its own, and a handful of rules about what it may do. A "container" is a process that was started
// after asking for all of these, in an order that matters. [Container.Plan] is that list, as a pure function of an OCI
// specification; read plan.go first, it is the table of contents of this course.
//
// The order, and why:
//
//   - cgroups first, so that all that follows is counted and limited; then the cgroup namespace, which takes the group
//     of that moment as its root;
//   - the mount tree is made private before the first mount, or the host would see every one of them;
//   - what is needed of the host's files (volumes) is opened before the old root goes, and attached after it has gone:
//     a symbolic link in an image then cannot lead out, because there is no outside any more;
//   - devices, /proc and /sys are mounted while the process is still root;
//   - capabilities are dropped last, and the seccomp filter before them where that needs a privilege;
//   - execve(2) ends the list.
//
// The specification is the OCI runtime specification's own type, and a container's directory is an OCI bundle:
// https://github.com/opencontainers/runtime-spec.
package container
