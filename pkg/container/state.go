package container

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/replace"
)

// Status is where a container is in its life.
type Status string

// The states of a container.
const (
	Created    Status = "created"
	Running    Status = "running"
	Paused     Status = "paused"
	Restarting Status = "restarting" // ended, and its monitor is about to start it again
	Removing   Status = "removing"
	Exited     Status = "exited"
	Dead       Status = "dead" // could not be removed, or its record cannot be read
)

// State is a container's record, state.json in its directory.
type State struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Image     string            `json:"image"`
	ImageID   string            `json:"imageID"`
	Layers    []string          `json:"layers"` // digests of the image's layers, base first
	Command   []string          `json:"command"`
	Cgroup    string            `json:"cgroup,omitempty"` // the path of its group below the trees
	Labels    map[string]string `json:"labels,omitempty"`
	Status    Status            `json:"status"`
	PID       int               `json:"pid,omitempty"`       // of PID 1, as the host counts
	StartTime uint64            `json:"startTime,omitempty"` // of that process, in clock ticks since boot: tells it from a later one with its pid
	Boot      string            `json:"boot,omitempty"`      // the kernel's random id of the boot in which it started
	Monitor   int               `json:"monitor,omitempty"`   // pid of the process beside a detached container; 0: the lab in the foreground is
	ExitCode  int               `json:"exitCode"`
	Error     string            `json:"error,omitempty"`
	Remove    bool              `json:"remove,omitempty"` // --rm
	Restarts  int               `json:"restarts,omitempty"`
	OOMKilled bool              `json:"oomKilled,omitempty"`
	Holder    *Holder           `json:"holder,omitempty"` // who has its group frozen, or is about to
	Created   time.Time         `json:"created"`
	Started   time.Time         `json:"started,omitzero"`
	Finished  time.Time         `json:"finished,omitzero"`
}

// Holder is a process that freezes or thaws a container, or keeps it frozen for a moment. Should it be killed, whoever sees that thaws the
// container; one that a person has paused has no holder.
type Holder struct {
	PID       int    `json:"pid"`
	StartTime uint64 `json:"startTime"` // in clock ticks since boot
}

// Myself is the calling process.
func Myself() *Holder {
	pid := os.Getpid()
	return &Holder{PID: pid, StartTime: StartTime(pid)}
}

// Is says whether both are the same process.
func (h *Holder) Is(other *Holder) bool { return h != nil && other != nil && *h == *other }

// Gone says that there is a holder, and that it does not run any more.
func (h *Holder) Gone() bool { return h != nil && !runs(h.PID, h.StartTime) }

const stateFile = "state.json"

// Write replaces the record in the container's directory dir: a reader sees the old one or the new one.
func (s State) Write(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write the container's state: %w", err)
	}
	return write(filepath.Join(dir, stateFile), append(data, '\n'))
}

// ReadState reads the record, and the end that a monitor has noted beside it ([ReadEnd]). The error is fs.ErrNotExist where there
// is none. For many containers, a [Reader] does less work.
func ReadState(dir string) (State, error) { return NewReader(nil).State(dir) }

func (r *Reader) record(dir string) (State, error) {
	var s State
	data, err := r.read(dir + "/" + stateFile)
	if err != nil {
		return s, fmt.Errorf("read the container's state: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("read the container's state in %s: %w", r.name+dir, err)
	}
	return s, nil
}

// ChangeState changes the record under a lock on the container's directory (flock(2)), which is held for this change alone. An
// error of change is returned as it is, and nothing is written then. Where the container is gone the error is fs.ErrNotExist.
func ChangeState(dir string, change func(*State) error) (State, error) {
	lock, err := os.Open(dir)
	if err != nil {
		return State{}, fmt.Errorf("read the container's state: %w", err)
	}
	defer lock.Close()
	for {
		if err = unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return State{}, fmt.Errorf("lock the container's state: %w", err)
	}
	s, err := ReadState(dir)
	if err != nil {
		return s, err
	}
	if err := change(&s); err != nil {
		return s, err
	}
	return s, s.Write(dir)
}

// Alive says whether the recorded process still runs: this is the boot in which it started, the pid exists, and it is the same process.
// Where the kernel cannot be asked, for want of a descriptor or of memory, it is taken to run: who believes it ended may remove what
// it stands on.
func (s State) Alive() bool {
	thisBoot := s.Boot != "" && (s.Boot == BootID() || BootID() == "")
	return s.PID != 0 && s.StartTime != 0 && thisBoot && runs(s.PID, s.StartTime)
}

func runs(pid int, started uint64) bool {
	p, err := ReadProcess(pid)
	return err != nil || !p.Ended && p.Start == started
}

// Ran notes that the container's first process has just started.
func (s *State) Ran(pid, monitor int) {
	s.Status, s.PID, s.Monitor, s.Started, s.Finished = Running, pid, monitor, time.Now(), time.Time{}
	s.Boot, s.ExitCode, s.Error, s.OOMKilled, s.Holder = BootID(), 0, "", false, nil
	p, _ := ReadProcess(pid)
	s.StartTime = p.Start // it may have ended already
}

// Ended notes that it has ended.
func (s *State) Ended(code int, when time.Time) {
	s.Status, s.PID, s.StartTime, s.Boot, s.Monitor = Exited, 0, 0, "", 0
	s.ExitCode, s.Finished, s.Holder = code, when, nil
}

func (s *State) end(e End) {
	s.Ended(e.Code, e.Finished)
	if e.Restarting {
		s.Status = Restarting
	}
}

// BootID is the kernel's random name for this boot (random(4)); empty where it cannot be read.
var BootID = sync.OnceValue(func() string {
	data, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(data))
})

// StartTime is field 22 of /proc/PID/stat (proc_pid_stat(5)): when the process started, in clock ticks since boot; 0 when
// there is no such process, it has ended and nobody has waited for it yet, or the kernel cannot be asked.
func StartTime(pid int) uint64 {
	p, err := ReadProcess(pid)
	if p.Ended || err != nil {
		return 0
	}
	return p.Start
}

// WriteSpec writes the container's OCI configuration. What runc and crun read is what lab made its list of.
func WriteSpec(path string, c *Container) error {
	data, err := json.Marshal(c.Spec)
	if err != nil {
		return fmt.Errorf("write the container's config.json: %w", err)
	}
	if c.FilterJSON != "" {
		if data, err = withSeccomp(data, c.FilterJSON); err != nil {
			return err
		}
	}
	return write(path, append(data, '\n'))
}

// withSeccomp adds the profile that was made into JSON ahead, as linux.seccomp.
func withSeccomp(spec []byte, profile string) ([]byte, error) {
	before, after, found := bytes.Cut(spec, []byte(`"linux":{`))
	if !found {
		return nil, errors.New("write the container's config.json: it has no linux section")
	}
	return bytes.Join([][]byte{before, []byte(`"linux":{"seccomp":` + profile + `,`), after}, nil), nil
}

// write replaces a file. A container may have filled the disk itself, and must still be seen to have ended.
func write(path string, data []byte) error {
	err := replace.File(path, data)
	if errors.Is(err, unix.ENOSPC) && replace.JSON(path, data) == nil {
		return nil
	}
	return err
}
