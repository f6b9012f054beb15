package container

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/capability"
	"github.com/container-labs/lab/internal/kernel"
)

// capabilityPlan is a process's five capability sets as masks (capabilities(7)).
type capabilityPlan struct {
	bounding capability.Set
	ambient  capability.Set
	current  kernel.Capabilities
}

// capabilitySets is nil where the specification leaves capabilities alone.
func capabilitySets(c *specs.LinuxCapabilities) *capabilityPlan {
	if c == nil {
		return nil
	}
	set := func(names []string) capability.Set {
		s, _ := capability.FromNames(names) // a name that this kernel lacks is no capability
		return s & capability.All()
	}
	return &capabilityPlan{
		bounding: set(c.Bounding),
		ambient:  set(c.Ambient),
		current: kernel.Capabilities{
			Effective:   uint64(set(c.Effective)),
			Permitted:   uint64(set(c.Permitted)),
			Inheritable: uint64(set(c.Inheritable)),
		},
	}
}
