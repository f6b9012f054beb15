// Package loop is the process that stays beside a detached container: one loop around poll(2), with nothing in it that a
// container's neighbour for weeks does not need.
//
// It copies the container's output into its log, connects those who attach, and waits for the end of the container's first
// process, which is its child. The end goes into one line of a file; then the process executes lab, which puts everything in
// order or starts the container again. It imports no more than it must: every package costs memory, once for each container.
package loop
