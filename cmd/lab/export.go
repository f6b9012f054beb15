package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
	"github.com/container-labs/lab/pkg/unionfs"
)

func exportCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "write a container's whole file system as a tar", ArgsUsage: "CONTAINER",
		Description: `All layers as one tree, without what is mounted in it. Equal trees give equal bytes.

EXAMPLE:
   lab export -o web.tar web`,
		Flags: []cli.Flag{&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE` instead of standard output"}},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() != 1 {
				return wants(ctx, "one container")
			}
			root := ctx.String("root")
			state, err := findState(root, ctx.Args().First())
			if err != nil {
				return err
			}
			e := examineContainer(root, listedNow(store.Open(root), state))
			stop, cancel := interruptible(ctx.Context)
			defer cancel()
			err = writeOutput(ctx.String("output"), std, func(w io.Writer) error {
				return e.translated(w, func(w io.Writer) error { return e.export(stop, w) })
			})
			if err != nil {
				return fmt.Errorf("export container %s: %w", e.Name, err)
			}
			tell(store.Open(root), e.State, "export", nil)
			return nil
		},
	}
}

// export reads the merged tree: a container's that runs in its own mount namespace, another's in one that is made for it. Either is entered by a thread
// that ends then, so that the host sees no mount and none is left over, however this ends.
func (e *examined) export(ctx context.Context, w io.Writer) error {
	enter := e.mountHere
	if e.phase == container.Running || e.phase == container.Paused {
		process, err := openProcess(e.State)
		if err == nil {
			defer unix.Close(process)
			enter = func() (string, error) { return "/", enterMounts(process) }
		} else if state, again := container.ReadState(e.dir); again != nil || state.Alive() {
			return err
		}
	}
	var err error
	kernel.Apart(func() {
		var tree string
		if tree, err = enter(); err == nil {
			err = unionfs.Tree(ctx, w, tree)
		}
	})
	return err
}

func enterMounts(process int) error {
	if _, err := kernel.Do(kernel.Unshare(unix.CLONE_FS)); err != nil {
		return err
	}
	_, err := kernel.Do(kernel.Setns(kernel.FD(process), unix.CLONE_NEWNS).For("see the container's files"))
	return err
}

// mountHere merges the layers, read-only, in a mount namespace of this thread.
func (e *examined) mountHere() (string, error) {
	s := store.Open(e.root)
	for _, op := range []kernel.Op{
		kernel.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS),
		kernel.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
	} {
		if _, err := kernel.Do(op); err != nil {
			return "", err
		}
	}
	o := unionfs.Overlay{Lower: e.lower(), Target: s.Merged(), ReadOnly: true}
	if upper := filepath.Join(e.dir, "upper"); isThere(upper) {
		o.Upper = upper
	}
	return s.Merged(), unionfs.Mount(o)
}

// writeOutput writes to a file, which gets its name when it is complete, or to standard output.
func writeOutput(name string, std streams, write func(io.Writer) error) error {
	if name == "" || name == "-" {
		if isTerminal(int(std.out.Fd())) {
			return &exit{code: 1, err: errors.New("standard output is a terminal: redirect it, or name a file with -o")}
		}
		return write(std.out)
	}
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return &exit{code: 1, err: fmt.Errorf("invalid output path: %s is a directory", name)}
		}
		file, err := os.OpenFile(name, os.O_WRONLY, 0) // a device, a FIFO
		if err != nil {
			return err
		}
		return errors.Join(write(file), file.Close())
	}
	file, give, err := nameless(name)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err = write(file); err == nil {
		err = give()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return fullDisk(err, filepath.Dir(name))
}

// nameless makes a file that has no name before give is called, so that nothing is left over of one that was not finished, even if lab is killed.
//
// Kernel: open(2) O_TMPFILE, linkat(2), rename(2).
func nameless(name string) (file *os.File, give func() error, err error) {
	fd, err := unix.Open(filepath.Dir(name), unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) { // a file system that has no such files
		file, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		return file, func() error { return nil }, err
	}
	if err != nil {
		return nil, nil, err
	}
	file = os.NewFile(uintptr(fd), name)
	return file, func() error {
		temp := fmt.Sprintf("%s.%d.new", name, os.Getpid())
		if err := unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.AT_FDCWD, temp, unix.AT_SYMLINK_FOLLOW); err != nil {
			return fmt.Errorf("name %s: %w", name, err)
		}
		if err := os.Rename(temp, name); err != nil {
			_ = os.Remove(temp)
			return err
		}
		return nil
	}, nil
}
