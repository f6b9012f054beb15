package cgroup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// MakeRoom moves the processes of the v2 group below which this package begins into a child of it, called name, so that it
// may pass controllers down: the way out of [InternalProcesses] for a lab that runs inside a container, whose top
// group has the container's own processes in it, or in a group that was delegated to a user.
//
// It is the one verb that moves what the caller did not start; nothing else here calls it. The top of the whole machine
// is exempt from the rule, and nothing is moved there; nor on v1.
//
// Kernel: mkdir(2), cgroup.procs. Errors: EBUSY when new processes keep appearing faster than they are moved.
func (m *Machine) MakeRoom(name string) error {
	if err := cleanPath(name); err != nil {
		return err
	}
	h := m.v2()
	if h == nil || !exists(h.Dir+h.Base+"/cgroup.type") { // only the machine's top has no type
		return nil
	}
	top := h.Dir + h.Base
	if err := (step{mkdir: top + "/" + name, parent: true}).do(); err != nil {
		return err
	}
	for range 100 {
		moved, err := moveMembers(top, top+"/"+name)
		if err != nil || moved == 0 {
			return err
		}
	}
	return fmt.Errorf("move the processes of %s: %w", top, unix.EBUSY)
}

// moveMembers moves the members of one group, without those of its children, and returns how many there were.
func moveMembers(from, to string) (int, error) {
	data, err := os.ReadFile(from + "/cgroup.procs")
	if err != nil {
		return 0, fmt.Errorf("read the members of a group: %w", err)
	}
	n := 0
	for word := range bytes.FieldsSeq(data) {
		pid, err := strconv.Atoi(string(word))
		if err != nil || pid <= 0 {
			return n, fmt.Errorf("move the processes of %s: one of them has no id in this PID namespace", from)
		}
		n++
		if err := write(to+"/cgroup.procs", string(word)); err != nil && !errors.Is(err, unix.ESRCH) {
			return n, err
		}
	}
	return n, nil
}
