package unionfs_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/pkg/unionfs"
)

// Files that come, grow, shrink and go while a tree is read are in the archive or not, and never break it.
func TestTreeOfWhatIsBeingChanged(t *testing.T) {
	dir := t.TempDir()
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			sub := filepath.Join(dir, fmt.Sprintf("d%d", i%7))
			_ = os.Mkdir(sub, 0o755)
			_ = os.WriteFile(filepath.Join(sub, "file"), bytes.Repeat([]byte("x"), i%5*100_000), 0o644)
			_ = os.Link(filepath.Join(sub, "file"), filepath.Join(sub, "link"))
			_ = os.Truncate(filepath.Join(sub, "file"), 10)
			if i%3 == 0 {
				_ = os.RemoveAll(sub)
			}
		}
	}()
	for range 150 {
		var b bytes.Buffer
		require.NoError(t, unionfs.Tree(t.Context(), &b, dir))
		seen := map[string]bool{}
		for r := tar.NewReader(&b); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			seen[h.Name] = true
			if h.Typeflag == tar.TypeLink {
				assert.True(t, seen[h.Linkname], "%s is a link to %s, which is not in the archive", h.Name, h.Linkname)
			}
			_, err = io.Copy(io.Discard, r)
			require.NoError(t, err)
		}
	}
	close(stop)
	<-stopped
}
