package image

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// A layerInfo is layers/HEX/layer.json.
type layerInfo struct {
	DiffID    string `json:"diffID"`
	Size      int64  `json:"size"` // of its files
	Blob      string `json:"blob"` // the digest under which it came
	BlobSize  int64  `json:"blobSize"`
	MediaType string `json:"mediaType"`

	// OpaqueRoot hides all layers below this one, which overlayfs would not see by itself.
	OpaqueRoot bool `json:"opaqueRoot,omitempty"`
	// Implied are directories that the layer does not describe but puts something
	// into: they are to look as in the layers below. See settle.
	Implied []string `json:"implied,omitempty"`
}

func (s *Store) hasLayer(diffID string) bool {
	_, err := os.Stat(s.layerDir(diffID))
	return err == nil
}

func (s *Store) hasBlob(digest string) bool {
	_, err := os.Stat(s.blob(digest))
	return err == nil
}

func (s *Store) readLayer(diffID string) (layerInfo, error) {
	var info layerInfo
	data, err := os.ReadFile(s.layerDir(diffID) + "/layer.json")
	if err == nil {
		err = json.Unmarshal(data, &info)
	}
	if err != nil {
		return info, fmt.Errorf("read layer %s: %w", ShortID(diffID), err)
	}
	if info.DiffID != diffID {
		return info, fmt.Errorf("layer %s: %w: its directory holds %s", diffID, ErrDigest, info.DiffID)
	}
	return info, nil
}

// A newLayer is unpacked, but does not have its name yet.
type newLayer struct {
	layerInfo
	dir *tempDir
}

// unpack turns a blob's bytes into a new layer: one pass, in which sees gets the
// bytes as they come, both digests are taken, and the files are made. size is
// about how many bytes will come, 0 if unknown. stop ends a Read of blob that waits.
//
// With an error that the bytes are to blame for comes a layer that has no files
// but the digest of all bytes: they may be the wrong ones.
func (s *Store) unpack(ctx context.Context, blob io.Reader, size int64, stop func(), sees func([]byte) error) (*newLayer, error) {
	dir, err := s.newTempDir()
	if err != nil {
		return nil, err
	}
	l := &newLayer{dir: dir}
	err = l.fill(ctx, blob, size, stop, sees)
	if err != nil {
		dir.remove()
	}
	return l, err
}

func (l *newLayer) fill(ctx context.Context, blob io.Reader, size int64, stop func(), sees func([]byte) error) error {
	compressed := sha256.New()
	in := readAhead(blob, func(p []byte) error {
		compressed.Write(p)
		l.BlobSize += int64(len(p))
		return sees(p)
	})
	packed := bufio.NewReaderSize(in, 64<<10)
	err := l.extract(ctx, packed, size, stop)
	if err == nil || !fromSystem(err) && ctx.Err() == nil {
		// What follows the compressed stream's end belongs to the blob too.
		if _, rest := io.Copy(io.Discard, packed); rest != nil {
			err = rest // why no more bytes came, over what a decompressor made of it
		} else {
			l.Blob = sum(compressed)
		}
	}
	if err != nil {
		stop()
	}
	in.Close()
	return err
}

// extract decompresses and unpacks, and takes the diff id.
func (l *newLayer) extract(ctx context.Context, packed *bufio.Reader, size int64, stop func()) error {
	tar, kind, err := decompress(packed, size)
	if err != nil {
		return fmt.Errorf("decompress layer: %w", err)
	}
	defer tar.Close()
	uncompressed := sha256.New()
	out := readAhead(tar, func(p []byte) error {
		uncompressed.Write(p)
		return nil
	})
	defer out.Close()

	applied, err := apply(ctx, l.dir.path+"/diff", out)
	if err != nil {
		if fromSystem(err) || ctx.Err() != nil {
			stop() // out.Close waits for a Read that may wait for the network
		}
		return err
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		return fmt.Errorf("decompress layer: %w", err)
	}
	l.DiffID, l.MediaType = sum(uncompressed), kind.mediaType()
	l.Size, l.OpaqueRoot, l.Implied = applied.Bytes, applied.OpaqueRoot, applied.Implied
	return nil
}

// fromSystem tells errors of this machine (a full disk) from those of the bytes.
func fromSystem(err error) bool {
	var errno unix.Errno
	return errors.As(err, &errno)
}

func (l *newLayer) discard() { l.dir.remove() }

// commit gives the layer its name. It may be there already: under another
// compression, from another process.
func (l *newLayer) commit(s *Store) error {
	data, err := json.MarshalIndent(l.layerInfo, "", "  ")
	if err == nil {
		err = os.WriteFile(l.dir.path+"/layer.json", append(data, '\n'), 0o644)
	}
	if err == nil {
		err = os.Chmod(l.dir.path, 0o711) // MkdirTemp's 0700 would shut out a container's user
	}
	if err == nil {
		err = os.Rename(l.dir.path, s.layerDir(l.DiffID))
	}
	if errors.Is(err, fs.ErrExist) || errors.Is(err, unix.ENOTEMPTY) {
		l.discard()
		return nil
	}
	if err != nil {
		l.discard()
		return fmt.Errorf("keep layer %s: %w", ShortID(l.DiffID), err)
	}
	l.dir.lock.Close()
	return nil
}

func sum(h hash.Hash) string { return digestPrefix + hex.EncodeToString(h.Sum(nil)) }

func digestOf(data []byte) string {
	h := sha256.Sum256(data)
	return digestPrefix + hex.EncodeToString(h[:])
}
