package container

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Status is where a container is in its life.
type Status string

// The states of a container.
const (
	Created Status = "created"
	Running Status = "running"
	Exited  Status = "exited"
)

// State is a container's record, state.json in its directory.
type State struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Image     string            `json:"image"`
	ImageID   string            `json:"imageID"`
	Layers    []string          `json:"layers"` // digests of the image's layers, base first
	Command   []string          `json:"command"`
	Labels    map[string]string `json:"labels,omitempty"`
	Status    Status            `json:"status"`
	PID       int               `json:"pid,omitempty"`       // of PID 1, as the host counts
	StartTime uint64            `json:"startTime,omitempty"` // of that process, in clock ticks since boot: tells it from a later one with its pid
	ExitCode  int               `json:"exitCode"`
	Error     string            `json:"error,omitempty"`
	Remove    bool              `json:"remove,omitempty"` // --rm
	Created   time.Time         `json:"created"`
	Started   time.Time         `json:"started,omitzero"`
	Finished  time.Time         `json:"finished,omitzero"`
}

const stateFile = "state.json"

// Write replaces the record in the container's directory dir: a reader sees the old one or the new one.
func (s State) Write(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write the container's state: %w", err)
	}
	return replace(filepath.Join(dir, stateFile), append(data, '\n'))
}

// ReadState reads the record. The error is fs.ErrNotExist where there is none.
func ReadState(dir string) (State, error) {
	var s State
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return s, fmt.Errorf("read the container's state: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("read the container's state in %s: %w", dir, err)
	}
	return s, nil
}

// Alive says whether the recorded process still runs: the pid exists, and it is the same process.
func (s State) Alive() bool {
	return s.PID != 0 && StartTime(s.PID) == s.StartTime && s.StartTime != 0
}

// StartTime is field 22 of /proc/PID/stat (proc_pid_stat(5)): when the process started, in clock ticks since boot; 0 when
// there is no such process.
func StartTime(pid int) uint64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:])) // the command's name may hold anything
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return 0
	}
	ticks, _ := strconv.ParseUint(fields[19], 10, 64)
	return ticks
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
	return replace(path, append(data, '\n'))
}

// withSeccomp adds the profile that was made into JSON ahead, as linux.seccomp.
func withSeccomp(spec []byte, profile string) ([]byte, error) {
	before, after, found := bytes.Cut(spec, []byte(`"linux":{`))
	if !found {
		return nil, errors.New("write the container's config.json: it has no linux section")
	}
	return bytes.Join([][]byte{before, []byte(`"linux":{"seccomp":` + profile + `,`), after}, nil), nil
}

// replace writes a file whole: readers see the old content or the new.
func replace(path string, data []byte) error {
	temp := path + ".new"
	err := os.WriteFile(temp, data, 0o640)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		if errors.Is(err, unix.ENOSPC) && overwrite(path, data) == nil {
			return nil
		}
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// overwrite writes JSON into the blocks that the file has already. A container may have filled the disk itself, and must still be
// seen to have ended. What is left of a longer old text becomes blanks, in the same write.
func overwrite(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return err
	}
	if int64(len(data)) > st.Blocks*512 {
		return unix.ENOSPC
	}
	if more := int(st.Size) - len(data); more > 0 {
		data = append(slices.Clip(data), bytes.Repeat([]byte(" "), more)...)
	}
	_, err = file.WriteAt(data, 0)
	return err
}
