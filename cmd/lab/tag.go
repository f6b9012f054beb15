package main

import (
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func tagCommand(streams) *cli.Command {
	return &cli.Command{
		Name: "tag", Usage: "give an image one more name", ArgsUsage: "IMAGE NAME[:TAG]",
		Description: "EXAMPLE:\n   lab tag debian:12 registry.example/debian:12",
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() != 2 {
				return wants(ctx, "an image and the name to give it")
			}
			images, err := image.Open(ctx.String("root"))
			if err != nil {
				return err
			}
			source, target := ctx.Args().Get(0), ctx.Args().Get(1)
			if err := images.Tag(ctx.Context, source, target); err != nil {
				return err
			}
			if img, err := images.Find(target); err == nil {
				noteImage(ctx.String("root"), "tag", img, img.Familiar())
			}
			return nil
		},
	}
}
