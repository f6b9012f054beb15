package container

import (
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/capability"
	"github.com/container-labs/lab/pkg/cgroup"
)

// Config is what a person asks for, in Docker's words. [Config.Spec] turns it into the specification; the zero value is a
// container with Docker's defaults that runs nothing.
type Config struct {
	ID       string
	Hostname string // empty: the first twelve digits of ID
	Domain   string
	Cgroup   string // the path of its group: "lab/ID"

	Args []string
	Env  []string
	Cwd  string // empty: /
	User specs.User
	TTY  bool

	ReadOnly        bool
	Privileged      bool
	Capabilities    capability.Set
	NoNewPrivileges bool
	ShowSystemPaths bool // --security-opt systempaths=unconfined

	HostNamespaces []specs.LinuxNamespaceType // shared with the host instead of made new
	UIDMap, GIDMap []specs.LinuxIDMapping     // not empty: a user namespace of its own

	Mounts  []specs.Mount // beside the default ones, or in their place
	Devices []specs.LinuxDevice
	Rlimits []specs.POSIXRlimit
	Sysctls map[string]string
	OOMAdj  *int
	Limits  cgroup.Limits
}

// Spec returns the OCI specification for the configuration. It looks nothing up.
func (c Config) Spec() *specs.Spec {
	s := Default()
	s.Hostname, s.Domainname = c.hostname(), c.Domain
	p := s.Process
	p.Args, p.User, p.Terminal, p.NoNewPrivileges = c.Args, c.User, c.TTY, c.NoNewPrivileges
	p.Env = c.environment(s.Hostname)
	p.Rlimits, p.OOMScoreAdj = c.Rlimits, c.OOMAdj
	if c.Cwd != "" {
		p.Cwd = c.Cwd
	}
	p.Capabilities = CapabilityNames(c.Capabilities)
	if c.Privileged {
		Privileged(s)
	}
	if c.ShowSystemPaths {
		s.Linux.MaskedPaths, s.Linux.ReadonlyPaths = nil, nil
	}
	for _, kind := range c.HostNamespaces {
		DropNamespace(s, kind)
	}
	if len(c.UIDMap) > 0 {
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace})
		s.Linux.UIDMappings, s.Linux.GIDMappings = c.UIDMap, c.GIDMap
	}
	s.Root.Readonly = c.ReadOnly
	s.Linux.Sysctl, s.Linux.Devices = c.Sysctls, c.Devices
	s.Linux.Resources = resources(c.Limits)
	s.Linux.CgroupsPath = "/" + c.Cgroup
	s.Mounts = mergeMounts(s.Mounts, c.Mounts)
	return s
}

// mergeMounts puts each mount in the place of the one that it replaces, so that a /sys of the host comes before what is mounted
// in it. New ones follow, those that others are in first; of two with one destination the last counts.
func mergeMounts(list, more []specs.Mount) []specs.Mount {
	standard := len(list)
	for _, m := range more {
		m.Destination = path.Clean(m.Destination)
		at := slices.IndexFunc(list, func(old specs.Mount) bool { return old.Destination == m.Destination })
		if at >= 0 {
			list[at] = m
		} else {
			list = append(list, m)
		}
	}
	slices.SortStableFunc(list[standard:], func(a, b specs.Mount) int {
		return strings.Count(a.Destination, "/") - strings.Count(b.Destination, "/")
	})
	return list
}

func (c Config) hostname() string {
	if c.Hostname == "" && len(c.ID) >= 12 {
		return c.ID[:12]
	}
	return c.Hostname
}

// environment is Docker's: PATH, HOSTNAME and TERM first, so that the image and the person can change them.
func (c Config) environment(hostname string) []string {
	env := []string{"PATH=" + defaultPath, "HOSTNAME=" + hostname}
	if c.TTY {
		env = append(env, "TERM=xterm")
	}
	return mergeEnv(env, c.Env)
}

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// mergeEnv adds more to env; the last value of a name counts. An image may name a hundred thousand.
func mergeEnv(env, more []string) []string {
	at := make(map[string]int, len(env)+len(more))
	for i, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		at[name] = i
	}
	for _, entry := range more {
		name, _, _ := strings.Cut(entry, "=")
		if i, known := at[name]; known {
			env[i] = entry
			continue
		}
		at[name] = len(env)
		env = append(env, entry)
	}
	return env
}
