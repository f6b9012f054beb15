package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/store"
)

func unionfsLayersCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "IMAGE|CONTAINER",
		Description: `The topmost first, as they are mounted. An image's layers are shared by all that is made of it; a container has one of its own.

EXAMPLE:
   lab unionfs layers box`,
		Flags:  andWatch(jsonFlag("print one JSON object a line")),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error { return layersAction(ctx, std, args) }),
	}
}

type layerJSON struct {
	Layer     string `json:"layer"` // "upper" or the digest
	Size      int64  `json:"size"`
	Directory string `json:"directory"`
}

func layersAction(ctx *cli.Context, std streams, args []string) error {
	if len(args) != 1 {
		return wants(ctx, "an image or a container")
	}
	list, err := layersOf(ctx, std, args[0])
	if err != nil {
		return err
	}
	t := &table{heads: []string{"LAYER", "SIZE", "DIRECTORY"}, right: []bool{false, true, false}}
	for _, l := range list {
		if ctx.Bool("json") {
			if err := printJSON(std.out, l); err != nil {
				return err
			}
			continue
		}
		name := strings.TrimPrefix(l.Layer, "sha256:")
		t.rows = append(t.rows, []string{name[:min(12, len(name))], units.HumanSizeWithPrecision(float64(l.Size), 3), l.Directory})
	}
	if !ctx.Bool("json") {
		return t.print(ctx, std)
	}
	return nil
}

func layersOf(ctx *cli.Context, std streams, name string) ([]layerJSON, error) {
	var list []layerJSON
	root := ctx.String("root")
	state, err := findState(root, name)
	switch {
	case err == nil:
		upper := filepath.Join(store.Open(root).Container(state.ID), "upper")
		list = append(list, layerJSON{"upper", sizeOf(upper), upper})
		name = state.ImageID
	case !errors.Is(err, errNoContainer):
		return nil, err
	}
	img, err := imageNamed(ctx, std, name)
	if errors.Is(err, image.ErrNotFound) {
		return nil, advise(fmt.Errorf("%q is no image that is here, and no container", name), "`lab images` lists what there is, `lab pull %s` fetches it", name)
	}
	if err != nil {
		return nil, err
	}
	images, err := image.Open(root)
	if err != nil {
		return nil, err
	}
	for i, dir := range img.Layers {
		digest := img.DiffIDs[len(img.DiffIDs)-1-i] // those are base first
		size, err := images.LayerSize(digest)
		if err != nil {
			return nil, err
		}
		list = append(list, layerJSON{digest, size, dir})
	}
	return list, nil
}

// sizeOf adds up the files in a directory.
func sizeOf(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // gone meanwhile
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size
}
