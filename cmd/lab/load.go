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
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "do not show how it goes; lab never does"},
			&cli.StringFlag{Name: "platform", Usage: "take the image for `OS/ARCH`"},
			&cli.StringFlag{Name: "name", Usage: "call the archive's one image `NAME`"},
		},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return wants(ctx, "no arguments: name the file with -i, or send it through a pipe")
			}
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
				noteImage(ctx.String("root"), "load", img, img.Familiar())
				printLoaded(std.out, img) // with -q too, as docker load does
			}
			return nil
		},
	}
}

func printLoaded(out io.Writer, img *image.Image) {
	if len(img.Names) == 0 {
		fmt.Fprintf(out, "Loaded image ID: %s\n", img.ID)
	}
	for _, n := range img.Names {
		fmt.Fprintf(out, "Loaded image: %s\n", image.Familiar(n))
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
