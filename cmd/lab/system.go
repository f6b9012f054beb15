package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

// systemDiskCommand is `lab system df`.
func systemDiskCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "df", Usage: "say what images, containers and volumes take on the disk",
		Description: `An image takes its unpacked layers and the blobs that they came in; what several images share counts once.

EXAMPLE:
   lab system df -v`,
		Flags: append([]cli.Flag{&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "every image, container and volume"}}, formatFlags()...),
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return wants(ctx, "no arguments")
			}
			u, err := diskUse(ctx.String("root"))
			if err != nil {
				return err
			}
			if ctx.Bool("verbose") {
				return u.printAll(ctx, std.out)
			}
			return usageListing().print(std.out, formatOf(ctx), false, u.rows())
		},
	}
}

// diskUsage is what there is and what it takes.
type diskUsage struct {
	root       string
	images     []imageUse
	containers []psRow
	volumes    []volumeUse
	layers     map[string]int64 // bytes by diff id, blob included
	users      map[string]int   // how many images have a layer
}

type imageUse struct {
	*image.Image
	containers           int
	size, shared, unique int64
}

type volumeUse struct {
	name  string
	links int
	size  int64
}

func diskUse(root string) (*diskUsage, error) {
	u := &diskUsage{root: root, layers: map[string]int64{}, users: map[string]int{}}
	if err := u.measureContainers(); err != nil {
		return nil, err
	}
	if err := u.measureImages(); err != nil {
		return nil, err
	}
	u.measureVolumes()
	return u, nil
}

func (u *diskUsage) measureContainers() error {
	list, err := listContainers(u.root)
	if err != nil {
		return err
	}
	for _, c := range list {
		u.containers = append(u.containers, psRow{listed: c, size: -1, about: &psAbout{root: u.root, id: c.ID}})
	}
	measure(u.root, u.containers)
	return nil
}

func (u *diskUsage) measureImages() error {
	images, err := image.Open(u.root)
	if err != nil {
		return err
	}
	list, err := images.List()
	if err != nil {
		return err
	}
	for _, l := range images.Layers() {
		u.layers[l.DiffID] = l.Size + l.BlobSize
	}
	for _, img := range list {
		for _, id := range img.DiffIDs {
			u.users[id]++
		}
	}
	for _, img := range list {
		one := imageUse{Image: img}
		for _, c := range u.containers {
			if c.ImageID == img.ID {
				one.containers++
			}
		}
		for _, id := range img.DiffIDs {
			one.size += u.layers[id]
			if u.users[id] > 1 {
				one.shared += u.layers[id]
			}
		}
		one.unique = one.size - one.shared
		u.images = append(u.images, one)
	}
	return nil
}

func (u *diskUsage) measureVolumes() {
	dir := store.Open(u.root).Path("volumes")
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		v := volumeUse{name: e.Name(), size: treeSize(filepath.Join(dir, e.Name()))}
		for _, c := range u.containers {
			if mountsVolume(u.root, c.ID, e.Name()) {
				v.links++
			}
		}
		u.volumes = append(u.volumes, v)
	}
}

// usageRow is one line of the table.
type usageRow struct {
	kind              string
	total, active     int
	size, reclaimable int64
}

func usageListing() listing[usageRow] {
	return listing[usageRow]{
		table: []string{"Type", "TotalCount", "Active", "Size", "Reclaimable"}, quiet: "Type",
		fields: []field[usageRow]{
			{"Type", "TYPE", func(r usageRow) string { return r.kind }},
			{"TotalCount", "TOTAL", func(r usageRow) string { return fmt.Sprint(r.total) }},
			{"Active", "ACTIVE", func(r usageRow) string { return fmt.Sprint(r.active) }},
			{"Size", "SIZE", func(r usageRow) string { return sizeText(r.size) }},
			{"Reclaimable", "RECLAIMABLE", func(r usageRow) string {
				if r.size == 0 {
					return sizeText(r.reclaimable)
				}
				return fmt.Sprintf("%s (%d%%)", sizeText(r.reclaimable), r.reclaimable*100/r.size)
			}},
		},
	}
}

