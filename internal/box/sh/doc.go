// Package sh is the POSIX shell of the box image.
//
// It reads one complete command at a time, expands its words and runs it. Programs, background
// commands and the stages of a pipeline are processes of their own, as a learner who types ps
// expects; (…) and $(…) are run by the shell itself on a copy of its state, because a Go program
// cannot fork. Where a real fork is needed (cmd & of something that is no program, a stage of a
// pipeline) the shell starts itself again and sends its state through a pipe (see subshell.go).
//
// The shell is the one waiter of all its children: reaper.go collects everything that ends,
// so that a shell that is PID 1 buries the orphans that the kernel hands it, see NOTES in wait(2).
//
// Left out, as in most small shells: arrays, [[ ]], process substitution, fc, and brace expansion.
package sh
