package container

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/capability"
)

// Default returns the specification of a container as Docker makes it: six namespaces of its own, fourteen capabilities,
// its own /dev, read-only /sys, masked parts of /proc. The caller sets the process, the host name and the limits.
func Default() *specs.Spec {
	return &specs.Spec{
		Version: "1.0.2", // all that is used here is in it, and older engines read it too
		Process: &specs.Process{Cwd: "/", Capabilities: CapabilityNames(capability.Default)},
		Root:    &specs.Root{Path: "rootfs"},
		Mounts:  defaultMounts(),
		Linux: &specs.Linux{
			Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}, {Type: specs.UTSNamespace},
				{Type: specs.IPCNamespace}, {Type: specs.NetworkNamespace}, {Type: specs.CgroupNamespace},
			},
			MaskedPaths:   slices.Clone(defaultMasked[:]),
			ReadonlyPaths: slices.Clone(defaultReadonly[:]),
		},
	}
}

func defaultMounts() []specs.Mount {
	return []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev", "ro"}},
		{Destination: "/sys/fs/cgroup", Type: "cgroup", Source: "cgroup", Options: []string{"ro", "nosuid", "noexec", "nodev"}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "noexec", "nodev", "mode=1777", "size=67108864"}},
	}
}

// Docker's lists, of moby's oci/defaults.go.
var defaultMasked = [...]string{
	"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
	"/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
}

var defaultReadonly = [...]string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}

// DefaultMasked says whether path is one of the paths that a container does not see by default.
func DefaultMasked(path string) bool { return slices.Contains(defaultMasked[:], path) }

// CapabilityNames spells a set of capabilities as the specification wants it. They are effective, permitted and in the
// bounding set; not inheritable and not ambient, so that a program run by another user than root has none.
func CapabilityNames(s capability.Set) *specs.LinuxCapabilities {
	names := s.Names()
	return &specs.LinuxCapabilities{Bounding: names, Effective: names, Permitted: names}
}

// Privileged takes the fences down: nothing masked, /sys and the cgroups writable. The capabilities, the device nodes and the
// device group are the caller's.
func Privileged(s *specs.Spec) {
	s.Linux.MaskedPaths, s.Linux.ReadonlyPaths = nil, nil
	for i, m := range s.Mounts {
		if m.Type == "sysfs" || m.Type == "cgroup" {
			s.Mounts[i].Options = slices.DeleteFunc(slices.Clone(m.Options), func(o string) bool { return o == "ro" })
		}
	}
}

// DropNamespace makes the container share the host's namespace of this kind.
func DropNamespace(s *specs.Spec, kind specs.LinuxNamespaceType) {
	s.Linux.Namespaces = slices.DeleteFunc(s.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == kind })
}
