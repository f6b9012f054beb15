package container

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/container-labs/lab/pkg/cgroup"
)

// Settings are what lab must know to start a container again and what its OCI configuration has no field for:
// settings.json in its directory. The rest of it is config.json.
type Settings struct {
	Entrypoint []string `json:"entrypoint,omitempty"` // config.json has them joined, as the program's arguments
	Cmd        []string `json:"cmd,omitempty"`
	User       string   `json:"user,omitempty"` // as it was asked for, by name perhaps

	OpenStdin   bool          `json:"openStdin,omitempty"` // -i
	Init        bool          `json:"init,omitempty"`      // --init
	Network     string        `json:"network,omitempty"`
	Privileged  bool          `json:"privileged,omitempty"`
	Restart     RestartPolicy `json:"restart"`
	StopSignal  string        `json:"stopSignal,omitempty"`  // empty: SIGTERM
	StopTimeout *int          `json:"stopTimeout,omitempty"` // seconds; nil: 10
	Log         LogOptions    `json:"log"`
	SecurityOpt []string      `json:"securityOpt,omitempty"`

	Limits        cgroup.Limits     `json:"limits"`
	HostDevices   map[string]string `json:"hostDevices,omitempty"`
	Files         []File            `json:"files,omitempty"`
	DefaultFilter bool              `json:"defaultFilter,omitempty"` // Docker's seccomp profile, which is compiled ahead
	Capabilities  []string          `json:"capabilities,omitempty"`  // what that profile depends on
}

// RestartPolicy says whether a monitor starts its container again: "no", "on-failure", "always" or "unless-stopped".
type RestartPolicy struct {
	Name    string `json:"name,omitempty"`
	Retries int    `json:"retries,omitempty"` // of on-failure; 0: without end
}

// String is the policy as --restart takes it.
func (p RestartPolicy) String() string {
	if p.Name == "" {
		return "no"
	}
	if p.Retries > 0 {
		return fmt.Sprintf("%s:%d", p.Name, p.Retries)
	}
	return p.Name
}

// LogOptions say when a monitor begins a new part of the container's log, and how many it keeps.
type LogOptions struct {
	MaxSize  int64 `json:"maxSize,omitempty"`  // bytes; 0: one part without end
	MaxFiles int   `json:"maxFiles,omitempty"` // 0: 1
}

const settingsFile = "settings.json"

// Write replaces the settings in the container's directory.
func (s Settings) Write(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write the container's settings: %w", err)
	}
	return write(filepath.Join(dir, settingsFile), append(data, '\n'))
}

// ReadSettings reads them. The error is fs.ErrNotExist where there are none.
func ReadSettings(dir string) (Settings, error) {
	var s Settings
	data, err := os.ReadFile(filepath.Join(dir, settingsFile))
	if err != nil {
		return s, fmt.Errorf("read the container's settings: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("read the container's settings in %s: %w", dir, err)
	}
	return s, nil
}
