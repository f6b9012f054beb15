package container

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/capability"
	"github.com/container-labs/lab/internal/seccomp"
)

// First is what a container's directory says about its first process.
type First struct {
	Process specs.Process
	Filter  seccomp.Filter
}

// ReadFirst reads config.json in a container's directory. Docker's own profile, which nearly every container has, is known by
// its text, and its program was compiled ahead; any other is compiled here.
func ReadFirst(dir string) (First, error) {
	var r First
	data, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return r, fmt.Errorf("read the container's configuration: %w", err)
	}
	var spec struct {
		Process *specs.Process `json:"process"`
		Linux   *struct {
			Seccomp *specs.LinuxSeccomp `json:"seccomp"`
		} `json:"linux"`
	}
	spec.Process = &r.Process
	rest, common := withoutDefaultProfile(data)
	if err := json.Unmarshal(rest, &spec); err != nil {
		return r, fmt.Errorf("read the container's configuration in %s: %w", dir, err)
	}
	switch {
	case common:
		r.Filter, err = seccomp.DefaultFilter(capability.Default)
	case spec.Linux != nil && spec.Linux.Seccomp != nil:
		r.Filter, err = seccomp.Compile(spec.Linux.Seccomp, seccomp.Native())
	}
	if err != nil {
		return r, fmt.Errorf("read the container's seccomp profile: %w", err)
	}
	return r, nil
}

// withoutDefaultProfile cuts Docker's profile out of a configuration as [WriteSpec] makes it. Parsing its 370 names would take longer
// than most calls of an exec.
func withoutDefaultProfile(data []byte) (rest []byte, found bool) {
	profile := seccomp.DefaultJSON()
	before, after, ok := bytes.Cut(data, []byte(`"linux":{"seccomp":`))
	if !ok || profile == "" || !bytes.HasPrefix(after, []byte(profile+",")) {
		return data, false
	}
	return slices.Concat(before, []byte(`"linux":{`), after[len(profile)+1:]), true
}

// ExecOptions are what a person asks for, beside the program.
type ExecOptions struct {
	Args       []string
	Env        []string // added; the last value of a name counts
	Cwd        string   // empty: the first process's
	TTY        bool
	Privileged bool

	User *specs.User // nil: the first process's
	Home string      // of User, where it is set
}

// ExecProcess is the process that an exec makes: the container's first one, with other words. It looks nothing up.
func ExecProcess(first specs.Process, opt ExecOptions) *specs.Process {
	p := first
	p.Args, p.Terminal = opt.Args, opt.TTY
	var env []string
	if opt.TTY {
		env = append(env, "TERM=xterm")
	}
	p.Env = mergeEnv(env, first.Env)
	if opt.User != nil {
		p.User = *opt.User
		p.User.Umask = first.User.Umask
		p.Env = mergeEnv(p.Env, []string{"HOME=" + opt.Home})
	}
	p.Env = mergeEnv(p.Env, opt.Env)
	if opt.Cwd != "" {
		p.Cwd = opt.Cwd
	}
	if opt.Privileged {
		p.Capabilities = CapabilityNames(capability.All() & capability.Own())
	}
	return &p
}

// Home is the value of HOME in an environment.
func Home(env []string) string {
	for _, e := range slices.Backward(env) {
		if home, found := strings.CutPrefix(e, "HOME="); found {
			return home
		}
	}
	return ""
}

// ReadSpec reads config.json in a container's directory without its seccomp profile, which only a start needs.
func ReadSpec(dir string) (*specs.Spec, error) {
	data, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, fmt.Errorf("read the container's configuration: %w", err)
	}
	s := &specs.Spec{}
	rest, _ := withoutDefaultProfile(data)
	if err := json.Unmarshal(rest, s); err != nil {
		return nil, fmt.Errorf("read the container's configuration in %s: %w", dir, err)
	}
	if s.Process == nil || s.Linux == nil || s.Root == nil {
		return nil, fmt.Errorf("read the container's configuration in %s: it has no process, root or linux section", dir)
	}
	return s, nil
}
