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

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/unionfs"
)

func unionfsCopyCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "IMAGE DIR",
		Description: `A root directory to be experimented with, which shares nothing with the image. DIR must not be there yet.
As by hand: docker export of a container, and tar -x.

EXAMPLE:
   lab unionfs copy box rootfs
   lab chroot rootfs ls /`,
		Flags: andWatch(),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) != 2 || args[1] == "" {
				return wants(ctx, "an image, and a directory to be made")
			}
			if _, err := os.Lstat(args[1]); err == nil {
				return advise(fmt.Errorf("%s is there already", args[1]), "name another directory, or remove this one")
			}
			img, err := imageNamed(ctx, std, args[0])
			if errors.Is(err, image.ErrNotFound) {
				return advise(fmt.Errorf("there is no image %s here", args[0]), "`lab images` lists what there is, `lab pull %s` fetches it", args[0])
			}
			if err != nil {
				return err
			}
			stop, cancel := interruptible(ctx.Context)
			defer cancel()
			return copyImage(stop, sweepStore(ctx, std), img, args[1])
		}),
	}
}

// copyImage writes the files beside the place where they are to be and gives them their name when they are all there.
func copyImage(ctx context.Context, s *store.Store, img *image.Image, dir string) (err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find %s: %w", dir, err)
	}
	part := filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+unfinishedSuffix)
	if isThere(part) {
		return advise(fmt.Errorf("%s is there already: another copy is on its way, or somebody else's", part), "wait for it, or remove it if you know that it is nobody's")
	}
	ledger, err := beginLedger(s, "copy", store.Undo{Do: "unfinished", Arg: part})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, ledger.Undo(doers(s, nil)))
	}()
	if err := os.MkdirAll(s.Merged(), 0o710); err != nil {
		return fmt.Errorf("make a place to mount on: %w", err)
	}
	err = copyMerged(ctx, unionfs.Overlay{Lower: img.Layers, Target: s.Merged(), ReadOnly: true}, part)
	if errors.Is(err, unix.ENOSPC) {
		return advise(err, "make room where the copy is to be: `df -h %[1]s`, and `df -i %[1]s` for how many files it takes", filepath.Dir(dir))
	}
	if err != nil {
		return err
	}
	if err := os.Chmod(part, 0o755); err != nil { // what is made for others is not to be hidden by the umask
		return fmt.Errorf("make the copy readable: %w", err)
	}
	if err := unix.Renameat2(unix.AT_FDCWD, part, unix.AT_FDCWD, dir, unix.RENAME_NOREPLACE); err != nil {
		return fmt.Errorf("name the copy %s: %w", dir, err)
	}
	return nil
}

// copyMerged mounts the layers where nobody else can see it, in a mount namespace that ends with its one thread, and copies
// from there.
func copyMerged(ctx context.Context, o unionfs.Overlay, dir string) (err error) {
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		kernel.Apart(func() { w.CloseWithError(mountAndPack(ctx, w, o)) })
	}()
	_, err = unionfs.Apply(ctx, dir, r, unionfs.ApplyOptions{})
	r.CloseWithError(err)
	<-done
	return err
}

func mountAndPack(ctx context.Context, w io.Writer, o unionfs.Overlay) error {
	err := kernel.DoAll([]kernel.Op{
		kernel.Unshare(unix.CLONE_NEWNS).For("have a mount namespace of its own"),
		kernel.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "").For("keep our mounts from the host"),
	})
	if err == nil {
		err = unionfs.Mount(o)
	}
	if err == nil {
		err = unionfs.Tree(ctx, w, o.Target)
	}
	return err
}
