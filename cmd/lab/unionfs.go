package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/unionfs"
)

func unionfsCommand(std streams, args []string) *cli.Command {
	return chapter(std, args, "unionfs", "the union file system: mount, look through, compare", []verb{
		{"mount", "show several directories as one", unionfsMountCommand},
		{"umount", "take the merged directory away again", unionfsUmountCommand},
		{"ls", "list the overlay mounts", unionfsListCommand},
		{"show", "say of each name which layer it comes from, and what it hides", unionfsShowCommand},
		{"diff", "say what the upper directory changes", unionfsDiffCommand},
		{"layers", "list the layers of an image or a container", unionfsLayersCommand},
		{"copy", "write the merged files of an image into a directory", unionfsCopyCommand},
	}, "overlay")
}

// union is a number of directories to be seen as one.
type union struct {
	lower []string // topmost first
	upper string
}

func unionFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "lower", Aliases: []string{"l"}, Usage: "a directory below (`DIR`); give several from the top down"},
		&cli.StringFlag{Name: "upper", Aliases: []string{"u"}, Usage: "the directory that takes the changes (`DIR`)"},
	}
}

// unionOf finds the directories: those of the flags, of an overlay that is mounted, of a container, or of an image.
func unionOf(ctx *cli.Context, std streams, args []string) (union, error) {
	u := union{ctx.StringSlice("lower"), ctx.String("upper")}
	switch {
	case len(args) == 0 && len(u.lower) == 0:
		return u, wants(ctx, "a directory where an overlay is mounted, a container, an image, or --lower")
	case len(args) > 1, len(args) == 1 && (len(u.lower) > 0 || u.upper != ""):
		return u, wants(ctx, "one name, or --lower and --upper instead")
	case len(args) == 0:
		return u, nil
	}
	return unionNamed(ctx, std, args[0])
}

func unionNamed(ctx *cli.Context, std streams, name string) (union, error) {
	if isDir(name) {
		o, err := unionfs.Find(name)
		if err == nil && o.ReadOnly && o.Upper == "" {
			return union{lower: o.Lower}, nil
		}
		return union{o.Lower, o.Upper}, err
	}
	root := ctx.String("root")
	state, err := findState(root, name)
	if err == nil {
		images, err := image.Open(root)
		if err != nil {
			return union{}, err
		}
		img, err := images.Find(state.ImageID)
		if err != nil {
			return union{}, fmt.Errorf("find the image of container %s: %w", name, err)
		}
		return union{img.Layers, filepath.Join(store.Open(root).Container(state.ID), "upper")}, nil
	}
	if !errors.Is(err, errNoContainer) {
		return union{}, err
	}
	img, err := imageNamed(ctx, std, name)
	if errors.Is(err, image.ErrNotFound) {
		return union{}, advise(fmt.Errorf("%q is no directory, no container and no image: %w", name, fs.ErrNotExist), "`lab images` and `lab ps -a` list what there is")
	}
	if err != nil {
		return union{}, err
	}
	return union{lower: img.Layers}, nil
}

// imageNamed finds an image that is here; the embedded one is made when it is not.
func imageNamed(ctx *cli.Context, std streams, name string) (*image.Image, error) {
	images, err := image.Open(ctx.String("root"))
	if err != nil {
		return nil, err
	}
	if isBox(name) {
		return findBox(ctx.Context, std, images)
	}
	return images.Find(name)
}

// labels gives the layers short names: "upper", and "lower" or "lower 1" and so on from the top down.
func (u union) labels() map[string]string {
	m := map[string]string{}
	for i, dir := range u.lower {
		m[dir] = fmt.Sprintf("lower %d", i+1)
		if len(u.lower) == 1 {
			m[dir] = "lower"
		}
	}
	if u.upper != "" {
		m[u.upper] = "upper"
	}
	return m
}

// all are the directories from the top down.
func (u union) all() []string {
	if u.upper == "" {
		return u.lower
	}
	return append([]string{u.upper}, u.lower...)
}
