// Package event keeps what happened to containers and images, for `lab events`.
//
// There is no daemon that could tell. Whoever changes something appends one line of JSON to the file "events" in lab's directory, and whoever wants to
// know reads the file, or waits for it to grow. The line is written by one write(2) on a descriptor opened with O_APPEND, so that any number of processes
// may do it at once without a lock: the kernel finds the end and writes in one step (open(2)).
//
// A file of [MaxSize] bytes is renamed to "events.1", in the place of the one before, and the next writer makes a new one.
//
// Telling is no part of the work: [Write] returns nothing, and an event that cannot be written (a full disk) is lost.
package event
