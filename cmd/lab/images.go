package main

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func imagesCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "images", Usage: "list the images that are here", ArgsUsage: "[NAME[:TAG]]",
		Description: `Filters: ` + strings.Join(imageFilterKeys, ", ") + `.

EXAMPLE:
   lab images --filter dangling=true -q`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "those too that are only steps on the way to others; lab keeps none"},
			&cli.BoolFlag{Name: "digests", Usage: "the digests under which registries gave them"},
			filterFlag(),
			&cli.BoolFlag{Name: "no-trunc", Usage: "print ids in full"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print ids only"},
		}, formatFlags()...),
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 1 {
				return wants(ctx, "at most one name")
			}
			rows, err := imageRows(ctx)
			if err != nil {
				return err
			}
			return imageListing(ctx).print(std.out, formatOf(ctx), ctx.Bool("quiet"), rows)
		},
	}
}

// imageRow is one name of an image.
type imageRow struct {
	*image.Image
	repository, tag, digest string
	users                   int
}

func imageRows(ctx *cli.Context) ([]imageRow, error) {
	images, err := image.Open(ctx.String("root"))
	if err != nil {
		return nil, err
	}
	list, err := images.List()
	if err != nil {
		return nil, err
	}
	f, err := newImageFilter(images, ctx.StringSlice("filter"))
	if err != nil {
		return nil, err
	}
	var users map[string]int
	if strings.Contains(formatOf(ctx), "Containers") || formatOf(ctx) == "json" {
		if users, err = usersOfImages(ctx.String("root")); err != nil {
			return nil, err
		}
	}
	var rows []imageRow
	seen := map[string]bool{} // with -q an image is one line, whatever it is called
	for _, img := range list {
		for _, row := range namesOf(img) {
			row.users = users[img.ID]
			if !f.match(row) || !isCalled(row, ctx.Args().First()) || ctx.Bool("quiet") && seen[img.ID] {
				continue
			}
			seen[img.ID] = true
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func usersOfImages(root string) (map[string]int, error) {
	list, err := listContainers(root)
	users := map[string]int{}
	for _, c := range list {
		users[c.ImageID]++
	}
	return users, err
}

// namesOf makes a row of every tag; of an image that was pulled by its digest one without a tag, and of one without a name one with none at all.
func namesOf(img *image.Image) []imageRow {
	var rows []imageRow
	byRepository := map[string]string{}
	for _, name := range img.RepoDigests {
		repository, digest, _ := strings.Cut(image.Familiar(name), "@")
		byRepository[repository] = digest
	}
	tagged := map[string]bool{}
	for _, name := range img.Names {
		repository, tag := splitName(name)
		tagged[repository] = true
		rows = append(rows, imageRow{Image: img, repository: repository, tag: tag, digest: byRepository[repository]})
	}
	for repository, digest := range byRepository {
		if !tagged[repository] {
			rows = append(rows, imageRow{Image: img, repository: repository, tag: "<none>", digest: digest})
		}
	}
	if len(rows) == 0 {
		rows = append(rows, imageRow{Image: img, repository: "<none>", tag: "<none>"})
	}
	for i := range rows {
		if rows[i].digest == "" {
			rows[i].digest = "<none>"
		}
	}
	return rows
}

func imageListing(ctx *cli.Context) listing[imageRow] {
	full := ctx.Bool("no-trunc")
	l := listing[imageRow]{
		table: []string{"Repository", "Tag", "ID", "CreatedSince", "Size"}, quiet: "ID",
		labels: func(r imageRow) map[string]string { return r.Config.Labels },
		fields: []field[imageRow]{
			{"Repository", "REPOSITORY", func(r imageRow) string { return r.repository }},
			{"Tag", "TAG", func(r imageRow) string { return r.tag }},
			{"Digest", "DIGEST", func(r imageRow) string { return r.digest }},
			{"ID", "IMAGE ID", func(r imageRow) string {
				if full {
					return r.Image.ID
				}
				return image.ShortID(r.Image.ID)
			}},
			{"CreatedAt", "CREATED AT", func(r imageRow) string { return createdAt(r.Created) }},
			{"CreatedSince", "CREATED", func(r imageRow) string { return ago(r.Created) }},
			{"Size", "SIZE", func(r imageRow) string { return sizeText(r.Image.Size) }},
			{"VirtualSize", "SIZE", func(r imageRow) string { return sizeText(r.Image.Size) }},
			{"SharedSize", "SHARED SIZE", func(imageRow) string { return "N/A" }},
			{"UniqueSize", "UNIQUE SIZE", func(imageRow) string { return "N/A" }},
			{"Containers", "CONTAINERS", func(r imageRow) string { return fmt.Sprint(r.users) }},
		},
	}
	if ctx.Bool("digests") {
		l.table = []string{"Repository", "Tag", "Digest", "ID", "CreatedSince", "Size"}
	}
	return l
}

// isCalled says whether a row's name is the one that was asked for: "debian", "debian:12" or with asterisks.
func isCalled(r imageRow, asked string) bool {
	if asked == "" {
		return true
	}
	repository, tag := asked, ""
	if i := strings.LastIndexByte(asked, ':'); i > strings.LastIndexByte(asked, '/') {
		repository, tag = asked[:i], asked[i+1:]
	}
	if ref, err := image.ParseReference(repository); err == nil { // docker.io/library/debian is debian
		ref.Tag, ref.Digest = "latest", ""
		repository = strings.TrimSuffix(ref.Familiar(), ":latest")
	}
	fits := func(pattern, name string) bool {
		ok, err := path.Match(pattern, name)
		return pattern == name || err == nil && ok
	}
	return fits(repository, r.repository) && (tag == "" || fits(tag, r.tag))
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
