package main

import (
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/capability"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

// request is what `lab run` was asked for: all flags checked, nothing done yet.
type request struct {
	root, image, name string
	args              []string // after the image
	entrypoint        *string
	user              string
	groups            []string
	config            container.Config
	volumes           []specs.Mount
	shm               int64
	seccomp           string // "", "unconfined", or a file
	userns            string
	network           string
	pull, platform    string
	labels            map[string]string
	cidfile           string
	stdin, remove     bool
	init, quiet, dry  bool
}

func newRequest(ctx *cli.Context) (*request, error) {
	r := &request{
		root: ctx.String("root"), image: ctx.Args().First(), args: ctx.Args().Tail(), name: ctx.String("name"),
		user: ctx.String("user"), groups: ctx.StringSlice("group-add"), pull: ctx.String("pull"), platform: ctx.String("platform"),
		cidfile: ctx.String("cidfile"), stdin: ctx.Bool("interactive"), remove: ctx.Bool("rm"), init: ctx.Bool("init"),
		quiet: ctx.Bool("quiet"), dry: ctx.Bool("dry-run"),
	}
	if ctx.IsSet("entrypoint") {
		e := ctx.String("entrypoint")
		r.entrypoint = &e
	}
	for _, step := range [...]func(*cli.Context) error{
		r.names, r.process, r.limits, r.rlimits, r.mounts, r.security, r.namespaces, r.rest,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *request) names(ctx *cli.Context) error {
	if r.name != "" && !validName(r.name) {
		return usage("invalid container name %q: use letters, digits, and _.- after the first one", r.name)
	}
	r.config.Hostname, r.config.Domain = ctx.String("hostname"), ctx.String("domainname")
	if len(r.config.Hostname) > 63 {
		return usage("invalid host name %q: the kernel allows at most 64 bytes, and DNS 63", r.config.Hostname)
	}
	return oneOf("--pull", r.pull, "always", "missing", "never")
}

func (r *request) process(ctx *cli.Context) error {
	r.config.TTY = ctx.Bool("tty")
	for _, file := range ctx.StringSlice("env-file") {
		lines, err := readEnvFile(file)
		if err != nil {
			return err
		}
		r.config.Env = append(r.config.Env, lines...)
	}
	for _, e := range ctx.StringSlice("env") {
		entry, keep, err := envEntry(e)
		if err != nil {
			return err
		}
		if keep {
			r.config.Env = append(r.config.Env, entry)
		}
	}
	if w := ctx.String("workdir"); w != "" {
		if !path.IsAbs(w) {
			return usage("the working directory %q is invalid, it needs to be an absolute path", w)
		}
		r.config.Cwd = w
	}
	if ctx.IsSet("oom-score-adj") {
		adj := ctx.Int("oom-score-adj")
		if adj < -1000 || adj > 1000 {
			return usage("invalid --oom-score-adj %d: it goes from -1000 to 1000", adj)
		}
		r.config.OOMAdj = &adj
	}
	return nil
}

func (r *request) limits(ctx *cli.Context) error {
	l := cgroup.Limits{
		CPUPeriod: uint64(ctx.Int64("cpu-period")), CPUQuota: ctx.Int64("cpu-quota"), CPUShares: ctx.Uint64("cpu-shares"),
		CPUs: ctx.String("cpuset-cpus"), Mems: ctx.String("cpuset-mems"), PIDs: ctx.Int64("pids-limit"),
	}
	if ctx.IsSet("cpus") {
		if l.CPUQuota != 0 || l.CPUPeriod != 0 {
			return usage("--cpus says what --cpu-quota and --cpu-period say together: use one or the other")
		}
		if err := cpuQuota(&l, ctx.Float64("cpus")); err != nil {
			return err
		}
	}
	for _, f := range [...]struct {
		flag string
		to   *int64
	}{{"memory", &l.Memory}, {"memory-swap", &l.MemorySwap}, {"memory-reservation", &l.MemoryReservation}, {"shm-size", &r.shm}} {
		text := ctx.String(f.flag)
		if text == "" {
			continue
		}
		if f.flag == "memory-swap" && text == "-1" {
			*f.to = -1
			continue
		}
		n, err := parseBytes(text)
		if err != nil {
			return usage("invalid --%s %q: want a number of bytes with an optional b, k, m or g", f.flag, text)
		}
		*f.to = n
	}
	if l.MemorySwap != 0 && l.Memory == 0 {
		return usage("--memory-swap is the sum of memory and swap: set --memory too")
	}
	if l.PIDs < 0 {
		l.PIDs = 0
	}
	r.config.Limits = l
	return nil
}

func (r *request) rlimits(ctx *cli.Context) error {
	for _, text := range ctx.StringSlice("ulimit") {
		limit, err := parseUlimit(text)
		if err != nil {
			return err
		}
		r.config.Rlimits = append(r.config.Rlimits, limit)
	}
	return nil
}

func (r *request) mounts(ctx *cli.Context) error {
	for _, text := range ctx.StringSlice("tmpfs") {
		m, err := parseTmpfs(text)
		if err != nil {
			return err
		}
		r.config.Mounts = append(r.config.Mounts, m)
	}
	for _, text := range ctx.StringSlice("volume") {
		m, err := parseVolume(text)
		if err != nil {
			return err
		}
		r.volumes = append(r.volumes, m)
	}
	for _, text := range ctx.StringSlice("mount") {
		m, err := parseMount(text)
		if err != nil {
			return err
		}
		r.volumes = append(r.volumes, m)
	}
	r.config.ReadOnly = ctx.Bool("read-only")
	for _, text := range ctx.StringSlice("device") {
		device, rule, err := parseDevice(text)
		if err != nil {
			return err
		}
		r.config.Devices = append(r.config.Devices, device)
		r.config.Limits.Devices = append(r.config.Limits.Devices, rule)
	}
	return nil
}

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
		key, value, _ := strings.Cut(strings.Replace(opt, ":", "=", 1), "=")
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
	if err := oneOf("--network", r.network, "none", "host"); err != nil {
		return err
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
			return usage("invalid --%s %q: want private or host", f.flag, value)
		}
	}
	if ctx.String("uts") == "host" && r.config.Hostname != "" {
		return usage("--uts host and --hostname do not go together: it would rename the host")
	}
	return nil
}

