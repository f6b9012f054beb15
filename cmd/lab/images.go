package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

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
