package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/monitor/loop"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

// A container's record is a file, and files get lost. What runs of it then is found by what the kernel still knows: the members of its
// group, and its monitor, which has the ledger open.

// unreadable is what can be said of a container without its record; err says what is wrong with that. Nothing, where it has none and
// nothing runs: it is just being made, or removed.
func unreadable(s *store.Store, id string, err error) listed {
	c := listed{phase: container.Dead}
	c.ID, c.Status, c.Cgroup = id, container.Dead, groupWithoutRecord(s, id)
	missing := errors.Is(err, fs.ErrNotExist)
	runs := c.findWhatRuns(s, missing)
	if missing && !runs {
		return listed{}
	}
	c.Name = nameOf(s, id)
	what, name := "cannot be read: "+err.Error(), c.Name
	if missing {
		what = "is lost"
	}
	if name == "" {
		name = short(id)
	}
	if runs {
		c.Error = fmt.Sprintf("the record of container %s %s; it runs on, and `lab rm -f %s` ends and removes it", name, what, name)
	} else {
		c.Error = fmt.Sprintf("the record of container %s %s; remove it with `lab rm -f %s`", name, what, name)
	}
	if c.Created = c.Started; c.Created.IsZero() {
		if info, err := os.Stat(s.Container(id)); err == nil {
			c.Created = info.ModTime()
		}
	}
	return c
}

// withoutDirectory are the containers of which something runs although even their directories are lost: their ledgers are left.
func withoutDirectory(s *store.Store, ids []string, owned map[string]bool) []listed {
	for _, id := range ids {
		delete(owned, id)
	}
	var list []listed
	for id := range owned {
		if !isContainerID(id) {
			continue // what a chapter or the doctor has made
		}
		list = append(list, unreadable(s, id, fs.ErrNotExist))
	}
	return list
}

// brokenRecord is the error for a container that is there, and about which nothing can be done but to remove it.
type brokenRecord struct{ listed }

func (e *brokenRecord) Error() string { return e.listed.Error }

// findBroken finds a container whose record cannot be read by its name, its id, or the beginning of that.
func findBroken(root, name string) error {
	list, err := listContainers(root)
	if err != nil {
		return err
	}
	var found []listed
	for _, c := range list {
		if name == "" || c.phase != container.Dead {
			continue
		}
		if c.Name == name || c.ID == name {
			return &brokenRecord{c}
		}
		if strings.HasPrefix(c.ID, name) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("%w: %s", errNoContainer, name)
	case 1:
		return &brokenRecord{found[0]}
	}
	return errAmbiguous(name, len(found))
}

// runsOn says that something of a container runs whose record is lost.
func (c listed) runsOn() bool { return c.phase == container.Dead && !c.Started.IsZero() }

// findWhatRuns fills in since when anything of the container runs. A start has its program running for a moment before it writes the
// record: one that is only missing is taken for lost where the container's monitor is there, which is let go after the record is
// written, or when that moment has long gone.
func (c *listed) findWhatRuns(s *store.Store, missing bool) bool {
	started, runs := runsSince(c.Cgroup)
	if !runs && !hadMonitor(s.Container(c.ID)) {
		return false
	}
	if !missing && runs {
		c.Started = started
		return true
	}
	if pid := monitorOf(s, c.ID); pid != 0 {
		if !runs {
			started = startOf(container.StartTime(pid))
		}
		c.Started = started
		return true
	}
	if !runs || time.Since(started) < 5*time.Second {
		return false
	}
	time.Sleep(100 * time.Millisecond) // of a start that was made step by step, only the last step may have been a moment ago
	if _, err := os.Stat(filepath.Join(s.Container(c.ID), "state.json")); err == nil {
		return false
	}
	c.Started = started
	return true
}

// hadMonitor says whether a monitor has left its marks in a container's directory: it may be there without a process of the container, because
// it waits before it starts the next, or was stopped. Of a directory that is lost nobody can say.
func hadMonitor(dir string) bool {
	for _, name := range [...]string{loop.EndFile, loop.EndFile + ".new"} {
		if isThere(filepath.Join(dir, name)) {
			return true
		}
	}
	return !isThere(dir)
}

