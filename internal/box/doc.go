// Package box is the userland inside the image "box": a POSIX shell (package sh) and the everyday
// commands, all linked into the one lab binary, so that "lab run box" needs nothing but that file.
//
// The image is made on the spot (Layer): /bin/lab-box is a copy of the lab executable, and /bin/ls,
// /bin/sh and the rest are links to it. Main looks at the name it was called by, before any command
// line is built. Commands print what coreutils, procps and iproute2 print, as far as they go.
//
// Every command works without /proc, on a read-only root, and without privileges, as far as its
// subject allows; where it cannot, it names the file it could not read.
package box
