package doctor

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// nobody is the user who owns nothing.
const nobody = 65534

// tryUserNamespace makes one with an id map and uses the rights that it gives: some distributions grant the namespace and then
// refuse its capabilities.
func tryUserNamespace(b *Bench) Finding {
	err := b.once(attempt{flags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS, ops: func(bool) []kernel.Op { return []kernel.Op{private()} }}, true)
	switch {
	case err == nil:
		return yes("")
	case refused(err) && !b.root:
		return unknown(needsRoot)
	}
	return b.Machine.Limits.explain(err)
}

// tryOrdinaryUser does the same as somebody who is not root.
func tryOrdinaryUser(b *Bench) Finding { return b.asOrdinary(private()) }

// asOrdinary makes calls in a user and a mount namespace that somebody who is not root has made. Root becomes nobody for it, in
// the child.
func (b *Bench) asOrdinary(ops ...kernel.Op) Finding {
	a := attempt{flags: unix.CLONE_NEWUSER | unix.CLONE_NEWNS, ops: func(bool) []kernel.Op { return ops }}
	if b.root {
		a = attempt{ops: func(bool) []kernel.Op { return append(becomeOrdinary(), ops...) }}
	}
	err := b.once(a, true)
	var op *kernel.Error
	switch {
	case err == nil:
		return yes("")
	case errors.As(err, &op) && strings.HasPrefix(op.Op.Call, "set"):
		return unknown("there is no other user here to try it as")
	}
	return b.Machine.Limits.explain(err)
}

func becomeOrdinary() []kernel.Op {
	return []kernel.Op{
		kernel.Setgroups(nil).For("drop the groups"),
		kernel.Setresgid(nobody).For("become nobody's group"),
		kernel.Setresuid(nobody).For("become nobody"),
		dieWithLab(), // a change of user forgets it
		kernel.Unshare(unix.CLONE_NEWUSER).For("make a user namespace as an ordinary user"),
		kernel.Meet("let lab write its id maps", func(c *kernel.Child) error { return mapUser(c, nobody, nobody) }),
		kernel.Unshare(unix.CLONE_NEWNS).For("use the rights in a user namespace"),
	}
}

// Limits are the switches by which an administrator takes user namespaces away; see user_namespaces(7). "" is a switch that
// this kernel does not have.
type Limits struct {
	AppArmor string `json:"kernel.apparmor_restrict_unprivileged_userns"` // 1: only programs with a profile that says so (Ubuntu since 23.10)
	Clone    string `json:"kernel.unprivileged_userns_clone"`             // 0: root only (Debian's and Arch's patch)
	Max      string `json:"user.max_user_namespaces"`                     // 0: nobody, root neither
}

// readLimits reads the sysctls below root.
func readLimits(root string) Limits {
	return Limits{
		AppArmor: readWord(root, "proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
		Clone:    readWord(root, "proc/sys/kernel/unprivileged_userns_clone"),
		Max:      readWord(root, "proc/sys/user/max_user_namespaces"),
	}
}

// explain names the switch that is the reason for err, and how to turn it.
func (l Limits) explain(err error) Finding {
	f := failed(err)
	switch {
	case errors.Is(err, errSlow):
		return unknown(errSlow.Error())
	case errors.Is(err, errNoClone3):
	case l.Max == "0":
		f.Text = "switched off by user.max_user_namespaces = 0"
		f.Mend, f.cause = sysctl("user.max_user_namespaces=15000"), nil
	case errors.Is(err, unix.ENOSPC):
		f.Text = "there are no more than user.max_user_namespaces = " + l.Max
		f.Mend, f.cause = sysctl("user.max_user_namespaces=15000"), nil
	case l.Clone == "0":
		f.Text = "for root only: kernel.unprivileged_userns_clone = 0"
		f.Mend, f.cause = sysctl("kernel.unprivileged_userns_clone=1"), nil
	case l.AppArmor != "" && l.AppArmor != "0":
		f.Text = "AppArmor takes their rights away: kernel.apparmor_restrict_unprivileged_userns = " + l.AppArmor
		f.Mend, f.cause = sysctl("kernel.apparmor_restrict_unprivileged_userns=0"), nil
	}
	return f
}

// sysctl is the command that sets one now and at every start of the machine.
func sysctl(setting string) Mend {
	return Mend{Any: "echo " + setting + " |\n  sudo tee -a /etc/sysctl.d/60-lab.conf && sudo sysctl --system"}
}
