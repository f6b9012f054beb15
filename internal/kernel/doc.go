// Package kernel is the one door through which lab changes the machine.
//
// A container start is a list of system calls. An [Op] is one of them: its name and
// arguments, the shell line that does the same, and the line of our source that asked for it.
// Because a call is a value before it is made, it can be shown (--explain), stepped through
// (--step), listed without being made (--dry-run), compared in a golden test, and made to fail
// on purpose.
//
// Ops run in one of two ways:
//
//   - [Do] and [DoAll] make them here and now, on the calling thread;
//   - [Fork] makes them in a new process: a clone3(2) child that does nothing but walk the list
//     with raw system calls and ends in execve(2).
//
// The second way is why lab starts a container without running itself again ("re-exec"), the
// way most engines written in Go do. A child of clone3 has a copy of the parent's memory but only
// one thread, so the Go runtime in it is dead: it must not allocate, lock, or grow its stack.
// Walking a list that was prepared by the parent needs none of these.
//
// Reading is not an Op: looking at /proc or stat(2) changes nothing and is done with package os.
package kernel
