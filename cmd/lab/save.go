package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/event"
	"github.com/container-labs/lab/internal/image"
)

func saveCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "save", Usage: "write images as an archive", ArgsUsage: "IMAGE [IMAGE…]",
		Description: `The archive is an OCI image layout, and has docker's manifest.json too: lab load, docker load, skopeo and umoci read it.

EXAMPLE:
   lab save -o both.tar debian:12 box`,
		Flags: []cli.Flag{&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE` instead of standard output"}},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() == 0 {
				return wants(ctx, "one image or more")
			}
			root := ctx.String("root")
			images, err := image.Open(root)
			if err != nil {
				return err
			}
			stop, cancel := interruptible(ctx.Context)
			defer cancel()
			err = writeOutput(ctx.String("output"), std, func(w io.Writer) error { return images.Save(stop, w, ctx.Args().Slice()...) })
			for _, name := range ctx.Args().Slice() {
				if img, found := images.Find(name); err == nil && found == nil {
					noteImage(root, "save", img, name)
				}
			}
			return err
		},
	}
}

// noteImage writes an event about an image.
func noteImage(root, action string, img *image.Image, name string) {
	event.Write(root, event.Event{Type: "image", Action: action, ID: img.ID, Attributes: map[string]string{"name": name}})
}
