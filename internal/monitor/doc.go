// Package monitor is what stays beside a running container: it starts it, passes signals and terminal through, waits for
// the end, and takes back all that was made.
//
// There is no daemon. The `lab run` in the foreground is its container's monitor itself.
package monitor
