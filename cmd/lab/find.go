package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/image/progress"
)

// find returns the image that a container is made from: the embedded one, one that is here, or one that is pulled now.
func find(ctx context.Context, std streams, images *image.Store, r *request) (*image.Image, error) {
	if isBox(r.image) {
		img, err := findBox(ctx, std, images)
		if err == nil {
			err = boxFits(img, r)
		}
		return img, err
	}
	if r.pull != "always" || r.dry {
		img, err := here(images, r)
		if err == nil || !errors.Is(err, image.ErrNotFound) {
			return img, err
		}
		if r.pull == "never" || r.dry {
			return nil, fmt.Errorf("unable to find image %s here, and it is not to be pulled: %w", r.image, err)
		}
		if !r.quiet {
			fmt.Fprintf(std.err, "Unable to find image '%s' locally\n", r.image)
		}
	}
	return pull(ctx, std, images, r.image, image.PullOptions{Platform: r.platform}, r.quiet)
}

// pull fetches an image and shows how it goes: on standard error, for standard output may be the container's.
func pull(ctx context.Context, std streams, images *image.Store, name string, opt image.PullOptions, quiet bool) (*image.Image, error) {
	ctx, cancel := interruptible(ctx)
	defer cancel()
	result, err := pullShown(ctx, std, images, name, opt, quiet)
	if err != nil {
		return nil, err
	}
	noteImage(images.Root(), "pull", result.Image, result.Ref.Familiar())
	if !quiet {
		fmt.Fprintf(std.err, "Digest: %s\n", result.Digest)
		status := "Image is up to date for"
		if result.New {
			status = "Downloaded newer image for"
		}
		fmt.Fprintf(std.err, "Status: %s %s\n", status, result.Ref.Familiar())
	}
	return result.Image, nil
}

func pullShown(ctx context.Context, std streams, images *image.Store, name string, opt image.PullOptions, quiet bool) (*image.PullResult, error) {
	if !quiet {
		show, end := progress.For(std.err)
		defer end()
		opt.Progress = show
	}
	return images.Pull(ctx, name, opt)
}
