package image

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

const (
	blobsDir = "blobs/sha256/"

	// Documents of an archive are kept in memory until it has ended: its table of
	// contents may come last.
	maxDocument  = maxConfig
	maxDocuments = 64 << 20
	maxMembers   = 10000

	maxArchiveLayers = 2000 // each keeps two files open until the end
)

// An archive is a tar with images in it, read in one pass.
type archive struct {
	store  *Store
	small  map[string][]byte    // documents
	layers map[string]*incoming // unpacked as they came by
	links  map[string]string    // old docker archives have a repeated layer as a link
	bytes  int64
}

func (a *archive) read(ctx context.Context, r io.Reader) error {
	outer, _, err := decompress(bufio.NewReaderSize(r, 64<<10), 0)
	if err != nil {
		return fmt.Errorf("%w: read archive: %w", ErrNotImage, err)
	}
	defer outer.Close()
	members := tar.NewReader(outer)
	for n := 0; ; n++ {
		h, err := members.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return fmt.Errorf("%w: read archive: %w", ErrNotImage, err)
		}
		if n == maxMembers {
			return fmt.Errorf("%w: the archive has more than %d members; for a plain root file system use import", ErrNotImage, maxMembers)
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		err = a.member(ctx, h, members)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: the archive is cut short: %w", ErrNotImage, err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", strconv.Quote(h.Name), err)
		}
	}
}

func (a *archive) member(ctx context.Context, h *tar.Header, r io.Reader) error {
	name := clean(h.Name)
	switch h.Typeflag {
	case tar.TypeSymlink:
		a.links[name] = clean(path.Join(path.Dir(name), h.Linkname))
		return nil
	case tar.TypeLink:
		a.links[name] = clean(h.Linkname)
		return nil
	case tar.TypeReg:
	default:
		return nil
	}
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read archive: %w", err)
	}
	if isLayer(head) {
		return a.addLayer(ctx, name, in, h.Size)
	}
	if a.bytes += h.Size; h.Size > maxDocument || a.bytes > maxDocuments {
		return nil // nothing that an image is made of; it will be missed if it is
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read archive: %w", err)
	}
	if want, got := promised(name), digestOf(data); want != "" && want != got {
		return fmt.Errorf("%w: want %s, got %s", ErrDigest, want, got)
	}
	a.small[name] = data
	return nil
}

func (a *archive) addLayer(ctx context.Context, name string, r io.Reader, size int64) error {
	if len(a.layers) == maxArchiveLayers {
		return fmt.Errorf("%w: the archive has more than %d layers", ErrNotImage, maxArchiveLayers)
	}
	in, err := a.store.receive(ctx, r, size, promised(name))
	if err != nil {
		return err
	}
	if old := a.layers[name]; old != nil {
		old.discard()
	}
	a.layers[name] = in
	return nil
}

// promised is the digest that a member's name gives, or "".
func promised(name string) string {
	if hex, ok := strings.CutPrefix(name, blobsDir); ok {
		return digestPrefix + hex
	}
	return ""
}

// layer finds a member also through links.
func (a *archive) layer(name string) *incoming {
	name = clean(name)
	for range 8 {
		if in := a.layers[name]; in != nil {
			return in
		}
		target, ok := a.links[name]
		if !ok {
			return nil
		}
		name = target
	}
	return nil
}

func (a *archive) document(name string) ([]byte, error) {
	data, ok := a.small[clean(name)]
	if !ok {
		return nil, fmt.Errorf("%w: the archive has no %q", ErrNotImage, name)
	}
	return data, nil
}

func (a *archive) blob(digest string) ([]byte, error) {
	if !validDigest(digest) {
		return nil, fmt.Errorf("%w: the archive has the digest %q; only sha256 is known here", ErrNotImage, digest)
	}
	return a.document(blobsDir + hexOf(digest))
}

func (a *archive) discard() {
	for _, in := range a.layers {
		in.discard()
	}
}

func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// isLayer tells a tar, plain or compressed, from a document by its first block.
func isLayer(head []byte) bool {
	if len(head) >= 4 && (head[0] == 0x1f && head[1] == 0x8b || string(head[:4]) == "\x28\xb5\x2f\xfd") {
		return true
	}
	if len(head) < 512 {
		return false
	}
	var unsigned, signed, ored int64
	for i, c := range head {
		ored |= int64(c)
		if i >= 148 && i < 156 {
			c = ' ' // the checksum counts itself as blanks
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	if ored == 0 {
		return true // an empty tar
	}
	sum, err := strconv.ParseInt(strings.Trim(string(head[148:156]), " \x00"), 8, 64)
	return err == nil && (sum == unsigned || sum == signed)
}
