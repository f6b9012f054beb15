package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/unionfs"
)

func diffCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "diff", Usage: "say what a container changed in its file system", ArgsUsage: "CONTAINER",
		Description: `A is a name that the image does not have, C one that is changed, D one that is deleted.

EXAMPLE:
   lab diff web`,
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() != 1 {
				return wants(ctx, "one container")
			}
			c, err := findListed(ctx.String("root"), ctx.Args().First())
			if err != nil {
				return err
			}
			changes, err := examineContainer(ctx.String("root"), c).changes()
			if err != nil {
				return err
			}
			out := bufio.NewWriter(std.out)
			for _, change := range changes {
				fmt.Fprintf(out, "%c %s\n", change.Kind, printable(change.Path))
			}
			return out.Flush()
		},
	}
}

// changes are what the container's own layer does to the image's. A container that runs may remove a file between two looks at it:
// then all is looked at once more.
func (e *examined) changes() ([]unionfs.Change, error) {
	upper := filepath.Join(e.dir, "upper")
	if _, err := os.Stat(upper); errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it was never started
	}
	for attempt := 0; ; attempt++ {
		changes, err := unionfs.Diff(upper, e.lower())
		if err == nil {
			return withoutOwnFiles(upper, changes), nil
		}
		if attempt == 20 || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR) && !errors.Is(err, unix.ELOOP) {
			return nil, err
		}
	}
}

// ownFiles are bound into a container by lab. Where an image has no such file an empty one is made to bind it on, which is nobody's change.
var ownFiles = []string{"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"}

func isOwnFile(name string, size int64, mode fs.FileMode) bool {
	return size == 0 && mode.IsRegular() && slices.Contains(ownFiles, name)
}

func withoutOwnFiles(upper string, changes []unionfs.Change) []unionfs.Change {
	dropped := false
	changes = slices.DeleteFunc(changes, func(c unionfs.Change) bool {
		if c.Kind != unionfs.Added || !slices.Contains(ownFiles, c.Path) {
			return false
		}
		info, err := os.Lstat(upper + c.Path)
		own := err == nil && isOwnFile(c.Path, info.Size(), info.Mode())
		dropped = dropped || own
		return own
	})
	inEtc := slices.ContainsFunc(changes, func(c unionfs.Change) bool { return strings.HasPrefix(c.Path, "/etc/") })
	if dropped && !inEtc { // the directory was changed by them alone
		changes = slices.DeleteFunc(changes, func(c unionfs.Change) bool { return c.Kind == unionfs.Changed && c.Path == path.Dir(ownFiles[0]) })
	}
	return changes
}
