package seccomp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/capability"
)

// Host is what the conditions of a profile in Docker's format ask about.
type Host struct {
	Caps   capability.Set // the container's bounding set
	Arch   Arch
	Kernel Kernel
}

// maxProfile is the largest profile that Load reads, in bytes. Docker's has 13 KB.
const maxProfile = 1 << 20

// Load reads a profile in Docker's format, as --security-opt seccomp=FILE
// names it, for a container with bounding set caps on this machine.
// See [Parse]. Errors name the file.
func Load(path string, caps capability.Set) (*specs.LinuxSeccomp, error) {
	kernel, err := RunningKernel()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read seccomp profile: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProfile+1))
	if err != nil {
		return nil, fmt.Errorf("read seccomp profile: %w", err)
	}
	if len(text) > maxProfile {
		return nil, fmt.Errorf("read seccomp profile %s: larger than %d bytes", path, maxProfile)
	}
	p, err := Parse(text, Host{caps, Native(), kernel})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// Parse reads a profile in Docker's format, which is the OCI's with three
// additions, and resolves them for host, so that what remains is OCI:
//
//   - archMap says which architectures go together;
//   - a rule has includes and excludes: conditions on the container's
//     capabilities, on the architecture and on the kernel's version;
//   - a rule may have one name instead of names.
//
// The actions and operators are looked at by [Compile], not here. A profile
// without a default action is refused: Docker takes it for "no filter at all",
// which is better said with seccomp=unconfined.
func Parse(text []byte, host Host) (*specs.LinuxSeccomp, error) {
	var p seccomp.Seccomp
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("parse seccomp profile: %w", err)
	}
	resolved, err := resolve(&p, host)
	if err != nil {
		return nil, fmt.Errorf("parse seccomp profile: %w", err)
	}
	return resolved, nil
}

// resolve decides all conditions of p.
func resolve(p *seccomp.Seccomp, host Host) (*specs.LinuxSeccomp, error) {
	if p.DefaultAction == "" {
		return nil, errors.New("it has no defaultAction")
	}
	if len(p.Architectures) > 0 && len(p.ArchMap) > 0 {
		return nil, errors.New("it has both architectures and archMap, and one must go")
	}
	resolved := p.LinuxSeccomp
	resolved.Syscalls = nil
	for _, a := range p.ArchMap {
		if a.Arch == host.Arch.facts().oci {
			resolved.Architectures = append([]specs.Arch{a.Arch}, a.SubArches...)
			break
		}
	}
	for i, call := range p.Syscalls {
		if call == nil {
			return nil, fmt.Errorf("rule %d is null", i+1)
		}
		//lint:ignore SA1019 old profiles have it, and Docker reads them
		name := call.Name
		if name != "" && len(call.Names) > 0 {
			return nil, fmt.Errorf("rule %d has both name %q and names, and one must go", i+1, name)
		}
		if excluded(call.Excludes, host) || !included(call.Includes, host) {
			continue
		}
		r := call.LinuxSyscall
		if name != "" {
			r.Names = []string{name}
		}
		resolved.Syscalls = append(resolved.Syscalls, r)
	}
	return &resolved, nil
}

// included tells whether host has everything that f lists: each capability,
// one of the architectures, the kernel.
func included(f *seccomp.Filter, host Host) bool {
	if f == nil {
		return true
	}
	if len(f.Arches) > 0 && !slices.Contains(f.Arches, host.Arch.facts().docker) {
		return false
	}
	for _, name := range f.Caps {
		if !holds(host.Caps, name) {
			return false
		}
	}
	return f.MinKernel == nil || host.Kernel.atLeast(Kernel{f.MinKernel.Kernel, f.MinKernel.Major})
}

// excluded tells whether host has anything that f lists: one is enough.
func excluded(f *seccomp.Filter, host Host) bool {
	if f == nil {
		return false
	}
	if slices.Contains(f.Arches, host.Arch.facts().docker) {
		return true
	}
	for _, name := range f.Caps {
		if holds(host.Caps, name) {
			return true
		}
	}
	return f.MinKernel != nil && host.Kernel.atLeast(Kernel{f.MinKernel.Kernel, f.MinKernel.Major})
}

// holds takes a capability that is not known for one that is not held. Like
// Docker it wants the full name, in capitals.
func holds(s capability.Set, name string) bool {
	c, err := capability.Parse(name)
	return err == nil && c.String() == name && s.Has(c)
}
