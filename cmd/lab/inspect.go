package main

import (
	"encoding/json"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func inspectCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "print all about images and containers, as JSON", ArgsUsage: "NAME [NAME…]",
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() == 0 {
				return &exit{code: 1, err: errors.New("inspect wants the name of an image or a container")}
			}
			var all []any
			var missing []error
			for _, name := range ctx.Args().Slice() {
				about, err := inspect(ctx.String("root"), name)
				if err != nil {
					missing = append(missing, err)
					continue
				}
				all = append(all, about)
			}
			encoder := json.NewEncoder(std.out)
			encoder.SetIndent("", "    ")
			encoder.SetEscapeHTML(false)
			if all == nil {
				all = []any{}
			}
			if err := encoder.Encode(all); err != nil {
				return err
			}
			return errors.Join(missing...)
		},
	}
}

func inspectImage(root, name string) (any, error) {
	images, err := image.Open(root)
	if err != nil {
		return nil, err
	}
	return images.Describe(name)
}
