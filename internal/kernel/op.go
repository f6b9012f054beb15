package kernel

import (
	"runtime"
	"strings"
	"syscall"
)

// Op is one system call, not yet made.
//
// Make one with the constructor named after the call ([Mount], [Unshare], [PivotRoot] …); the zero
// Op is not valid. An Op is a value: the methods that refine it ([Op.For], [Op.Into], [Op.Ignoring])
// return a changed copy.
type Op struct {
	Call string // the system call's name, as in its man page: "mount"
	Args []Arg  // its arguments in the man page's order

	// Why says in a few words what the call is for, in the infinitive: "hide the host's mounts".
	// It opens the error message when the call fails.
	Why string

	// Out is the slot that keeps the call's result (a descriptor) for later ops; 0 keeps nothing.
	Out Slot

	// Ignore lists the errors that are no failure here: EEXIST for a mkdir, ENOENT for an execve that
	// is one try of several along PATH.
	Ignore []syscall.Errno

	// Also runs in the parent at this point of a forked list, while the child waits (see [Meet]).
	Also func(*Child) error

	shell string     // overrides the derived shell line
	nr    uintptr    // system call number; meetNr for Meet
	pcs   [6]uintptr // who made it
}

// Slot names a place that keeps the result of one op for the ops after it: "the descriptor that
// open returned". Slots are numbered 1 to 255 by whoever makes the list.
type Slot int

// maxSlots bounds the slots of one list.
const maxSlots = 256

// Ref returns the slot's future content as a descriptor argument.
func (s Slot) Ref() Ref { return Ref{slot: s} }

// Ref is a file descriptor that is known now ([FD]) or will be in a slot by then ([Slot.Ref]).
type Ref struct {
	fd   int
	slot Slot
}

// FD returns a descriptor known now; [AtCwd] is the current directory of the *at calls.
func FD(fd int) Ref { return Ref{fd: fd} }

// AtCwd makes the *at system calls resolve relative paths from the current directory.
var AtCwd = Ref{fd: -100}

// For returns the op with its purpose set.
func (o Op) For(why string) Op { o.Why = why; return o }

// Into returns the op with its result kept in slot s.
func (o Op) Into(s Slot) Op { o.Out = s; return o }

// Ignoring returns the op with errs counted as success.
func (o Op) Ignoring(errs ...syscall.Errno) Op { o.Ignore = errs; return o }

// AsShell returns the op with the shell line that a learner would type for it.
func (o Op) AsShell(line string) Op { o.shell = line; return o }

// Man returns the man page of the call: "mount(2)".
func (o Op) Man() string { return o.Call + "(2)" }

// Shell returns the shell line that does the same, or "" where no everyday tool does.
func (o Op) Shell() string {
	if o.shell != "" {
		return o.shell
	}
	return shellLine(o)
}

// String returns the call as strace(1) would print it, without its result.
func (o Op) String() string {
	texts := make([]string, len(o.Args))
	for i, a := range o.Args {
		texts[i] = a.String()
	}
	return o.Call + "(" + strings.Join(texts, ", ") + ")"
}

// Source returns where in lab's own source the op was made: "pkg/container/dev.go:31"; "" if nobody was watching then (see
// [Watch]).
func (o Op) Source() string {
	frames := runtime.CallersFrames(o.pcs[:])
	for {
		f, more := frames.Next()
		if f.File != "" && !strings.Contains(f.Function, "/internal/kernel.") {
			return relative(f)
		}
		if !more {
			return ""
		}
	}
}

// relative names a frame's file from the module's root, with or without -trimpath.
func relative(f runtime.Frame) string {
	file := f.File
	for _, room := range [...]string{"/pkg/", "/internal/", "/cmd/"} {
		if i := strings.LastIndex(file, room); i >= 0 {
			return file[i+1:] + ":" + itoa(f.Line)
		}
	}
	return file + ":" + itoa(f.Line)
}

// newOp is what every constructor ends in.
func newOp(call string, nr uintptr, args ...Arg) Op {
	o := Op{Call: call, Args: onHeap(args), nr: nr}
	if watching.Load() != nil { // nobody else asks where an op comes from, and finding out costs more than most calls
		runtime.Callers(3, o.pcs[:])
	}
	return o
}

// onHeap makes args, and all that they point to, live on the heap: their addresses are handed to the
// kernel as numbers, and only the heap never moves.
func onHeap(args []Arg) []Arg {
	if heap.never {
		heap.sink = args
	}
	return args
}

var heap struct {
	never bool
	sink  []Arg
}
