package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

// readSpec reads a container's config.json; the error is fs.ErrNotExist where it has none yet.
func readSpec(root, id string) (*specs.Spec, error) {
	data, err := os.ReadFile(filepath.Join(store.Open(root).Container(id), "config.json"))
	if err != nil {
		return nil, fmt.Errorf("read the container's configuration: %w", err)
	}
	spec := new(specs.Spec)
	if err := json.Unmarshal(data, spec); err != nil {
		return nil, fmt.Errorf("read the container's configuration: %w", err)
	}
	return spec, nil
}

// readSettings reads a container's settings; one that has none has the zero value.
func readSettings(root, id string) (container.Settings, error) {
	settings, err := container.ReadSettings(store.Open(root).Container(id))
	if errors.Is(err, fs.ErrNotExist) {
		return settings, nil
	}
	return settings, err
}

// examined is a container with all that is written down about it.
type examined struct {
	listed
	root, dir string
	spec      *specs.Spec // never nil, and neither are its Process and Linux
	settings  container.Settings
	image     *image.Image // nil: it is not here any more
}

func examineContainer(root string, c listed) *examined {
	e := &examined{listed: c, root: root, dir: store.Open(root).Container(c.ID)}
	var err error
	if e.spec, err = readSpec(root, c.ID); err != nil {
		e.spec = &specs.Spec{}
	}
	if e.spec.Process == nil {
		e.spec.Process = &specs.Process{}
	}
	if e.spec.Linux == nil {
		e.spec.Linux = &specs.Linux{}
	}
	e.settings, _ = readSettings(root, c.ID)
	if images, err := image.Open(root); err == nil {
		e.image, _ = images.Find(c.ImageID)
	}
	return e
}

func inspectContainer(root string, c listed, sizes bool) any {
	e := examineContainer(root, c)
	about := &containerAbout{
		ID: c.ID, Created: c.Created, Path: first(c.Command), Args: rest(c.Command), State: e.state(), Image: c.ImageID,
		LogPath: e.logPath(), Name: "/" + c.Name, RestartCount: c.Restarts, Driver: "overlay2", Platform: "linux",
		HostConfig: e.hostConfig(), GraphDriver: e.graphDriver(), Mounts: e.mounts(), Config: e.config(), NetworkSettings: e.network(), Bundle: e.dir,
	}
	if inside := e.inside(); inside != "" {
		about.ResolvConfPath, about.HostnamePath, about.HostsPath = inside+"/etc/resolv.conf", inside+"/etc/hostname", inside+"/etc/hosts"
	}
	if sizes {
		row := []psRow{{listed: c}}
		measure(root, row)
		about.SizeRw, about.SizeRootFs = &row[0].size, &row[0].virtual
	}
	return about
}

func (e *examined) state() stateAbout {
	s := stateAbout{
		Status: string(e.phase), Running: e.phase == container.Running || e.phase == container.Paused, Paused: e.phase == container.Paused,
		Restarting: e.phase == container.Restarting, OOMKilled: e.OOMKilled, Dead: e.phase == container.Dead,
		ExitCode: e.ExitCode, Error: e.Error, StartedAt: e.Started, FinishedAt: e.Finished,
	}
	if s.Running {
		s.Pid = e.PID
	}
	return s
}

// logPath is the youngest part of what the container printed; empty where nobody writes it down.
func (e *examined) logPath() string {
	parts, _ := os.ReadDir(filepath.Join(e.dir, "log"))
	if len(parts) == 0 {
		return ""
	}
	return filepath.Join(e.dir, "log", parts[len(parts)-1].Name(), "stdout")
}

func (e *examined) graphDriver() driverAbout {
	d := driverAbout{Name: "overlay2", Data: map[string]string{
		"ID": e.ID, "UpperDir": filepath.Join(e.dir, "upper"), "WorkDir": filepath.Join(e.dir, "work"), "MergedDir": store.Open(e.root).Merged(),
	}}
	if inside := e.inside(); inside != "" {
		d.Data["MergedDir"] = inside
	}
	if lower := e.lower(); len(lower) > 0 {
		d.Data["LowerDir"] = strings.Join(lower, ":")
	}
	return d
}

// inside leads to the root that a running container sees, which is in its mount namespace only; "" when it does not run.
func (e *examined) inside() string {
	if e.phase != container.Running && e.phase != container.Paused {
		return ""
	}
	return fmt.Sprintf("/proc/%d/root", e.PID)
}

