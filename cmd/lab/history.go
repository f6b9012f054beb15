package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func historyCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "history", Usage: "say how an image came about, step by step", ArgsUsage: "IMAGE",
		Description: "EXAMPLE:\n   lab history --no-trunc debian:12",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "human", Aliases: []string{"H"}, Usage: "print sizes and dates for people", Value: true},
			&cli.BoolFlag{Name: "no-trunc", Usage: "print all in full"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print ids only"},
		}, formatFlags()...),
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() != 1 {
				return wants(ctx, "one image")
			}
			images, err := image.Open(ctx.String("root"))
			if err != nil {
				return err
			}
			img, err := images.Inspect(ctx.Args().First())
			if err != nil {
				return err
			}
			steps, err := images.History(img)
			if err != nil {
				return err
			}
			rows := make([]historyRow, len(steps))
			for i, s := range steps {
				rows[i] = historyRow{Step: s, id: "<missing>"} // only the youngest is an image: those before are steps on the way
				if i == 0 {
					rows[i].id, rows[i].tags = img.ID, img.Names
				}
			}
			return historyListing(ctx.Bool("no-trunc"), ctx.Bool("human")).print(std.out, formatOf(ctx), ctx.Bool("quiet"), rows)
		},
	}
}

type historyRow struct {
	image.Step
	id   string
	tags []string
}

func historyListing(full, human bool) listing[historyRow] {
	return listing[historyRow]{
		table: []string{"ID", "CreatedSince", "CreatedBy", "Size", "Comment"}, quiet: "ID",
		fields: []field[historyRow]{
			{"ID", "IMAGE", func(r historyRow) string {
				if full || !strings.HasPrefix(r.id, "sha256:") {
					return r.id
				}
				return image.ShortID(r.id)
			}},
			{"CreatedAt", "CREATED AT", func(r historyRow) string { return r.Created.Format(time.RFC3339) }},
			{"CreatedSince", "CREATED", func(r historyRow) string {
				if !human {
					return r.Created.Format(time.RFC3339)
				}
				return ago(r.Created)
			}},
			{"CreatedBy", "CREATED BY", func(r historyRow) string {
				text := printable(strings.ReplaceAll(r.CreatedBy, "\t", " "))
				if runes := []rune(text); !full && len(runes) > 45 {
					text = string(runes[:44]) + "…"
				}
				return text
			}},
			{"Size", "SIZE", func(r historyRow) string {
				if !human {
					return strconv.FormatInt(r.Size, 10)
				}
				return sizeText(r.Size)
			}},
			{"Comment", "COMMENT", func(r historyRow) string { return printable(r.Comment) }},
			{"Tags", "TAGS", func(r historyRow) string {
				var tags []string
				for _, t := range r.tags {
					tags = append(tags, image.Familiar(t))
				}
				return strings.Join(tags, ",")
			}},
		},
	}
}
