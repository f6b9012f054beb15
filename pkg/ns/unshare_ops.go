package ns

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// born is what the child is made with: everything with Fork, else nothing. A time namespace whose clocks are
// to be set cannot be: its offsets are fixed as soon as a process is in it.
func (u Unshare) born() Set {
	if !u.Fork {
		return 0
	}
	set := u.Needs()
	if u.Monotonic != 0 || u.Boottime != 0 {
		set &^= Time
	}
	return set
}

// start makes the child. What the parent has to do meanwhile it does in the list's meeting points.
func (u Unshare) start() (*kernel.Child, error) {
	k := &keeper{}
	ops, err := u.list(k)
	if err != nil {
		return nil, err
	}
	child, err := kernel.Fork(kernel.Start{Flags: uint64(u.born()), Ops: ops})
	if err != nil {
		k.undo()
		return nil, err
	}
	return child, nil
}

// Ops lists what the new process does, for showing.
func (u Unshare) Ops() ([]kernel.Op, error) { return u.list(&keeper{}) }

const fileSlot kernel.Slot = 1

func (u Unshare) list(k *keeper) ([]kernel.Op, error) {
	var ops []kernel.Op
	set := u.Needs()
	if rest := set &^ u.born(); rest != 0 {
		ops = append(ops, kernel.Unshare(uintptr(rest)).For("leave the old namespaces: "+rest.String()))
	}
	if u.Map.wanted() {
		// Before everything else: an id without a mapping is nobody, and may open and own nothing.
		ids, err := u.Map.resolve()
		if err != nil {
			return nil, err
		}
		ops = append(ops, kernel.Meet("write the id maps", ids.write))
	}
	ops = append(ops, u.clocks()...)
	if (set &^ u.born()).Has(Time) {
		// unshare(2) moves only children into a time namespace. Newer kernels move the process itself at its execve(2);
		// Linux 6.1 leaves it between the two, where it cannot even vfork(2), which is how some shells start programs.
		ops = append(ops,
			kernel.Open("/proc/self/ns/time_for_children", unix.O_RDONLY, 0).Into(fileSlot).For("open the new time namespace"),
			kernel.Setns(fileSlot.Ref(), unix.CLONE_NEWTIME).For("enter it"),
			kernel.Close(fileSlot.Ref()))
	}
	for _, kind := range u.kept() {
		// Before the mounts are made private below, but after the offsets: from here on others can join.
		path := u.Keep[kind.Flag]
		ops = append(ops, kernel.Meet("keep the "+kind.Name+" namespace at "+path, func(c *kernel.Child) error {
			return k.keep(c, kind, u.born(), path)
		}))
	}
	if u.Hostname != "" {
		ops = append(ops, kernel.Sethostname(u.Hostname).For("set the host name "+u.Hostname))
	}
	ops = append(ops, u.files(set)...)
	ops = append(ops, become(u.UID, u.GID)...)
	if u.KillChild {
		// After the ids: a change of ids makes the kernel forget it.
		ops = append(ops, kernel.DieWithParent()...)
	}
	ops = append(ops, kernel.Streams(u.Stdin, u.Stdout, u.Stderr)...)
	return append(ops, kernel.Exec(u.Args, u.Env)...), nil
}

// files lists what changes the view of the file system.
func (u Unshare) files(set Set) []kernel.Op {
	var ops []kernel.Op
	flag, _ := propagation(u.Propagation)
	if set.Has(Mount) && flag != 0 {
		ops = append(ops, kernel.Mount("", "/", "", flag, "").For("keep our mounts from the host"))
	}
	if u.Root != "" {
		ops = append(ops, kernel.Chroot(u.Root).For("make "+u.Root+" the root directory"),
			kernel.Chdir("/").For("go to the new root"))
	}
	if u.Wd != "" {
		ops = append(ops, kernel.Chdir(u.Wd).For("go to the working directory "+u.Wd))
	}
	if u.MountProc != "" {
		if flag != unix.MS_REC|unix.MS_PRIVATE {
			// The old proc there, if any, must not carry the new one back to the host.
			ops = append(ops, kernel.Mount("", u.MountProc, "", unix.MS_REC|unix.MS_PRIVATE, "").
				Ignoring(unix.EINVAL).For("keep the new "+u.MountProc+" from the host"))
		}
		ops = append(ops, kernel.Mount("proc", u.MountProc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "").
			For("mount a proc that shows the new PID namespace"))
	}
	return ops
}

// clocks lists the writing of the offsets. The process is not in its new time namespace yet.
func (u Unshare) clocks() []kernel.Op {
	var ops []kernel.Op
	for _, c := range []struct {
		name   string
		offset time.Duration
	}{{"monotonic", u.Monotonic}, {"boottime", u.Boottime}} {
		if c.offset != 0 {
			ops = append(ops, kernel.WriteFile(fileSlot, "/proc/self/timens_offsets", offsetLine(c.name, c.offset))...)
		}
	}
	return ops
}

// offsetLine is a line of timens_offsets. The nanoseconds are never negative: -1.5 s is -2 s and 500,000,000 ns.
func offsetLine(clock string, d time.Duration) string {
	sec, nsec := int64(d/time.Second), int64(d%time.Second)
	if nsec < 0 {
		sec, nsec = sec-1, nsec+int64(time.Second)
	}
	return fmt.Sprintf("%s %d %d", clock, sec, nsec)
}

// become lists the taking on of ids. Groups first: without root's uid they could not be changed any more.
func become(uid, gid *uint32) []kernel.Op {
	var ops []kernel.Op
	if gid != nil {
		ops = append(ops, kernel.Setgroups(nil).For("drop the supplementary groups"),
			kernel.Setresgid(*gid).For(fmt.Sprintf("become group %d", *gid)))
	}
	if uid != nil {
		ops = append(ops, kernel.Setresuid(*uid).For(fmt.Sprintf("become user %d", *uid)))
	}
	return ops
}
