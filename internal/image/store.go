package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Store is a directory of images. All its methods may be used from many
// goroutines and many processes at once.
type Store struct {
	root     string
	patience patience // with registries
}

// Open names the store in directory root, without looking at it: what it needs is
// made when something is first put in, and an absent store is an empty one.
func Open(root string) (*Store, error) {
	if root == "" {
		return nil, errors.New("find image store: no directory is named") // and not the current one
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("find image store %s: %w", root, err)
	}
	return &Store{root: abs, patience: ordinary}, nil
}

// Root is the store's directory: an OCI image layout.
func (s *Store) Root() string { return s.root }

func (s *Store) path(elem ...string) string {
	return s.root + "/" + strings.Join(elem, "/")
}

func (s *Store) blob(digest string) string    { return s.path("blobs/sha256", hexOf(digest)) }
func (s *Store) partial(digest string) string { return s.path("partial", hexOf(digest)) }
func (s *Store) record(id string) string      { return s.path("images", hexOf(id)+".json") }
func (s *Store) layerDir(diffID string) string {
	return s.path("layers", hexOf(diffID)[:layerNameChars])
}

// layerNameChars of the diff id name a layer's directory: 128 bits cannot be
// guessed into a second layer of the same name.
const layerNameChars = 32

func hexOf(digest string) string { return strings.TrimPrefix(digest, digestPrefix) }

// prepare makes the directories. Not in Open, and not for reading.
func (s *Store) prepare() error {
	for _, dir := range []string{"blobs/sha256", "layers", "images", "refs", "partial", "tmp"} {
		if err := os.MkdirAll(s.path(dir), 0o755); err != nil {
			return fmt.Errorf("make image store: %w", err)
		}
	}
	// Unpacked layers contain setuid programs and other users' files: nobody but
	// the owner walks in.
	if err := os.Chmod(s.path("layers"), 0o700); err != nil {
		return fmt.Errorf("make image store: %w", err)
	}
	spread(s.path("layers"))
	if _, err := os.Stat(s.path("oci-layout")); err == nil {
		return nil
	}
	return s.writeFile(s.path("oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`))
}

// writeFile replaces path by rename(2): a reader sees the old or the new content.
// The file grows in tmp/, where it is known for dead when its writer was killed.
func (s *Store) writeFile(path string, data []byte) error {
	f, err := s.newTempFile()
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// here says whether anything was ever put into the store.
func (s *Store) here() bool {
	_, err := os.Stat(s.path("layers"))
	return err == nil
}
