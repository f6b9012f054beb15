package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func pullCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "pull", Usage: "fetch an image from a registry", ArgsUsage: "NAME[:TAG|@DIGEST]",
		Description: "EXAMPLE:\n   lab pull debian:12",
		Flags: []cli.Flag{
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
			img, err := pull(ctx.Context, std, images, name, opt, ctx.Bool("quiet"))
			if err != nil {
				return err
			}
			fmt.Fprintln(std.out, canonical(name, img))
			return nil
		},
	}
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

func imagesCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "images", Usage: "list the images that are here",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print ids only"},
			&cli.BoolFlag{Name: "no-trunc", Usage: "print ids in full"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object a line"},
		},
		Action: func(ctx *cli.Context) error {
			images, err := image.Open(ctx.String("root"))
			if err != nil {
				return err
			}
			list, err := images.List()
			if err != nil {
				return err
			}
			return printImages(ctx, std.out, list)
		},
	}
}

func printImages(ctx *cli.Context, out io.Writer, list []*image.Image) error {
	w := tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)
	plain := !ctx.Bool("quiet") && !ctx.Bool("json")
	if plain {
		fmt.Fprintln(w, "REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE")
	}
	for _, img := range list {
		id := image.ShortID(img.ID)
		if ctx.Bool("no-trunc") {
			id = img.ID
		}
		if ctx.Bool("quiet") {
			fmt.Fprintln(w, id)
			continue
		}
		names := img.Names
		if len(names) == 0 {
			names = []string{""}
		}
		for _, name := range names {
			repository, tag := splitName(name)
			if ctx.Bool("json") {
				_ = json.NewEncoder(w).Encode(map[string]any{"Repository": repository, "Tag": tag, "ID": img.ID, "Created": img.Created, "Size": img.Size})
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", repository, tag, id, ago(img.Created), units.HumanSizeWithPrecision(float64(img.Size), 3))
		}
	}
	return w.Flush()
}

func splitName(name string) (repository, tag string) {
	ref, err := image.ParseReference(name)
	if err != nil {
		return "<none>", "<none>"
	}
	tag = ref.Tag
	ref.Tag, ref.Digest = "latest", ""
	repository = ref.Familiar()
	return repository[:len(repository)-len(":latest")], tag
}

func ago(t time.Time) string {
	if t.IsZero() {
		return "N/A"
	}
	return units.HumanDuration(time.Since(t)) + " ago"
}

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
