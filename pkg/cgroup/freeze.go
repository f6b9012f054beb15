package cgroup

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"
)

// State says whether a group's members run.
type State string

// The states of a group. Freezing lasts as long as a member is in the kernel where it cannot be stopped.
const (
	Thawed   State = "thawed"
	Freezing State = "freezing"
	Frozen   State = "frozen"
)

// freezePatience is how long Freeze waits for the last member to stop.
const freezePatience = 10 * time.Second

// Freeze stops all members, those in groups below included, and returns when they stand still. Unlike with SIGSTOP they
// cannot notice. When one does not stop in ten seconds the group is thawed again and an error says so.
//
// Kernel: v1 freezer.state = FROZEN; v2 cgroup.freeze = 1, done when cgroup.events says "frozen 1".
func (g *Group) Freeze() error {
	if err := g.notInside(); err != nil {
		return fmt.Errorf("freeze group %s: %w", g.Path, err)
	}
	for wait, end := time.Duration(0), time.Now().Add(freezePatience); ; wait = longer(wait) {
		// v1 may have to be told again: a member forked while the others were being stopped.
		if err := g.setFrozen(true); err != nil {
			return err
		}
		state, err := g.State()
		if err != nil || state == Frozen {
			return err
		}
		if time.Now().After(end) {
			_ = g.setFrozen(false)
			return fmt.Errorf("freeze group %s: a member did not stop in %v", g.Path, freezePatience)
		}
		time.Sleep(wait)
	}
}

// Thaw lets the members run again. A group that is not frozen is no error.
func (g *Group) Thaw() error { return g.setFrozen(false) }

func (g *Group) setFrozen(on bool) error {
	s, err := g.freezer()
	if err != nil {
		return err
	}
	file, value := "/cgroup.freeze", "0"
	if on {
		value = "1"
	}
	if s.tree.Version == 1 {
		file, value = "/freezer.state", "THAWED"
		if on {
			value = "FROZEN"
		}
	}
	return Explain(write(s.dir+file, value))
}

// State returns whether the members run. A group below a frozen one is frozen too.
func (g *Group) State() (State, error) {
	s, err := g.freezer()
	if err != nil {
		return "", err
	}
	if s.tree.Version == 1 {
		line, err := readLine(s.dir + "/freezer.state")
		return State(strings.ToLower(line)), err
	}
	events, err := os.ReadFile(s.dir + "/cgroup.events")
	if err != nil {
		return "", fmt.Errorf("read a control group: %w", err)
	}
	if bytes.Contains(events, []byte("frozen 1")) {
		return Frozen, nil
	}
	asked, err := readLine(s.dir + "/cgroup.freeze")
	if asked == "1" {
		return Freezing, err
	}
	return Thawed, err
}

func (g *Group) freezer() (*seat, error) {
	if g.err != nil {
		return nil, g.err
	}
	if s := g.in("freezer"); s != nil {
		return s, nil
	}
	return nil, &MissingController{Name: "freezer", Mode: g.machine.Mode}
}

// notInside refuses to go on when the caller would stop or kill itself.
func (g *Group) notInside() error {
	pids, err := g.Procs()
	if err != nil {
		return err
	}
	return notAmong(pids)
}

// longer is the next pause of a wait: from 50 µs, doubled up to 10 ms.
func longer(wait time.Duration) time.Duration {
	return min(max(2*wait, 50*time.Microsecond), 10*time.Millisecond)
}