func (r *request) rest(ctx *cli.Context) error {
	var err error
	if r.config.Sysctls, err = keyValues("--sysctl", ctx.StringSlice("sysctl")); err != nil {
		return err
	}
	if err := namespacedSysctls(r.config.Sysctls, r.network == "host", ctx.String("ipc") == "host"); err != nil {
		return err
	}
	if r.labels, err = keyValues("--label", ctx.StringSlice("label")); err != nil {
		return err
	}
	if r.cidfile != "" {
		if _, err := os.Stat(r.cidfile); err == nil {
			return usage("the file %s of --cidfile exists already: remove it, or name another", r.cidfile)
		}
	}
	if r.config.TTY && r.stdin && !isTerminal(0) {
		return usage("the input device is not a TTY: leave -t away, or run lab from a terminal")
	}
	return nil
}

func oneOf(flag, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return usage("invalid %s %q: want %s", flag, value, strings.Join(allowed[:2], " or "))
}

func keyValues(flag string, list []string) (map[string]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	m := make(map[string]string, len(list))
	for _, text := range list {
		key, value, ok := strings.Cut(text, "=")
		if key == "" || (!ok && flag != "--label") {
			return nil, usage("invalid %s %q: want KEY=VALUE", flag, text)
		}
		m[key] = value
	}
	return m, nil
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

func validName(name string) bool {
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("_.-", c)) {
			return false
		}
	}
	return len(name) > 1 && len(name) <= 128
}

func envEntry(text string) (entry string, keep bool, err error) {
	name, _, has := strings.Cut(text, "=")
	if name == "" {
		return "", false, usage("invalid environment variable %q: want NAME=VALUE", text)
	}
	if has {
		return text, true, nil
	}
	value, set := os.LookupEnv(name)
	return name + "=" + value, set, nil
}

func readEnvFile(file string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, usage("read the environment file: %w", err)
	}
	var list []string
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimLeft(strings.TrimSuffix(line, "\r"), " \t")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, _, _ := strings.Cut(line, "=")
		if strings.ContainsAny(name, " \t") {
			return nil, usage("%s, line %d: the variable name %q has a space", file, i+1, name)
		}
		entry, keep, err := envEntry(line)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, i+1, err)
		}
		if keep {
			list = append(list, entry)
		}
	}
	return list, nil
}
