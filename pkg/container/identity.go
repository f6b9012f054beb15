package container

import (
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/capability"
	"github.com/container-labs/lab/internal/kernel"
)

// becomeUser gives up what the program must not have: first the bounding set, which no later execve can widen; then the ids;
// then the capabilities themselves. A process that is allowed to gain privileges may load a seccomp filter only
// while it has CAP_SYS_ADMIN, so there the filter comes before capset; with no_new_privs it can be the very last call.
func (b *builder) becomeUser() {
	p := b.spec.Process
	sets := capabilitySets(p.Capabilities)
	if sets != nil {
		for c := capability.Cap(0); c <= capability.Last(); c++ {
			if !sets.bounding.Has(c) {
				b.add(kernel.Prctl(unix.PR_CAPBSET_DROP, "PR_CAPBSET_DROP", uintptr(c)).For("rule out " + c.String() + " for good"))
			}
		}
	}
	if !p.NoNewPrivileges {
		b.filter()
	}
	b.ids(sets != nil)
	if sets != nil {
		b.add(
			kernel.Capset(sets.current).For("keep only these capabilities"),
			kernel.Prctl(unix.PR_CAP_AMBIENT, "PR_CAP_AMBIENT", unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0).For("pass none on by themselves"),
		)
		for _, c := range sets.ambient.Caps() {
			b.add(kernel.Prctl(unix.PR_CAP_AMBIENT, "PR_CAP_AMBIENT", unix.PR_CAP_AMBIENT_RAISE, uintptr(c), 0, 0).For("pass on " + c.String()))
		}
	}
	b.dieWithLab()
	if p.NoNewPrivileges {
		b.add(kernel.Prctl(unix.PR_SET_NO_NEW_PRIVS, "PR_SET_NO_NEW_PRIVS", 1, 0, 0, 0).For("make set-user-ID programs powerless"))
	}
}

// ids sets groups before users: after the user is no longer root it could not.
func (b *builder) ids(keepCapabilities bool) {
	u := b.spec.Process.User
	if keepCapabilities && u.UID != 0 {
		b.add(kernel.Prctl(unix.PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS", 1).For("keep capabilities across the change of user"))
	}
	b.add(
		kernel.Setgroups(u.AdditionalGids).For("take the user's groups"),
		kernel.Setresgid(u.GID).For("take the user's group"),
		kernel.Setresuid(u.UID).For("become the user"),
	)
	if keepCapabilities && u.UID != 0 {
		b.add(kernel.Prctl(unix.PR_SET_KEEPCAPS, "PR_SET_KEEPCAPS", 0))
	}
}

func (b *builder) filter() {
	if len(b.c.Filter) > 0 {
		b.add(kernel.Seccomp(b.c.Filter, b.c.FilterFlags).For("let the kernel refuse dangerous system calls"))
	}
}