// runsSince looks for a program in a group, and returns when the oldest process started. A process that has not executed anything since
// it was forked may be a container that is just being made.
func runsSince(path string) (started time.Time, runs bool) {
	machine, err := cgroup.Detect()
	if err != nil {
		return started, false
	}
	group, err := machine.Open(path)
	if err != nil {
		return started, false
	}
	pids, _ := group.Procs()
	oldest := ^uint64(0)
	for _, pid := range pids {
		p, err := container.ReadProcess(pid)
		if err != nil || p.Ended {
			continue
		}
		oldest, runs = min(oldest, p.Start), runs || p.Executed
	}
	if !runs {
		return started, false
	}
	return startOf(oldest), true
}

// startOf is the time of so many clock ticks since the boot.
func startOf(at uint64) time.Time {
	var up unix.Timespec
	if at == 0 || unix.ClockGettime(unix.CLOCK_BOOTTIME, &up) != nil {
		return time.Now()
	}
	return time.Now().Add(time.Duration(at)*(time.Second/ticks) - time.Duration(up.Nano()))
}

// groupWithoutRecord is the path of a container's group by its ledger, by its configuration, or as it is made by default.
func groupWithoutRecord(s *store.Store, id string) string {
	path := ""
	if data, err := os.ReadFile(s.Path("ledger", id)); err == nil {
		for line := range strings.Lines(string(data)) {
			if arg, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "cgroup "); found {
				path = arg
			}
		}
	}
	if path == "" {
		if spec, err := readSpec(s.Path(), id); err == nil && spec.Linux != nil {
			path = strings.TrimPrefix(spec.Linux.CgroupsPath, "/")
		}
	}
	if filepath.Base(path) != id { // damaged too
		return groupPath(id)
	}
	return path
}

// monitorOf looks for the process beside a container: lab-monitor, with the container's id as its argument and its ledger open.
func monitorOf(s *store.Store, id string) int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && isMonitor(s, id, pid) {
			return pid
		}
	}
	return 0
}

func isMonitor(s *store.Store, id string, pid int) bool {
	dir := "/proc/" + strconv.Itoa(pid)
	ledger, err := os.Readlink(dir + "/fd/" + strconv.Itoa(loop.LockFD))
	if err != nil || strings.TrimSuffix(ledger, " (deleted)") != realPath(s.Path("ledger"))+"/"+id {
		return false
	}
	args, _ := os.ReadFile(dir + "/cmdline")
	return bytes.HasPrefix(args, []byte("lab-monitor\x00"))
}

// realPath is the path as the kernel spells it.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// removeLost ends what runs of a container whose record cannot be read, and removes it.
func removeLost(root string, state container.State) error {
	s := store.Open(root)
	m, err := cgroup.Detect()
	if err != nil {
		return err
	}
	undo := []store.Undo{{Do: "container", Arg: s.Container(state.ID)}, {Do: "cgroup", Arg: groupOf(state)}}
	if state.Name != "" { // nobody knows it where the record is lost, and the link is too
		undo = append([]store.Undo{{Do: "name", Arg: state.Name + " " + state.ID}}, undo...)
	}
	// Its monitor is neither to start it again nor to put anything in order.
	_ = os.WriteFile(filepath.Join(s.Container(state.ID), loop.StoppedFile), []byte(loop.OthersRemove), 0o640)
	for try := range 1000 {
		if err := m.Group(groupOf(state), cgroup.Limits{}).Delete(); err != nil {
			return err
		}
		ledger, err := s.Begin(state.ID, undo...)
		if errors.Is(err, unix.ENOSPC) { // not even a ledger fits: what the container wrote makes room
			if err := s.Remove(filepath.Join(s.Container(state.ID), "upper")); err != nil {
				return err
			}
			ledger, err = s.Begin(state.ID, undo...)
		}
		if err == nil {
			err = ledger.Undo(doers(s, m))
			if err == nil {
				tell(s, state, "destroy", nil)
			}
			return err
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		if try == 200 { // it should have gone long ago: somebody has stopped it, perhaps
			endMonitor(s, state.ID)
		}
		time.Sleep(min(time.Duration(try+1)*time.Millisecond, 10*time.Millisecond))
	}
	return fmt.Errorf("container %s is busy: another lab command is at work on it; try again", state.Name)
}

// endMonitor kills the process beside a container. Its pid is looked at once more when it cannot become another's any more.
func endMonitor(s *store.Store, id string) {
	pid := monitorOf(s, id)
	if pid == 0 {
		return
	}
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(process)
	if isMonitor(s, id, pid) {
		_ = unix.PidfdSendSignal(process, unix.SIGKILL, nil, 0)
	}
}
