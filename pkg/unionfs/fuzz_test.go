package unionfs

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Whatever the bytes are, nothing outside the layer's directory is made, changed or linked, and no whiteout of "." or mark
// that overlayfs obeys comes from the archive.
func FuzzApply(f *testing.F) {
	seed := func(entries ...e) { f.Add(archive(f, entries...)) }
	seed(e{name: "a/"}, e{name: "a/b", body: "x"}, e{name: ".wh.c"}, e{name: "a/.wh..wh..opq"})
	seed(e{name: "l", kind: tar.TypeSymlink, link: ".."}, e{name: "l/sentinel", body: "bad"})
	seed(e{name: "l", kind: tar.TypeSymlink, link: ".."}, e{name: "h", kind: tar.TypeLink, link: "l/sentinel"})
	seed(e{name: "h", kind: tar.TypeLink, link: "../sentinel"}, e{name: "../x"})
	seed(e{name: "d", body: "1"}, e{name: "d/"}, e{name: "d", kind: tar.TypeFifo}, e{name: "d", kind: tar.TypeChar, major: 1, minor: 3})
	seed(e{name: "x", xattr: map[string]string{"trusted.overlay.redirect": "/etc", "user.a": "b"}}, e{name: "x/"}, e{name: strings.Repeat("n", 200)})
	seed(e{name: "l", kind: tar.TypeSymlink, link: ".."}, e{name: "l/"}, e{name: "l/.wh.sentinel"}, e{name: ".wh.l"}, e{name: "l", body: "x"})
	f.Fuzz(func(t *testing.T, data []byte) {
		parent := t.TempDir()
		if err := os.WriteFile(filepath.Join(parent, "sentinel"), []byte("safe"), 0o600); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(parent, "layer")
		a, err := Apply(t.Context(), dir, bytes.NewReader(data), ApplyOptions{MaxBytes: 1 << 20, MaxEntries: 1000})
		if !onlyLayer(t, parent) {
			t.Fatalf("something happened outside of the layer; Apply returned %+v, %v", a, err)
		}
		err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			for _, key := range []string{"redirect", "metacopy", "whiteout", "origin"} {
				for _, prefix := range []string{trustedPrefix, userPrefix} {
					if n, err := unix.Lgetxattr(path, prefix+key, nil); err == nil {
						t.Errorf("%s has %s%s (%d bytes)", path, prefix, key, n)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
