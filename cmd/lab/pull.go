package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func pullCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "pull", Usage: "fetch an image from a registry", ArgsUsage: "NAME[:TAG|@DIGEST]",
		Description: "EXAMPLE:\n   lab pull debian:12",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all-tags", Aliases: []string{"a"}, Usage: "fetch every tag that the repository has"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print the image's name and nothing else"},
			&cli.StringFlag{Name: "platform", Usage: "take the image for `OS/ARCH`"},
			&cli.BoolFlag{Name: "insecure", Usage: "accept plain http, and certificates that nobody vouches for"},
		},
		Action: func(ctx *cli.Context) error {
			images, name, err := imageArgument(ctx)
			if err != nil {
				return err
			}
			opt := image.PullOptions{Platform: ctx.String("platform"), Insecure: ctx.Bool("insecure")}
			if ctx.Bool("all-tags") {
				return pullAll(ctx, std, images, name, opt)
			}
			img, err := pull(ctx.Context, std, images, name, opt, ctx.Bool("quiet"))
			if err != nil {
				return err
			}
			fmt.Fprintln(std.out, canonical(name, img))
			return nil
		},
	}
}

// pullAll fetches every tag of a repository. One that cannot be had does not keep the others away.
func pullAll(ctx *cli.Context, std streams, images *image.Store, name string, opt image.PullOptions) error {
	ref, err := image.ParseReference(name)
	if err != nil {
		return err
	}
	if ref.Digest != "" || strings.Contains(name[strings.LastIndexByte(name, '/')+1:], ":") {
		return &exit{code: 1, err: errors.New("tag can't be used with --all-tags/-a: name the repository alone")}
	}
	stop, cancel := interruptible(ctx.Context) // one for all: Ctrl-C ends the whole, and not the tag that is just fetched
	defer cancel()
	tags, err := images.RepositoryTags(stop, name, opt.Insecure)
	if err != nil {
		return err
	}
	var failed []error
	for _, tag := range tags {
		if _, err := pull(stop, std, images, ref.Name()+":"+tag, opt, ctx.Bool("quiet")); err != nil {
			if stop.Err() != nil {
				return err
			}
			failed = append(failed, err)
		}
	}
	if len(tags) > len(failed) {
		fmt.Fprintln(std.out, ref.Name())
	}
	return errors.Join(failed...)
}

// canonical is the full name that a pull ends with, as docker prints it.
func canonical(name string, img *image.Image) string {
	if ref, err := image.ParseReference(name); err == nil {
		return ref.String()
	}
	return img.ID
}

// imageArgument is the store and the one name that a command wants.
func imageArgument(ctx *cli.Context) (*image.Store, string, error) {
	if ctx.NArg() != 1 {
		return nil, "", &exit{code: 1, err: fmt.Errorf("%s wants the name of one image; see `lab %s --help`", ctx.Command.Name, ctx.Command.Name)}
	}
	images, err := image.Open(ctx.String("root"))
	return images, ctx.Args().First(), err
}
