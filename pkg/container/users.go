package container

import (
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/container-labs/lab/internal/kernel"
)

// userNamespace waits until lab has written the id maps: before that the process is nobody. Then it becomes the namespace's root.
func (b *builder) userNamespace() {
	if !b.has(specs.UserNamespace) {
		return
	}
	b.fail("a user namespace of its own is not there yet")
	b.add(kernel.Setresgid(0), kernel.Setresuid(0))
}
