// Package replay reads a container's log back: what [journal.Writer] wrote, while it still writes, after it was killed, or when
// the disk was full.
//
// The two streams are files of bytes, so most of the work is none: a file is copied to where it is wanted, by the kernel. The marks
// in times are read only where they are needed: to find a time (by halving), to count the last lines when there are two streams
// (backwards), to print a time before each line, and to bring two streams into one order.
//
// Where both streams go to the same place, or get times, a line is never torn: one whose end has not come yet waits for it, and the
// other stream's lines go first.
package replay
