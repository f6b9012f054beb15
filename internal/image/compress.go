package image

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"
)

// compression is told by the first bytes: media types of real registries lie.
type compression int

const (
	plain compression = iota
	gzipped
	zstandard
)

// mediaType of an OCI layer so compressed.
func (c compression) mediaType() string {
	return mediaOCILayer + [...]string{"", "+gzip", "+zstd"}[c]
}

const (
	gzipBlock  = 256 << 10 // pgzip decompresses this much ahead,
	gzipBlocks = 4         // so many times
	smallLayer = 1 << 20   // below, threads cost more than they bring

	// zstdWindow is what a layer may make the decoder remember: zstd's own
	// limit for --long, and not the 64 GiB that a frame may ask for.
	zstdWindow = 128 << 20
)

func sniff(r *bufio.Reader) (compression, error) {
	head, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return plain, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzipped, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}),
		len(head) == 4 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:], []byte{0x2a, 0x4d, 0x18}): // skippable frame
		return zstandard, nil
	case bytes.HasPrefix(head, []byte("BZh")):
		return plain, fmt.Errorf("%w: compressed with bzip2; use gzip or zstd", ErrNotImage)
	case bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X'}):
		return plain, fmt.Errorf("%w: compressed with xz; use gzip or zstd", ErrNotImage)
	}
	return plain, nil
}

// decompress reads what r holds, of about size compressed bytes (0: unknown).
func decompress(r *bufio.Reader, size int64) (io.ReadCloser, compression, error) {
	c, err := sniff(r)
	if err != nil {
		return nil, c, err
	}
	switch c {
	case gzipped:
		if size > 0 && size < smallLayer {
			z, err := gzip.NewReader(r)
			return z, c, err
		}
		z, err := pgzip.NewReaderN(r, gzipBlock, gzipBlocks)
		return z, c, err
	case zstandard:
		z, err := zstd.NewReader(r,
			zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindow),
			zstd.WithDecoderConcurrency(1)) // ahead's goroutines around it are faster than its own
		if err != nil {
			return nil, c, err
		}
		return z.IOReadCloser(), c, nil
	}
	return io.NopCloser(r), c, nil
}