func (u *diskUsage) rows() []usageRow {
	images := usageRow{kind: "Images", total: len(u.images)}
	needed := map[string]bool{}
	for _, img := range u.images {
		if img.containers > 0 {
			images.active++
			for _, id := range img.DiffIDs {
				needed[id] = true
			}
		}
	}
	for _, c := range u.containers {
		for _, id := range c.Layers {
			needed[id] = true
		}
	}
	for id, n := range u.layers {
		images.size += n
		if !needed[id] {
			images.reclaimable += n
		}
	}
	containers := usageRow{kind: "Containers", total: len(u.containers)}
	for _, c := range u.containers {
		containers.size += c.size
		switch c.phase {
		case container.Running, container.Paused, container.Restarting:
			containers.active++
		default:
			containers.reclaimable += c.size
		}
	}
	volumes := usageRow{kind: "Local Volumes", total: len(u.volumes)}
	for _, v := range u.volumes {
		volumes.size += v.size
		if v.links > 0 {
			volumes.active++
		} else {
			volumes.reclaimable += v.size
		}
	}
	return []usageRow{images, containers, volumes, {kind: "Build Cache"}}
}

func (u *diskUsage) printAll(ctx *cli.Context, out io.Writer) error {
	if formatOf(ctx) == "json" {
		return printJSON(out, u.about())
	}
	fmt.Fprint(out, "Images space usage:\n\n")
	if err := diskImages().print(out, "", false, u.imageRows()); err != nil {
		return err
	}
	fmt.Fprint(out, "\nContainers space usage:\n\n")
	l := psListing(ctx)
	l.table = []string{"ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names"}
	if err := l.print(out, "", false, u.containers); err != nil {
		return err
	}
	fmt.Fprint(out, "\nLocal Volumes space usage:\n\n")
	if err := diskVolumes().print(out, "", false, u.volumes); err != nil {
		return err
	}
	_, err := fmt.Fprint(out, "\nBuild cache usage: 0B\n")
	return err
}

// about is all of it for JSON.
func (u *diskUsage) about() any {
	all := map[string][]record{"Images": {}, "Containers": {}, "Volumes": {}, "BuildCache": {}}
	for _, r := range u.imageRows() {
		all["Images"] = append(all["Images"], diskImages().record(r, diskImages().fields))
	}
	l := listing[psRow]{fields: []field[psRow]{
		{"ID", "", func(r psRow) string { return r.ID }}, {"Names", "", func(r psRow) string { return r.Name }},
		{"Image", "", func(r psRow) string { return r.Image }}, {"Size", "", func(r psRow) string { return sizeText(r.size) }},
		{"State", "", func(r psRow) string { return string(r.phase) }}, {"Status", "", func(r psRow) string { return status(r.listed) }},
	}}
	for _, c := range u.containers {
		all["Containers"] = append(all["Containers"], l.record(c, l.fields))
	}
	for _, v := range u.volumes {
		all["Volumes"] = append(all["Volumes"], diskVolumes().record(v, diskVolumes().fields))
	}
	return all
}

type diskImage struct {
	imageUse
	imageRow
}

func (u *diskUsage) imageRows() []diskImage {
	var rows []diskImage
	for _, img := range u.images {
		for _, row := range namesOf(img.Image) {
			rows = append(rows, diskImage{img, row})
		}
	}
	return rows
}

func diskImages() listing[diskImage] {
	return listing[diskImage]{
		table: []string{"Repository", "Tag", "ID", "CreatedSince", "Size", "SharedSize", "UniqueSize", "Containers"}, quiet: "ID",
		fields: []field[diskImage]{
			{"Repository", "REPOSITORY", func(r diskImage) string { return r.repository }},
			{"Tag", "TAG", func(r diskImage) string { return r.tag }},
			{"ID", "IMAGE ID", func(r diskImage) string { return image.ShortID(r.imageUse.ID) }},
			{"CreatedSince", "CREATED", func(r diskImage) string { return ago(r.imageUse.Created) }},
			{"Size", "SIZE", func(r diskImage) string { return sizeText(r.size) }},
			{"SharedSize", "SHARED SIZE", func(r diskImage) string { return sizeText(r.shared) }},
			{"UniqueSize", "UNIQUE SIZE", func(r diskImage) string { return sizeText(r.unique) }},
			{"Containers", "CONTAINERS", func(r diskImage) string { return fmt.Sprint(r.containers) }},
		},
	}
}

func diskVolumes() listing[volumeUse] {
	return listing[volumeUse]{
		table: []string{"Name", "Links", "Size"}, quiet: "Name",
		fields: []field[volumeUse]{
			{"Name", "VOLUME NAME", func(v volumeUse) string { return v.name }},
			{"Links", "LINKS", func(v volumeUse) string { return fmt.Sprint(v.links) }},
			{"Size", "SIZE", func(v volumeUse) string { return sizeText(v.size) }},
		},
	}
}
