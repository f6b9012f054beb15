package main

import (
	"fmt"
	"io"

	"github.com/container-labs/lab/internal/image"
)

// here looks for the image that a container is to be made from. One for another platform than --platform says is not the one: its name
// stands for it here, and for another one in the registry.
func here(images *image.Store, r *request) (*image.Image, error) {
	img, err := images.Find(r.image)
	if err != nil {
		return nil, err
	}
	fits, err := fits(img, r)
	if err != nil {
		return nil, err
	}
	if !fits {
		return nil, fmt.Errorf("%w: %s is here for %s, and not for %s", image.ErrNotFound, r.image, img.Platform(), r.platform)
	}
	return img, nil
}

// fits says whether an image is for the platform that was asked for, if one was.
func fits(img *image.Image, r *request) (bool, error) {
	if r.platform == "" {
		return true, nil
	}
	fits, err := img.Fits(r.platform)
	if err != nil {
		return false, usage("invalid --platform: %w", err)
	}
	return fits, nil
}

// boxFits refuses a platform that lab itself is not made for.
func boxFits(img *image.Image, r *request) error {
	fits, err := fits(img, r)
	if err != nil {
		return err
	}
	if !fits {
		return usage("--platform %s: box is made of this lab, which is for %s", r.platform, image.Machine())
	}
	return nil
}

// warnPlatform says, in docker's words, that an image is for another kind of machine, unless that was asked for. Its programs run all the
// same where binfmt_misc has an emulator.
func warnPlatform(w io.Writer, img *image.Image, r *request) {
	if r.platform != "" || img == nil {
		return
	}
	if fits, err := img.Fits(""); err == nil && !fits {
		fmt.Fprintf(w, "WARNING: The requested image's platform (%s) does not match the detected host platform (%s) and no specific platform was requested\n", img.Platform(), image.Machine())
	}
}
