package image_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/container-labs/lab/internal/image"
)

func TestFits(t *testing.T) {
	for _, c := range []struct {
		os, arch, variant, platform string
		want                        bool
	}{
		{"linux", runtime.GOARCH, "", "", true},
		{"", "", "", "linux/s390x", true},
		{"windows", runtime.GOARCH, "", "", false},
		{"linux", "s390x", "", "", false},
		{"linux", "s390x", "", "linux/s390x", true},
		{"linux", "arm64", "v8", "arm64", true},
		{"linux", "arm64", "", "aarch64", true},
		{"linux", "arm", "v6", "linux/arm/v7", true},
		{"linux", "arm", "v7", "linux/arm/v6", false},
		{"linux", "amd64", "", "linux/arm64", false},
	} {
		img := image.Image{OS: c.os, Architecture: c.arch, Variant: c.variant}
		have, err := img.Fits(c.platform)
		assert.NoError(t, err)
		assert.Equal(t, c.want, have, "%s for %q", img.Platform(), c.platform)
	}
	_, err := (&image.Image{}).Fits("a/b/c/d")
	assert.ErrorContains(t, err, "is not os/architecture")
	assert.Equal(t, "linux/"+runtime.GOARCH, image.Machine())
}
