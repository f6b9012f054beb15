package ns

import (
	"errors"
	"fmt"
	"sort"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// way is how an Enter gets in: everything opened that can be named from outside only, and the order of the joins.
type way struct {
	Enter
	pidfd    int
	before   Set // kinds of PID to be joined with the rights that we have here
	with     Set // kinds of PID to be joined with the user namespace, which gives the rights
	files    []fileNS
	root, wd int
	uid, gid *uint32
	early    []kernel.Op // for the thread that forks
	open     []int
}

// fileNS is an open namespace.
type fileNS struct {
	kind Set
	fd   int
	path string
}

func (w *way) look() error {
	w.pidfd, w.root, w.wd = -1, -1, -1
	if w.PID != 0 {
		fd, err := unix.PidfdOpen(w.PID, 0)
		if err != nil {
			return fmt.Errorf("open process %d: %w", w.PID, err)
		}
		w.pidfd = w.keep(fd)
		if err := w.choose(); err != nil {
			return err
		}
		// What was read in /proc was about this process only if it is still there.
		if err := unix.PidfdSendSignal(fd, 0, nil, 0); err == unix.ESRCH {
			return fmt.Errorf("look at process %d: %w", w.PID, err)
		}
	}
	if err := w.openFiles(); err != nil {
		return err
	}
	if err := w.openDirs(); err != nil {
		return err
	}
	w.chooseIDs()
	w.splitPID()
	return nil
}

// choose sorts the kinds of the process: those that are ours already are left out (a user namespace cannot even be
// joined twice); those that belong to the user namespace which we are about to join wait for it; and for the others our
// rights count, which are gone after it.
func (w *way) choose() error {
	wanted := w.Kinds
	if w.All {
		wanted = All
	}
	var user ID
	for _, k := range wanted.Kinds() {
		theirs, err := Of(w.PID, k.Flag)
		if err == nil {
			var ours ID
			ours, err = Of(0, k.Flag)
			if err == nil && ours == theirs {
				wanted &^= k.Flag
			}
		}
		if err != nil && w.All && !k.known() {
			wanted &^= k.Flag
		} else if err != nil {
			return err
		}
		if k.Flag == User {
			user = theirs
		}
	}
	w.with = wanted
	if !wanted.Has(User) {
		return nil
	}
	for _, k := range (wanted &^ User).Kinds() {
		owner, err := ownerOf(procPath(w.PID, "ns/"+k.Name))
		if errors.Is(err, ErrHidden) || err == nil && owner != user {
			w.before |= k.Flag
		}
	}
	w.with &^= w.before
	return nil
}

func (w *way) openFiles() error {
	for kind, path := range w.Files {
		fd, err := openNS(path)
		if err == unix.ENOTTY {
			return fmt.Errorf("open the %s namespace %s: no namespace is kept there", kind, path)
		}
		if err != nil {
			return fmt.Errorf("open the %s namespace %s: %w", kind, path, err)
		}
		w.keep(fd)
		found, err := KindOf(fd)
		if err != nil {
			return fmt.Errorf("open the %s namespace %s: %w", kind, path, err)
		}
		if found.Flag != kind {
			return fmt.Errorf("open the %s namespace %s: it is a %s namespace", kind, path, found.Name)
		}
		w.files = append(w.files, fileNS{kind, fd, path})
	}
	// A user namespace first: it gives the rights over the others.
	sort.Slice(w.files, func(i, j int) bool {
		a, b := w.files[i].kind, w.files[j].kind
		if (a == User) != (b == User) {
			return a == User
		}
		return a.index() < b.index()
	})
	return nil
}

// openDirs opens what can be named from outside only, before we are inside.
func (w *way) openDirs() error {
	root, wd := w.Root, w.Wd
	if w.TargetRoot {
		root = procPath(w.PID, "root")
	}
	if w.TargetWd {
		wd = procPath(w.PID, "cwd")
	}
	for _, d := range []struct {
		path string
		fd   *int
	}{{root, &w.root}, {wd, &w.wd}} {
		if d.path == "" {
			continue
		}
		fd, err := unix.Open(d.path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open the directory %s: %w", d.path, err)
		}
		*d.fd = w.keep(fd)
	}
	return nil
}

// chooseIDs makes us root of a user namespace that has one.
func (w *way) chooseIDs() {
	w.uid, w.gid = w.UID, w.GID
	if w.KeepIDs || !w.with.Has(User) {
		return
	}
	uids, gids, err := IDMapsOf(w.PID)
	if err != nil {
		return
	}
	if _, ok := Outside(uids, 0); ok && w.uid == nil {
		w.uid = new(uint32)
	}
	if _, ok := Outside(gids, 0); ok && w.gid == nil {
		w.gid = new(uint32)
	}
}

// splitPID takes the PID namespace out of the child's list.
func (w *way) splitPID() {
	if w.NoFork {
		return
	}
	if (w.before | w.with).Has(PID) {
		w.before, w.with = w.before&^PID, w.with&^PID
		w.early = append(w.early, kernel.Setns(kernel.FD(w.pidfd), uintptr(PID)).
			For(fmt.Sprintf("make the PID namespace of process %d that of our next child", w.PID)))
	}
	for i, f := range w.files {
		if f.kind == PID {
			w.early = append(w.early, f.op())
			w.files = append(w.files[:i], w.files[i+1:]...)
			return
		}
	}
}

// ops lists what the child does.
func (w *way) ops() []kernel.Op {
	ops := []kernel.Op{
		// Until it executes, the child is lab, and whoever is root inside could open lab's binary through its
		// /proc/PID/exe. Not that of an undumpable process, without CAP_SYS_PTRACE over it. execve(2) ends this.
		kernel.Prctl(unix.PR_SET_DUMPABLE, "PR_SET_DUMPABLE", 0).For("hide from those inside until we are their program"),
	}
	join := func(set Set) {
		if set != 0 {
			ops = append(ops, kernel.Setns(kernel.FD(w.pidfd), uintptr(set)).
				For(fmt.Sprintf("join the namespaces of process %d: %s", w.PID, set)))
		}
	}
	dropGroups := kernel.Setgroups(nil).Ignoring(unix.EPERM).For("drop the supplementary groups")
	if w.gid != nil && w.with.Has(User) {
		ops = append(ops, dropGroups) // inside it may be denied, outside we may lack the right: one of the two works
	}
	join(w.before)
	join(w.with)
	for _, f := range w.files {
		ops = append(ops, f.op())
	}
	if w.root >= 0 {
		ops = append(ops, kernel.Fchdir(kernel.FD(w.root)).For("go to the new root"),
			kernel.Chroot(".").For("make it the root directory"))
	}
	if w.wd >= 0 {
		ops = append(ops, kernel.Fchdir(kernel.FD(w.wd)).For("go to the working directory"))
	}
	if w.gid != nil {
		ops = append(ops, dropGroups, kernel.Setresgid(*w.gid).For(fmt.Sprintf("become group %d", *w.gid)))
	}
	if w.uid != nil {
		ops = append(ops, kernel.Setresuid(*w.uid).For(fmt.Sprintf("become user %d", *w.uid)))
	}
	if w.Dir != "" {
		ops = append(ops, kernel.Chdir(w.Dir).For("go to the working directory "+w.Dir))
	}
	if w.KillChild {
		// After the joins and the ids, which make the kernel forget it.
		ops = append(ops, kernel.DieWithParent()...)
	}
	ops = append(ops, kernel.Streams(w.Stdin, w.Stdout, w.Stderr)...)
	return append(ops, kernel.Exec(w.Args, w.Env)...)
}

func (f fileNS) op() kernel.Op {
	return kernel.Setns(kernel.FD(f.fd), uintptr(f.kind)).
		For("join the " + f.kind.String() + " namespace " + f.path).
		AsShell("nsenter --" + kinds[f.kind.index()].Long + "=" + f.path)
}

func (w *way) keep(fd int) int {
	w.open = append(w.open, fd)
	return fd
}

func (w *way) close() {
	for _, fd := range w.open {
		_ = unix.Close(fd)
	}
	w.open = nil
}
