package container

import (
	"fmt"
	"os"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
)

// Start makes the plan's calls: first lab's own, then the new process. It returns when the program runs.
//
// Kernel: everything that Plan lists; clone3(2). Needs root. The calling thread must live as long as the container when it is
// Attached. On an error call [Finish].
func Start(c *Container, p Plan) (*kernel.Child, error) {
	if err := kernel.DoAll(p.Before); err != nil {
		return nil, cgroup.Explain(err)
	}
	if c.Cgroup != nil {
		if err := c.Cgroup.AttachDevices(); err != nil { // v2 judges devices by a BPF program, v1 by what Before wrote
			return nil, err
		}
	}
	if c.Cgroup != nil && c.Cgroup.Dir() != "" {
		dir, err := os.Open(c.Cgroup.Dir()) // CLONE_INTO_CGROUP wants the group as a descriptor
		if err != nil {
			return nil, fmt.Errorf("open the container's cgroup: %w", err)
		}
		defer dir.Close()
		p.Start.Cgroup = int(dir.Fd())
		p.Start.Shut = append(slices.Clone(p.Start.Shut), int(dir.Fd())) // it was born there, and needs no way to the host's groups
	}
	if c.has(specs.UserNamespace) {
		if err := c.openForUsers(p); err != nil {
			return nil, err
		}
		defer c.closeInherited()
	}
	child, err := kernel.Fork(p.Start)
	if err != nil || child.PIDFD < 0 {
		return child, err
	}
	if err := refuseSelf(child); err != nil {
		return nil, err
	}
	return child, nil
}

func (c *Container) has(kind specs.LinuxNamespaceType) bool {
	return (&builder{c: c, spec: c.Spec}).has(kind)
}

// Finish takes back what Start made and what outlives the container's processes: its groups. It can be called at any time after
// Start, however far Start came, and kills what is left in the groups.
func Finish(c *Container, p Plan) error {
	if c.Cgroup == nil {
		return nil
	}
	return c.Cgroup.Delete()
}
