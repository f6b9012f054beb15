package image

import (
	"context"
	"io"

	"github.com/container-labs/lab/pkg/unionfs"
)

// apply unpacks an uncompressed layer into the empty directory dir. It is chapter
// 4's; here is only the door to it.
func apply(ctx context.Context, dir string, tar io.Reader) (unionfs.Applied, error) {
	return unionfs.Apply(ctx, dir, tar, unionfs.ApplyOptions{})
}
