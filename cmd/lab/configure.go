package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/moby/sys/user"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/capability"
	"github.com/container-labs/lab/internal/seccomp"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
	"github.com/container-labs/lab/pkg/unionfs"
)

var errNotRoot = errors.New("lab needs root to make containers: try sudo")

// configure joins what the image says and what the person asked for into a container, and checks it against this machine.
func (l *launch) configure(context.Context) error {
	r, cfg := l.request, &l.request.config
	cfg.ID, cfg.Cgroup = l.id, groupPath(l.id)
	for _, step := range [...]func() error{l.program, l.environment, l.who, l.where, l.limits} {
		if err := step(); err != nil {
			return err
		}
	}
	if r.userns == "private" {
		cfg.UIDMap, cfg.GIDMap = privateUsers()
	}
	r.stdin = r.stdin || cfg.TTY
	cfg.Rlimits = withFileLimit(cfg.Rlimits)
	l.c = &container.Container{
		ID: l.id, Spec: cfg.Spec(), Root: l.overlay(), Stdin: r.stdin,
		Cgroup: l.machine.Group(cfg.Cgroup, cfg.Limits), Machine: l.machine,
	}
	l.c.Attached = !r.stays()
	if r.init {
		var err error
		if l.c.Init, err = os.Executable(); err != nil {
			return fmt.Errorf("find lab's own program for --init: %w", err)
		}
	}
	l.c.Files, l.c.HostDevices = l.files(), r.hostDevices
	l.state = container.State{
		ID: l.id, Name: r.name, Image: r.image, ImageID: l.image.ID, Layers: l.image.DiffIDs, Command: l.c.Spec.Process.Args, Labels: r.labels,
		Created: time.Now(), Status: container.Created, Remove: r.remove, Cgroup: cfg.Cgroup,
	}
	l.settings = r.settings
	s := &l.settings
	s.Limits, s.HostDevices, s.Files, s.OpenStdin, s.DefaultFilter = cfg.Limits, r.hostDevices, l.c.Files, r.stdin, r.seccomp == ""
	if s.StopSignal == "" {
		s.StopSignal = l.image.Config.StopSignal
	}
	return l.filter()
}

// withFileLimit gives the program the limit of open files that lab was started with. The Go runtime has raised lab's own, so it
// is read from lab's parent: the shell, mostly.
func withFileLimit(limits []specs.POSIXRlimit) []specs.POSIXRlimit {
	const nofile = "RLIMIT_NOFILE"
	if slices.ContainsFunc(limits, func(l specs.POSIXRlimit) bool { return l.Type == nofile }) {
		return limits
	}
	own, limit := unix.Rlimit{Cur: 1024, Max: 1024}, unix.Rlimit{Cur: 1024, Max: 1024}
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &own)
	if unix.Prlimit(os.Getppid(), unix.RLIMIT_NOFILE, nil, &limit) != nil {
		limit.Max = own.Max
	}
	limit.Max = min(limit.Max, own.Max)
	limit.Cur = min(limit.Cur, limit.Max)
	return append(limits, specs.POSIXRlimit{Type: nofile, Soft: limit.Cur, Hard: limit.Max})
}

// groupPath is the container's group, below lab's one subtree.
func groupPath(id string) string {
	parent := os.Getenv("LAB_CGROUP_PARENT")
	if parent == "" {
		parent = "lab"
	}
	return parent + "/" + id
}

// groupOf is the group of a container: where it was made, whatever LAB_CGROUP_PARENT says now.
func groupOf(s container.State) string {
	if s.Cgroup != "" {
		return s.Cgroup
	}
	return groupPath(s.ID)
}

// program is the entry point with its arguments: --entrypoint drops the image's command too.
func (l *launch) program() error {
	r, img := l.request, l.image.Config
	entry, args := img.Entrypoint, img.Cmd
	if r.entrypoint != nil {
		entry, args = nil, nil
		if *r.entrypoint != "" {
			entry = []string{*r.entrypoint}
		}
	}
	if len(r.args) > 0 {
		args = r.args
	}
	r.config.Args = slices.Concat(entry, args)
	r.settings.Entrypoint, r.settings.Cmd = entry, args
	if len(r.config.Args) == 0 || r.config.Args[0] == "" {
		return errors.New("no command specified: the image names none, so say which program to run after the image's name")
	}
	return nil
}

func (l *launch) environment() error {
	cfg := &l.request.config
	cfg.Env = slices.Concat(l.image.Config.Env, cfg.Env)
	for _, e := range slices.Concat(cfg.Env, cfg.Args) {
		if strings.ContainsRune(e, 0) {
			return errors.New("an argument or environment variable has a NUL byte, which no program can be given")
		}
	}
	return nil
}

