package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func rmiCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "rmi", Usage: "remove images", ArgsUsage: "NAME [NAME…]",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "remove all names of an image at once"}},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() == 0 {
				return &exit{code: 1, err: errors.New("rmi wants the name of an image")}
			}
			images, err := image.Open(ctx.String("root"))
			if err != nil {
				return err
			}
			states, err := listStates(ctx.String("root"))
			if err != nil {
				return err
			}
			opt := image.RemoveOptions{Force: ctx.Bool("force"), InUse: usedBy(states), KeepLayer: keepLayer(ctx.String("root"))}
			var failed []error
			for _, name := range ctx.Args().Slice() {
				removed, err := images.Remove(ctx.Context, name, opt)
				if err != nil {
					failed = append(failed, err)
					continue
				}
				for _, n := range removed.Untagged {
					fmt.Fprintf(std.out, "Untagged: %s\n", image.Familiar(n))
				}
				for _, d := range removed.Deleted {
					fmt.Fprintf(std.out, "Deleted: %s\n", d)
				}
			}
			return errors.Join(failed...)
		},
	}
}

func tagCommand(streams) *cli.Command {
	return &cli.Command{
		Name: "tag", Usage: "give an image one more name", ArgsUsage: "IMAGE NAME",
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() != 2 {
				return &exit{code: 1, err: errors.New("tag wants an image and the name to give it")}
			}
			images, err := image.Open(ctx.String("root"))
			if err != nil {
				return err
			}
			return images.Tag(ctx.Context, ctx.Args().Get(0), ctx.Args().Get(1))
		},
	}
}
