// Package carry copies files between two trees of which one may be hostile: a container's, whose processes may run, and may swap a
// directory for a symbolic link at any moment.
//
// A tree is a directory that is open, a [Place]. Nothing is named by a path from outside: every name is looked up below that
// descriptor, with openat2(2), and the kernel itself sees to it that a symbolic link leads nowhere else (RESOLVE_IN_ROOT). Below the file
// that was named, and below the place where it goes, no link is followed at all.
//
// What is copied is a tar stream in between, as docker cp has it: [Pack] writes one, [Unpack] reads one.
package carry
