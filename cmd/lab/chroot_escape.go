package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/chroot"
)

// attempt is what `chroot --escape` reports.
type attempt struct {
	Steps   []chroot.Sight `json:"steps"`
	Before  chroot.Inode   `json:"before"`
	After   chroot.Inode   `json:"after"`
	Levels  int            `json:"levels"`
	Outside bool           `json:"outside"`
	Sees    []string       `json:"sees"` // the names in "/" at the end
}

// escapeHole is the directory that an escape makes in the root.
const escapeHole = "breakout"

func escapeAction(ctx *cli.Context, std streams, root string) error {
	s := sweepStore(ctx, std)
	if hole, err := filepath.Abs(filepath.Join(root, escapeHole)); err == nil && isDir(root) && !isThere(hole) && unix.Geteuid() == 0 {
		ledger, err := beginLedger(s, "escape", store.Undo{Do: "hole", Arg: hole})
		if err != nil {
			return programEnded("chroot", 0, err)
		}
		defer func() {
			if undone := ledger.Undo(doers(s, nil)); undone != nil {
				complain(std.err, undone)
			}
		}()
	}
	out := io.Writer(std.out)
	if ctx.Bool("json") {
		out = io.Discard
	}
	a, err := lockedUp(root, ctx.Bool("pivot"), out)
	if err != nil {
		return programEnded("chroot", 0, inRoot(root, err))
	}
	if ctx.Bool("json") {
		if err := printJSON(std.out, a); err != nil {
			return err
		}
	}
	if !a.Outside {
		return &exit{code: 1}
	}
	return nil
}

// lockedUp goes into root on a thread of its own, with its own root directory, tries the escape there, and throws the thread
// away: the rest of lab stays where it is.
func lockedUp(root string, pivot bool, out io.Writer) (a attempt, err error) {
	kernel.Apart(func() {
		if err = goIn(root, pivot); err == nil {
			a, err = tryEscape(out)
		}
	})
	return a, err
}

func goIn(root string, pivot bool) error {
	if !pivot {
		alone := kernel.Unshare(unix.CLONE_FS).For("have a root directory apart from lab's other threads")
		return kernel.DoAll(append([]kernel.Op{alone}, chroot.EnterOps(root)...))
	}
	err := kernel.DoAll([]kernel.Op{
		kernel.Unshare(unix.CLONE_NEWNS).For("have a mount namespace of its own"),
		kernel.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "").For("keep our mounts from the host, and the host's from us"),
	})
	if err != nil {
		return err
	}
	return chroot.Pivot(root)
}

func tryEscape(out io.Writer) (attempt, error) {
	a := attempt{Sees: namesIn("/")}
	fmt.Fprintf(out, "inside: / has %s\n\n", fewNames(a.Sees))
	fmt.Fprintf(out, sightLine, "STEP", "/ (DEVICE INODE)", "CURRENT DIRECTORY")
	e, err := chroot.Escape(func(s chroot.Sight) {
		a.Steps = append(a.Steps, s)
		fmt.Fprintf(out, sightLine, s.Step, numbers(s.Root), numbers(s.Here))
	})
	if err != nil {
		return a, err
	}
	a.Before, a.After, a.Levels, a.Outside, a.Sees = e.Before, e.After, e.Levels, e.Out(), namesIn("/")
	fmt.Fprintf(out, "\nnow / has %s\n", fewNames(a.Sees))
	if a.Outside {
		_, err = fmt.Fprintf(out, "outside: / was %s and is %s, %s up\n", numbers(a.Before), numbers(a.After), counted(a.Levels, "level", "levels"))
	} else {
		_, err = fmt.Fprintf(out, "still inside: / is %s, as before, and nothing is mounted above it\n", numbers(a.After))
	}
	return a, err
}

// sightLine is a step and what is seen after it, within 80 columns.
const sightLine = "%-42s %-18s %s\n"

// numbers is an inode as `stat -c '%Hd:%Ld %i'` prints it.
func numbers(i chroot.Inode) string {
	return fmt.Sprintf("%d:%d %d", unix.Major(i.Dev), unix.Minor(i.Dev), i.Ino)
}

// namesIn lists a directory as this thread sees it.
func namesIn(dir string) []string {
	list := []string{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		list = append(list, printable(e.Name()))
	}
	return list
}

// fewNames lists as many as a line has room for.
func fewNames(list []string) string {
	if len(list) == 0 {
		return "nothing in it"
	}
	const room = 62 // behind "inside: / has "
	text := list[0]
	for _, name := range list[1:] {
		if len(text)+1+len(name) > room {
			return text + " …"
		}
		text += " " + name
	}
	return text
}
