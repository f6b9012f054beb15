// Package monitor is lab's side of a running container. [Run] starts one in the foreground, passes signals on, waits for the end and
// takes back all that was made; [Session] is a person attached to one that has a process beside it, which is package loop.
//
// There is no daemon.
package monitor
