// Floor starts a container with pkg/container and nothing else: no flags, image store or record
// on disk. What `lab run` takes more than this is what those cost.
//
//	floor config ROOTFS CGROUP PROGRAM...   print the config.json of that container
//	floor run ROOTFS DIR CGROUP PROGRAM...  start it, with its own layer in DIR, and wait
//
// The first gives other engines the same namespaces, mounts, hidden paths, capabilities and
// seccomp profile, so that a comparison compares the engines.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/capability"
	"github.com/container-labs/lab/internal/seccomp"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
	"github.com/container-labs/lab/pkg/unionfs"
)

func main() {
	runtime.LockOSThread() // the container is killed when the thread that made it ends
	code, err := do(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "floor: %v\n", err)
	}
	os.Exit(code)
}

func do(args []string) (int, error) {
	switch {
	case len(args) >= 4 && args[0] == "config":
		return printConfig(args[1], args[2], args[3:])
	case len(args) >= 5 && args[0] == "run":
		return start(args[1], args[2], args[3], args[4:])
	}
	return 2, errors.New("usage: floor config ROOTFS CGROUP PROGRAM [ARGUMENT] | floor run ROOTFS DIR CGROUP PROGRAM [ARGUMENT]")
}

func spec(args []string) *specs.Spec {
	return container.Config{
		ID: "bench", Args: args, Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, Capabilities: capability.Default,
	}.Spec()
}

func printConfig(rootfs, group string, args []string) (int, error) {
	s := spec(args)
	s.Version = "1.0.2" // nothing in it is newer, and older engines refuse a version that they do not know
	s.Root = &specs.Root{Path: rootfs}
	s.Linux.CgroupsPath = "/" + group
	s.Linux.Seccomp = seccomp.Default(capability.Default, seccomp.Native())
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	if err := out.Encode(s); err != nil {
		return 1, fmt.Errorf("print the configuration: %w", err)
	}
	return 0, nil
}

func start(rootfs, dir, group string, args []string) (int, error) {
	machine, err := cgroup.Detect()
	if err != nil {
		return 1, err
	}
	filter, err := seccomp.DefaultFilter(capability.Default)
	if err != nil {
		return 1, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "merged"), 0o755); err != nil {
		return 1, err
	}
	c := &container.Container{
		ID:   "bench",
		Spec: spec(args),
		Root: unionfs.Overlay{
			Lower: []string{rootfs}, Upper: filepath.Join(dir, "upper"), Work: filepath.Join(dir, "work"),
			Target: filepath.Join(dir, "merged"), Volatile: true,
		},
		Filter:   []byte(filter.Code),
		Attached: true,
	}
	c.Cgroup = machine.Group(group, container.Limits(c.Spec.Linux.Resources))
	plan, err := c.Plan()
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(filepath.Join(dir, "upper"))
	defer os.RemoveAll(filepath.Join(dir, "work"))
	child, err := container.Start(c, plan)
	if err != nil {
		return 1, errors.Join(err, container.Finish(c, plan))
	}
	defer child.Close()
	status, _, err := child.Wait()
	if err := errors.Join(err, container.Finish(c, plan)); err != nil {
		return 1, err
	}
	if status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return status.ExitStatus(), nil
}
