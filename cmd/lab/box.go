package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/container-labs/lab/internal/box"
	"github.com/container-labs/lab/internal/image"
)

const (
	boxName  = "box"
	boxLabel = "lab.build"
)

// isBox says whether a name is the embedded image's, which needs no registry.
func isBox(name string) bool { return name == boxName || name == boxName+":latest" }

// findBox returns the embedded image. It is made of this very program when it is first asked for, and anew when the program
// is another than the one it was made of.
func findBox(ctx context.Context, std streams, images *image.Store) (*image.Image, error) {
	build, err := buildMark()
	if err != nil {
		return nil, err
	}
	old, err := images.Find(boxName)
	if err == nil && old.Config.Labels[boxLabel] == build {
		return old, nil
	}
	stop, cancel := interruptible(ctx)
	defer cancel()
	about := box.Config()
	config := image.ConfigFile{
		Created: image.Time{Time: time.Now().UTC().Truncate(time.Second)},
		Config: image.Config{
			Env: about.Env, Cmd: about.Cmd, WorkingDir: about.WorkingDir,
			Labels: map[string]string{boxLabel: build},
		},
		History: []image.History{{Created: image.Time{Time: time.Now().UTC().Truncate(time.Second)}, CreatedBy: "lab", Comment: "the userland inside lab itself"}},
	}
	img, err := images.Add(stop, boxName, config, []image.LayerSource{{Open: boxLayer}})
	if err != nil {
		return nil, fmt.Errorf("make the image %s: %w", boxName, err)
	}
	if old != nil { // of another build, and without a name now
		_, _ = images.Remove(stop, old.ID, image.RemoveOptions{KeepLayer: keepLayer(images.Root())})
	}
	return img, nil
}

// buildMark tells one build of lab from another.
func buildMark() (string, error) {
	info, err := os.Stat("/proc/self/exe")
	if err != nil {
		return "", fmt.Errorf("look at lab's own program: %w", err)
	}
	return fmt.Sprintf("%s %d %d", version, info.Size(), info.ModTime().UnixNano()), nil
}

func boxLayer() (io.ReadCloser, error) {
	r, w := io.Pipe()
	go func() { w.CloseWithError(box.Layer(w, "/proc/self/exe")) }()
	return r, nil
}