// who resolves the user and the groups in the image's own passwd and group files.
func (l *launch) who() error {
	cfg, name := &l.request.config, l.request.user
	if name == "" {
		name = l.image.Config.User
	}
	passwd, err := l.imageFile("etc/passwd")
	if err != nil {
		return err
	}
	group, err := l.imageFile("etc/group")
	if err != nil {
		return err
	}
	u, err := user.GetExecUser(name, &user.ExecUser{Home: "/"}, bytes.NewReader(passwd), bytes.NewReader(group))
	if err != nil && name == "" { // a passwd file that cannot be understood concerns only those who name somebody in it
		u, err = &user.ExecUser{Home: "/"}, nil
	}
	if err != nil {
		return fmt.Errorf("unable to find user %q in the image's /etc/passwd and /etc/group: %w", name, err)
	}
	if slices.Contains(l.request.groups, "") {
		return errors.New(`invalid --group-add "": want the name or number of a group`)
	}
	extra, err := user.GetAdditionalGroups(l.request.groups, bytes.NewReader(group))
	if err != nil {
		return fmt.Errorf("unable to find a group of --group-add: %w", err)
	}
	cfg.User = specs.User{UID: uint32(u.Uid), GID: uint32(u.Gid)}
	for _, gid := range append(append([]int{u.Gid}, u.Sgids...), extra...) {
		if !slices.Contains(cfg.User.AdditionalGids, uint32(gid)) {
			cfg.User.AdditionalGids = append(cfg.User.AdditionalGids, uint32(gid))
		}
	}
	if !slices.ContainsFunc(cfg.Env, func(e string) bool { return strings.HasPrefix(e, "HOME=") }) {
		cfg.Env = append(cfg.Env, "HOME="+u.Home)
	}
	return nil
}

func (l *launch) imageFile(name string) ([]byte, error) {
	data, err := unionfs.ReadFile(l.image.Layers, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the image's /%s: %w", name, err)
	}
	return data, nil
}

// where settles the working directory and the mounts: the image's, the person's, and the three files of the network.
func (l *launch) where() error {
	r, cfg := l.request, &l.request.config
	if cfg.Cwd == "" {
		cfg.Cwd = l.image.Config.WorkingDir
	}
	if r.shm != 0 {
		cfg.Mounts = append(cfg.Mounts, specs.Mount{
			Destination: "/dev/shm", Type: "tmpfs", Source: "shm",
			Options: []string{"nosuid", "noexec", "nodev", "mode=1777", fmt.Sprintf("size=%d", r.shm)},
		})
	}
	for _, m := range r.volumes {
		if m.Type == "bind" {
			if _, err := os.Stat(m.Source); errors.Is(err, fs.ErrNotExist) && !r.dry {
				if err := os.MkdirAll(m.Source, 0o755); err != nil { // as docker run -v does
					return fmt.Errorf("make the volume's directory: %w", err)
				}
			}
		}
		cfg.Mounts = append(cfg.Mounts, m)
	}
	return nil
}

// limits finds the machine's cgroups and checks what was asked for against them.
func (l *launch) limits() error {
	var err error
	if l.machine, err = cgroup.Detect(); err != nil {
		return err
	}
	cfg := &l.request.config
	if cfg.Privileged {
		cfg.Limits.Devices = []cgroup.DeviceRule{{Allow: true, Type: 'a', Major: -1, Minor: -1, Access: "rwm"}}
	} else {
		cfg.Limits.Devices = slices.Concat(cgroup.DefaultDevices(), cfg.Limits.Devices)
	}
	return cfg.Limits.Validate()
}

// filter chooses the seccomp profile: Docker's, compiled ahead, unless another was asked for.
func (l *launch) filter() error {
	caps := l.request.config.Capabilities
	switch file := l.request.seccomp; file {
	case "unconfined":
		return nil
	case "":
		f, err := seccomp.DefaultFilter(caps)
		l.c.Filter, l.c.FilterFlags = []byte(f.Code), f.Flags
		if seccomp.Precompiled(caps) {
			l.c.FilterJSON = seccomp.DefaultJSON()
		} else {
			l.c.Spec.Linux.Seccomp = seccomp.Default(caps, seccomp.Native())
		}
		return err
	default:
		return l.ownFilter(file, caps)
	}
}

func (l *launch) ownFilter(file string, caps capability.Set) error {
	profile, err := seccomp.Load(file, caps)
	if err != nil {
		return err
	}
	f, err := seccomp.Compile(profile, seccomp.Native())
	if err != nil {
		return fmt.Errorf("seccomp profile %s: %w", file, err)
	}
	l.c.Spec.Linux.Seccomp, l.c.Filter, l.c.FilterFlags = profile, []byte(f.Code), f.Flags
	return nil
}

// files are the three that tell a container its name and how to find others, unless a volume is one of them.
func (l *launch) files() []container.File {
	name := l.c.Spec.Hostname
	list := []container.File{
		{Path: "/etc/hostname", Content: name + "\n"},
		{Path: "/etc/hosts", Content: hostsHead + "127.0.1.1\t" + name + "\n"},
		{Path: "/etc/resolv.conf", Content: "# this container has no network\n"},
	}
	if l.request.network == "host" {
		for i := range list[1:] {
			if data, err := os.ReadFile(list[i+1].Path); err == nil {
				list[i+1].Content = string(data)
			}
		}
	}
	return slices.DeleteFunc(list, func(f container.File) bool {
		return slices.ContainsFunc(l.request.volumes, func(m specs.Mount) bool {
			return m.Destination == f.Path || m.Destination == "/etc"
		})
	})
}

const hostsHead = `127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
fe00::	ip6-localnet
ff02::1	ip6-allnodes
ff02::2	ip6-allrouters
`

// privateUsers maps the container's users to ones that own nothing outside: root is 100000 there.
func privateUsers() (uids, gids []specs.LinuxIDMapping) {
	m := []specs.LinuxIDMapping{{ContainerID: 0, HostID: 100_000, Size: 65_536}}
	return m, m
}
