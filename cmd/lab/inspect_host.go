package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

// hostConfig is what the person asked for that is not of the image: limits, mounts, namespaces. It is read back from the OCI configuration, and from the
// settings where that has no field for it.
func (e *examined) hostConfig() hostConfigAbout {
	s, spec := e.settings, e.spec
	limits := s.Limits
	if limits.CPUQuota == 0 && limits.Memory == 0 && limits.PIDs == 0 {
		limits = container.Limits(spec.Linux.Resources)
	}
	h := hostConfigAbout{
		Binds: e.binds(), LogConfig: logAbout{Type: "lab", Config: map[string]string{}}, NetworkMode: cmp.Or(s.Network, "none"),
		PortBindings: map[string][]portAbout{}, RestartPolicy: restartAbout{cmp.Or(s.Restart.Name, "no"), s.Restart.Retries}, AutoRemove: e.Remove,
		CgroupnsMode: e.mode(specs.CgroupNamespace), IpcMode: e.mode(specs.IPCNamespace), PidMode: hostOrEmpty(e.mode(specs.PIDNamespace)),
		UTSMode: hostOrEmpty(e.mode(specs.UTSNamespace)), UsernsMode: e.usersMode(), Privileged: s.Privileged, ReadonlyRootfs: spec.Root != nil && spec.Root.Readonly,
		SecurityOpt: s.SecurityOpt, Tmpfs: map[string]string{}, Sysctls: spec.Linux.Sysctl, Runtime: "lab", Init: s.Init,
		CPUShares: int64(limits.CPUShares), Memory: limits.Memory, CPUPeriod: int64(limits.CPUPeriod), CPUQuota: limits.CPUQuota,
		CpusetCpus: limits.CPUs, CpusetMems: limits.Mems, MemoryReservation: limits.MemoryReservation, MemorySwap: limits.MemorySwap,
		OomKillDisable: limits.OOMKillDisable, PidsLimit: limits.PIDs, CgroupParent: filepath.Dir(strings.TrimPrefix(spec.Linux.CgroupsPath, "/")),
		Devices: e.devices(), Ulimits: e.ulimits(), MaskedPaths: spec.Linux.MaskedPaths, ReadonlyPaths: spec.Linux.ReadonlyPaths, ShmSize: 64 << 20,
		ExtraHosts: []string{}, DNS: []string{}, DNSOptions: []string{}, DNSSearch: []string{}, Links: []string{},
		BlkioWeight: limits.BlkioWeight, MemorySwappiness: limits.Swappiness,
		BlkioReadBps:   throttles(limits.IO, func(l cgroup.IOLimit) uint64 { return l.ReadBPS }),
		BlkioWriteBps:  throttles(limits.IO, func(l cgroup.IOLimit) uint64 { return l.WriteBPS }),
		BlkioReadIOps:  throttles(limits.IO, func(l cgroup.IOLimit) uint64 { return l.ReadIOPS }),
		BlkioWriteIOps: throttles(limits.IO, func(l cgroup.IOLimit) uint64 { return l.WriteIOPS }),
	}
	if s.Log.MaxSize > 0 {
		h.LogConfig.Config["max-size"] = strconv.FormatInt(s.Log.MaxSize, 10)
	}
	if s.Log.MaxFiles > 0 {
		h.LogConfig.Config["max-file"] = strconv.Itoa(s.Log.MaxFiles)
	}
	if limits.CPUQuota > 0 {
		h.NanoCpus = limits.CPUQuota * 1e9 / int64(cmp.Or(limits.CPUPeriod, 100_000))
	}
	if adj := spec.Process.OOMScoreAdj; adj != nil {
		h.OomScoreAdj = *adj
	}
	h.CapAdd, h.CapDrop = e.capabilities()
	for _, m := range spec.Mounts {
		switch {
		case m.Destination == "/dev/shm":
			h.ShmSize = shmSize(m.Options)
		case m.Type == "tmpfs" && !slices.Contains(standardMounts, m.Destination):
			h.Tmpfs[m.Destination] = strings.Join(m.Options, ",")
		}
	}
	return h
}

func shmSize(options []string) int64 {
	for _, o := range options {
		if text, ok := strings.CutPrefix(o, "size="); ok {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil {
				return n
			}
		}
	}
	return 64 << 20
}

// throttles are the caps of one kind. The kernel knows devices by their numbers, and so does lab.
func throttles(limits []cgroup.IOLimit, rate func(cgroup.IOLimit) uint64) []throttleAbout {
	list := []throttleAbout{}
	for _, l := range limits {
		if n := rate(l); n != 0 {
			list = append(list, throttleAbout{fmt.Sprintf("%d:%d", l.Major, l.Minor), n})
		}
	}
	return list
}

func (e *examined) binds() []string {
	binds := []string{}
	for _, m := range ownMounts(e.spec) {
		bind := m.Source + ":" + m.Destination
		if slices.Contains(m.Options, "ro") {
			bind += ":ro"
		}
		binds = append(binds, bind)
	}
	return binds
}

func (e *examined) mode(kind specs.LinuxNamespaceType) string {
	if len(e.spec.Linux.Namespaces) > 0 && !slices.ContainsFunc(e.spec.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == kind }) {
		return "host"
	}
	return "private"
}

func hostOrEmpty(mode string) string {
	if mode == "host" {
		return mode
	}
	return ""
}

func (e *examined) usersMode() string {
	if len(e.spec.Linux.UIDMappings) > 0 {
		return "private"
	}
	return ""
}

func (e *examined) devices() []deviceAbout {
	list := []deviceAbout{}
	for _, d := range e.spec.Linux.Devices {
		list = append(list, deviceAbout{cmp.Or(e.settings.HostDevices[d.Path], d.Path), d.Path, "rwm"})
	}
	return list
}

func (e *examined) ulimits() []ulimitAbout {
	list := []ulimitAbout{}
	for _, r := range e.spec.Process.Rlimits {
		list = append(list, ulimitAbout{strings.ToLower(strings.TrimPrefix(r.Type, "RLIMIT_")), r.Hard, r.Soft})
	}
	return list
}

// capabilities says what was added to Docker's set and taken from it.
func (e *examined) capabilities() (add, drop []string) {
	caps := e.spec.Process.Capabilities
	if caps == nil || e.settings.Privileged {
		return nil, nil
	}
	standard := container.Default().Process.Capabilities.Bounding
	for _, c := range caps.Bounding {
		if !slices.Contains(standard, c) {
			add = append(add, c)
		}
	}
	for _, c := range standard {
		if !slices.Contains(caps.Bounding, c) {
			drop = append(drop, c)
		}
	}
	return add, drop
}