// lower are the directories of the layers below its own, the topmost first.
func (e *examined) lower() []string {
	if e.image != nil {
		return e.image.Layers
	}
	images, err := image.Open(e.root)
	if err != nil {
		return nil
	}
	return images.LayerDirs(e.Layers)
}

var standardMounts = []string{"/proc", "/dev", "/dev/pts", "/sys", "/sys/fs/cgroup", "/dev/mqueue", "/dev/shm"}

// ownMounts are the binds that somebody asked for.
func ownMounts(spec *specs.Spec) []specs.Mount {
	return slices.DeleteFunc(slices.Clone(spec.Mounts), func(m specs.Mount) bool {
		return m.Type != "bind" && !slices.Contains(m.Options, "bind") && !slices.Contains(m.Options, "rbind")
	})
}

func (e *examined) mounts() []mountAbout {
	list := []mountAbout{}
	for _, m := range ownMounts(e.spec) {
		about := mountAbout{Type: "bind", Source: m.Source, Destination: m.Destination, RW: !slices.Contains(m.Options, "ro"), Propagation: "rprivate"}
		for _, p := range [...]string{"private", "shared", "slave", "rshared", "rslave"} {
			if slices.Contains(m.Options, p) {
				about.Propagation = p
			}
		}
		if inside, err := filepath.Rel(filepath.Join(e.root, "volumes"), m.Source); err == nil && filepath.IsLocal(inside) {
			about.Type, about.Driver = "volume", "local"
			about.Name, _, _ = strings.Cut(inside, "/")
		}
		list = append(list, about)
	}
	return list
}

func (e *examined) config() configAbout {
	p := e.spec.Process
	c := configAbout{
		Hostname: cmp.Or(e.spec.Hostname, short(e.ID)), Domainname: e.spec.Domainname, User: e.settings.User,
		AttachStdin: e.settings.OpenStdin, AttachStdout: true, AttachStderr: true,
		Tty: p.Terminal, OpenStdin: e.settings.OpenStdin, StdinOnce: e.settings.OpenStdin,
		Env: e.environment(), Cmd: e.settings.Cmd, Entrypoint: e.settings.Entrypoint, Image: e.Image, WorkingDir: p.Cwd, Labels: e.Labels,
		StopSignal: e.settings.StopSignal, StopTimeout: e.settings.StopTimeout,
	}
	if c.Cmd == nil && c.Entrypoint == nil {
		c.Cmd = e.Command
	}
	if c.Labels == nil {
		c.Labels = map[string]string{}
	}
	if e.image != nil {
		img := e.image.Config
		c.Volumes, c.ExposedPorts, c.OnBuild = img.Volumes, img.ExposedPorts, img.OnBuild
		c.StopSignal, c.User = cmp.Or(c.StopSignal, img.StopSignal), cmp.Or(c.User, img.User)
		for key, value := range img.Labels {
			if _, own := c.Labels[key]; !own {
				c.Labels[key] = value
			}
		}
	}
	return c
}

// environment is what the image and the person said; what lab adds at each start is not of the configuration.
func (e *examined) environment() []string {
	var inImage []string
	if e.image != nil {
		inImage = e.image.Config.Env
	}
	env := []string{}
	for _, entry := range e.spec.Process.Env {
		name, value, _ := strings.Cut(entry, "=")
		added := name == "HOSTNAME" && value == e.spec.Hostname || name == "TERM" && value == "xterm" && e.spec.Process.Terminal || name == "HOME"
		said := slices.ContainsFunc(inImage, func(s string) bool { return strings.HasPrefix(s, name+"=") })
		if !added || said {
			env = append(env, entry)
		}
	}
	return env
}

func (e *examined) network() networkAbout {
	mode := cmp.Or(e.settings.Network, "none")
	key := ""
	if e.inside() != "" { // what docker has below /var/run/docker/netns: nsenter --net takes it
		key = fmt.Sprintf("/proc/%d/ns/net", e.PID)
	}
	return networkAbout{SandboxKey: key, Ports: map[string][]portAbout{}, Networks: map[string]endpointAbout{mode: {NetworkID: "", EndpointID: ""}}}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func rest(list []string) []string {
	if len(list) < 2 {
		return []string{}
	}
	return list[1:]
}
