package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func loadCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "load", Usage: "take images out of an archive (docker save, OCI)",
		Description: "EXAMPLE:\n   lab load -i images.tar",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "input", Aliases: []string{"i"}, Usage: "read `FILE` instead of standard input"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print nothing"},
			&cli.StringFlag{Name: "platform", Usage: "take the image for `OS/ARCH`"},
			&cli.StringFlag{Name: "name", Usage: "call the archive's one image `NAME`"},
		},
		Action: func(ctx *cli.Context) error {
			images, err := image.Open(ctx.String("root"))
			if err != nil {
				return err
			}
			in, err := inputFile(ctx.String("input"), std)
			if err != nil {
				return err
			}
			defer in.Close()
			stop, cancel := interruptible(ctx.Context)
			defer cancel()
			list, err := images.Load(stop, in, image.LoadOptions{Platform: ctx.String("platform"), Name: ctx.String("name")})
			if err != nil {
				return err
			}
			for _, img := range list {
				if ctx.Bool("quiet") {
					continue
				}
				if len(img.Names) == 0 {
					fmt.Fprintf(std.out, "Loaded image ID: %s\n", img.ID)
				}
				for _, n := range img.Names {
					fmt.Fprintf(std.out, "Loaded image: %s\n", image.Familiar(n))
				}
			}
			return nil
		},
	}
}

func importCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "make an image of a root file system in a tar", ArgsUsage: "FILE|- [NAME]",
		Description: "EXAMPLE:\n   tar -C rootfs -c . | lab import - mine:1",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "change", Aliases: []string{"c"}, Usage: "set the image's configuration with a Dockerfile `LINE`: CMD, ENV, USER …"},
			&cli.StringFlag{Name: "message", Aliases: []string{"m"}, Usage: "note `TEXT` in its history"},
			&cli.StringFlag{Name: "platform", Usage: "it is for `OS/ARCH`"},
		},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() < 1 || ctx.NArg() > 2 {
				return &exit{code: 1, err: errors.New("import wants a file, or - for standard input, and a name for the image")}
			}
			images, err := image.Open(ctx.String("root"))
			if err != nil {
				return err
			}
			in, err := inputFile(ctx.Args().First(), std)
			if err != nil {
				return err
			}
			defer in.Close()
			stop, cancel := interruptible(ctx.Context)
			defer cancel()
			opt := image.ImportOptions{Changes: ctx.StringSlice("change"), Message: ctx.String("message"), Platform: ctx.String("platform")}
			img, err := images.Import(stop, ctx.Args().Get(1), in, opt)
			if err != nil {
				return err
			}
			fmt.Fprintln(std.out, img.ID)
			return nil
		},
	}
}

// inputFile opens a file, or standard input for "" and "-".
func inputFile(name string, std streams) (io.ReadCloser, error) {
	if name != "" && name != "-" {
		return os.Open(name)
	}
	if isTerminal(int(std.in.Fd())) {
		return nil, &exit{code: 1, err: errors.New("standard input is a terminal: name a file, or send an archive through a pipe")}
	}
	return io.NopCloser(std.in), nil
}
