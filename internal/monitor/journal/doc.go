// Package journal writes a container's log: plain files that cat can read.
//
//	log/000001/stdout   exactly the bytes that the container printed
//	log/000001/stderr   the same of its other stream
//	log/000001/times    when: one line a chunk, as it came
//	log/000002/…        the next part, when the first was full
//
// A line of times says how large the two files had become at a time, in nanoseconds since 1970:
//
//	1763703634123456789 4096 0
//	1763703634125000000 4096 57
//
// At the second of these, 57 bytes came on stderr. A file that nobody wrote to is not there. The bytes are written before their
// line: what a writer that was killed left without one is still part of the log.
//
// The writer is part of a very small program, one of which runs beside every container. So it imports next to nothing; who reads
// logs imports package replay. It never fails: what cannot be written, because the disk is full perhaps, is counted, and the count
// stands in times as soon as there is room for it. The container goes on.
package journal
