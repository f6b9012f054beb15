package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func rmiCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "rmi", Usage: "remove images", ArgsUsage: "IMAGE [IMAGE…]",
		Description: `A name goes; with its last name the image, and the layers that no other image and no container has.

EXAMPLE:
   lab rmi debian:12`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "remove all names of an image at once, and one that a stopped container has"},
			&cli.BoolFlag{Name: "no-prune", Usage: "accepted; lab keeps no untagged parents"},
		},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() == 0 {
				return wants(ctx, "one image or more")
			}
			root := ctx.String("root")
			images, err := image.Open(root)
			if err != nil {
				return err
			}
			opt := removeOptions(root, ctx.Bool("force"))
			var failed []error
			for _, name := range ctx.Args().Slice() {
				removed, err := images.Remove(ctx.Context, name, opt)
				if removed != nil {
					printRemoved(std, root, removed)
				}
				if err != nil {
					failed = append(failed, err)
				}
			}
			return errors.Join(failed...)
		},
	}
}

// removeOptions say which images and layers containers need, at the moment when that is asked.
func removeOptions(root string, force bool) image.RemoveOptions {
	return image.RemoveOptions{
		Force: force, KeepLayer: keepLayer(root),
		InUse: func(imageID string) (string, bool) {
			states, err := listStates(root)
			if err != nil {
				return "which cannot be read", true
			}
			return usedBy(states)(imageID)
		},
	}
}

func printRemoved(std streams, root string, removed *image.Removed) {
	for _, n := range removed.Untagged {
		fmt.Fprintf(std.out, "Untagged: %s\n", image.Familiar(n))
	}
	for _, d := range removed.Deleted {
		fmt.Fprintf(std.out, "Deleted: %s\n", d)
	}
	noteRemoved(root, removed)
}

func noteRemoved(root string, removed *image.Removed) {
	for _, n := range removed.Untagged {
		noteImage(root, "untag", &image.Image{ID: image.Familiar(n)}, image.Familiar(n))
	}
	if len(removed.Deleted) > 0 {
		noteImage(root, "delete", &image.Image{ID: removed.Deleted[0]}, removed.Deleted[0])
	}
}
