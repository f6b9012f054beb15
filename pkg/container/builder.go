package container

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// builder collects the new process's list. Its methods are the chapters' paragraphs: each adds the calls for one idea.
type builder struct {
	c     *Container
	spec  *specs.Spec
	ops   []kernel.Op
	slots kernel.Slot
	binds []bind // host files opened by openHostFiles, attached by mountRest

	// Only in a user namespace, see users.go.
	loans []kernel.Op            // what lab opens for it
	lent  map[string]kernel.Slot // host devices
	early map[string]kernel.Slot // /proc and /sys, made before the old root goes
	tasks []kernel.Slot          // the v1 groups' tasks files
	err   error
}

func (b *builder) add(ops ...kernel.Op) { b.ops = append(b.ops, ops...) }

// slot returns a new place for a descriptor. A list has 255 of them, of which unionfs uses the last few.
func (b *builder) slot() kernel.Slot {
	if b.slots == 240 {
		b.fail("too many mounts: a container can have about 240 volumes")
		return b.slots
	}
	b.slots++
	return b.slots
}

func (b *builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

func (b *builder) overlay() bool { return len(b.c.Root.Lower) > 0 }

// has says whether the container gets a new namespace of this kind.
func (b *builder) has(kind specs.LinuxNamespaceType) bool {
	for _, n := range b.spec.Linux.Namespaces {
		if n.Type == kind && n.Path == "" {
			return true
		}
	}
	return false
}

// dieWithLab makes the kernel end the process when lab ends, however lab ends. The kernel forgets it when ids change
// (prctl(2)), so it is said again after each change here; a program that changes its own ids is ended by the next lab command, which
// finds its group.
func (b *builder) dieWithLab() {
	if b.c.Attached {
		b.add(kernel.Prctl(unix.PR_SET_PDEATHSIG, "PR_SET_PDEATHSIG", uintptr(unix.SIGKILL)).For("die with lab"), kernel.Alive())
	}
}

// session leaves lab's session: a signal from the terminal's keys reaches lab alone, which passes it on.
func (b *builder) session() {
	b.add(kernel.Setsid().For("leave the session of the terminal"), kernel.Umask(0).For("get exactly the permissions asked for"))
}
