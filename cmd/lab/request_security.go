package main

import (
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/capability"
)

func (r *request) security(ctx *cli.Context) error {
	caps, err := capability.Tweak(capability.Default, ctx.StringSlice("cap-add"), ctx.StringSlice("cap-drop"))
	if err != nil {
		return usage("%w", err)
	}
	r.config.Privileged = ctx.Bool("privileged")
	if r.config.Privileged {
		caps = capability.All()
	}
	own := capability.Own()
	for _, name := range ctx.StringSlice("cap-add") {
		if c, err := capability.Parse(name); err == nil && !own.Has(c) && unix.Geteuid() == 0 {
			return usage("--cap-add %s: lab itself does not have %s here, so it cannot pass it on", name, c)
		}
	}
	r.config.Capabilities = caps
	if unix.Geteuid() == 0 {
		r.config.Capabilities &= own
	}
	if r.config.Privileged {
		r.seccomp = "unconfined"
	}
	for _, opt := range ctx.StringSlice("security-opt") {
		key, value := opt, ""
		if i := strings.IndexAny(opt, "=:"); i >= 0 { // docker takes both
			key, value = opt[:i], opt[i+1:]
		}
		switch {
		case key == "no-new-privileges" && (value == "" || value == "true"):
			r.config.NoNewPrivileges = true
		case key == "no-new-privileges" && value == "false":
		case key == "seccomp" && value != "":
			r.seccomp = value
		case key == "systempaths" && value == "unconfined":
			r.config.ShowSystemPaths = true
		case key == "apparmor" || key == "label":
			return usage("--security-opt %s: lab does not use AppArmor or SELinux", opt)
		default:
			return usage("invalid --security-opt %q: lab knows no-new-privileges, seccomp=unconfined, seccomp=FILE and systempaths=unconfined", opt)
		}
	}
	return nil
}

func (r *request) namespaces(ctx *cli.Context) error {
	r.network, r.userns = ctx.String("network"), ctx.String("userns")
	if r.network != "none" && r.network != "host" {
		return usage("--network %s: lab has no networks of its own yet; there are none (a loopback interface, nothing else) and host (the machine's)", r.network)
	}
	if err := oneOf("--userns", r.userns, "host", "private", ""); err != nil {
		return err
	}
	for _, f := range [...]struct {
		flag string
		kind specs.LinuxNamespaceType
	}{
		{"network", specs.NetworkNamespace}, {"pid", specs.PIDNamespace}, {"ipc", specs.IPCNamespace},
		{"uts", specs.UTSNamespace}, {"cgroupns", specs.CgroupNamespace},
	} {
		switch value := ctx.String(f.flag); value {
		case "host":
			r.config.HostNamespaces = append(r.config.HostNamespaces, f.kind)
		case "", "private", "none":
		default:
			if strings.HasPrefix(value, "container:") || value == "shareable" {
				return usage("--%s %s: containers do not share namespaces yet; want private or host", f.flag, value)
			}
			return usage("invalid --%s %q: want private or host", f.flag, value)
		}
	}
	if ctx.String("uts") == "host" && r.config.Hostname != "" {
		return usage("--uts host and --hostname do not go together: it would rename the host")
	}
	return nil
}

// namespacedSysctls refuses settings that belong to the whole machine: writing them in a container would change the host.
func namespacedSysctls(m map[string]string, hostNet, hostIPC bool) error {
	for key := range m {
		ipc := strings.HasPrefix(key, "fs.mqueue.") || strings.HasPrefix(key, "kernel.shm") || strings.HasPrefix(key, "kernel.msg") || key == "kernel.sem"
		net := strings.HasPrefix(key, "net.")
		switch {
		case strings.Contains(key, "..") || strings.Contains(key, "/"):
			return usage("invalid --sysctl %q: want names joined with dots", key)
		case net && hostNet:
			return usage("--sysctl %s: the network is the host's (--network host), so it would change the host", key)
		case ipc && hostIPC:
			return usage("--sysctl %s: IPC is the host's (--ipc host), so it would change the host", key)
		case !net && !ipc:
			return usage("--sysctl %s: this setting has no namespace of its own, so it would change the host", key)
		}
	}
	return nil
}
