package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/capability"
	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/seccomp"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
	"github.com/container-labs/lab/pkg/unionfs"
)

// reload makes a container out of what its directory says about it, to start it again.
func reload(std streams, root, id string) (*launch, error) {
	l := &launch{std: std, store: store.Open(root), id: id, recorded: true}
	dir := l.store.Container(id)
	var err error
	if l.state, err = container.ReadState(dir); err != nil {
		return nil, err
	}
	if l.settings, err = container.ReadSettings(dir); err != nil {
		return nil, err
	}
	if l.machine, err = cgroup.Detect(); err != nil {
		return nil, err
	}
	spec, err := loadSpec(dir)
	if err != nil {
		return nil, err
	}
	images, err := image.Open(root)
	if err != nil {
		return nil, err
	}
	l.images = images
	s := l.settings
	l.c = &container.Container{
		ID: id, Spec: spec, Machine: l.machine, Cgroup: l.machine.Group(groupOf(l.state), s.Limits), Files: s.Files, HostDevices: s.HostDevices,
		Root: unionfs.Overlay{
			Lower: images.LayerDirs(l.state.Layers), Upper: filepath.Join(dir, "upper"), Work: filepath.Join(dir, "work"),
			Target: l.store.Merged(), Volatile: l.state.Remove,
		},
	}
	if s.Init {
		if l.c.Init, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find lab's own program for --init: %w", err)
		}
	}
	return l, loadFilter(l.c, s.DefaultFilter)
}

// loadSpec reads a container's config.json.
func loadSpec(dir string) (*specs.Spec, error) {
	data, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, fmt.Errorf("read the container's configuration: %w", err)
	}
	spec := &specs.Spec{}
	if err := json.Unmarshal(data, spec); err != nil {
		return nil, fmt.Errorf("read the container's configuration in %s: %w", dir, err)
	}
	if spec.Process == nil || spec.Linux == nil || spec.Root == nil || len(spec.Process.Args) == 0 {
		return nil, fmt.Errorf("read the container's configuration in %s: it has no process, root or linux section", dir)
	}
	return spec, nil
}

// loadFilter compiles the seccomp profile of a configuration; Docker's is there already.
func loadFilter(c *container.Container, byDefault bool) error {
	if c.Spec.Linux.Seccomp == nil {
		return nil
	}
	var caps capability.Set
	if p := c.Spec.Process.Capabilities; p != nil {
		var err error
		if caps, err = capability.FromNames(p.Bounding); err != nil {
			return fmt.Errorf("read the container's capabilities: %w", err)
		}
	}
	if byDefault && seccomp.Precompiled(caps) {
		f, err := seccomp.DefaultFilter(caps)
		c.Filter, c.FilterFlags, c.FilterJSON, c.Spec.Linux.Seccomp = []byte(f.Code), f.Flags, seccomp.DefaultJSON(), nil
		return err
	}
	f, err := seccomp.Compile(c.Spec.Linux.Seccomp, seccomp.Native())
	if err != nil {
		return fmt.Errorf("compile the container's seccomp profile: %w", err)
	}
	c.Filter, c.FilterFlags = []byte(f.Code), f.Flags
	return nil
}

// errIncomplete is for a container whose directory lacks what a start needs.
func errIncomplete(err error, name string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("container %s cannot be started: its settings are gone; remove it with `lab rm %s`", name, name)
	}
	return err
}
