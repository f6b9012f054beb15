package unionfs

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// stamp is the time of all test entries.
var stamp = time.Unix(1700000000, 123456789)

// e is an entry of a test archive: a header with a short form, and content.
type e struct {
	name  string
	kind  byte // 0: directory if the name ends in "/", else file
	body  string
	link  string
	mode  int64 // 0: 0644, directories 0755
	uid   int
	gid   int
	major int64
	minor int64
	xattr map[string]string
}

func archive(t testing.TB, entries ...e) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Linkname: e.link, Mode: e.mode, Uid: e.uid, Gid: e.gid, Size: int64(len(e.body)),
			Devmajor: e.major, Devminor: e.minor, ModTime: stamp, Format: tar.FormatPAX}
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
			if strings.HasSuffix(e.name, "/") {
				h.Typeflag = tar.TypeDir
			}
		}
		h.Mode = cmp.Or(h.Mode, map[bool]int64{true: 0o755, false: 0o644}[h.Typeflag == tar.TypeDir])
		for k, v := range e.xattr {
			if h.PAXRecords == nil {
				h.PAXRecords = map[string]string{}
			}
			h.PAXRecords[paxXattr+k] = v
		}
		require.NoError(t, w.WriteHeader(h), e.name)
		_, err := w.Write([]byte(e.body))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// apply unpacks entries into a new directory.
func apply(t testing.TB, entries ...e) (string, Applied) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layer")
	a, err := Apply(t.Context(), dir, bytes.NewReader(archive(t, entries...)), ApplyOptions{})
	require.NoError(t, err)
	return dir, a
}

// put writes files below dir; a name that ends in "/" is a directory.
func put(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, body := range files {
		full := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			require.NoError(t, os.MkdirAll(full, 0o755))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o755))
		require.NoError(t, os.WriteFile(full, []byte(body), 0o644))
	}
}

// tree lists dir as text: type and mode, owner, content, link, number, and with times the time.
func tree(t testing.TB, dir string, times bool) map[string]string {
	t.Helper()
	all := map[string]string{}
	inodes := map[uint64]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		rel, _ := filepath.Rel(dir, path)
		if rel == "." {
			return nil
		}
		fi, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a whiteout in a directory that only one layer has: overlayfs lists it and does not find it
		}
		require.NoError(t, err)
		var st unix.Stat_t
		require.NoError(t, unix.Lstat(path, &st))
		s := []string{fi.Mode().String(), strconv.Itoa(int(st.Uid)) + ":" + strconv.Itoa(int(st.Gid))}
		switch {
		case fi.Mode().IsRegular():
			body, err := os.ReadFile(path)
			require.NoError(t, err)
			s = append(s, string(body))
		case fi.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			require.NoError(t, err)
			s = append(s, "-> "+target)
		case fi.Mode()&fs.ModeDevice != 0:
			s = append(s, strconv.Itoa(int(unix.Major(st.Rdev)))+","+strconv.Itoa(int(unix.Minor(st.Rdev))))
		}
		if !fi.IsDir() && st.Nlink > 1 {
			if first, ok := inodes[st.Ino]; ok {
				s = append(s, "= "+first)
			} else {
				inodes[st.Ino] = rel
			}
		}
		if fi.Mode().IsRegular() || fi.IsDir() {
			fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
			require.NoError(t, err)
			defer unix.Close(fd)
			keys, err := listXattrs(fd)
			require.NoError(t, err)
			slices.Sort(keys)
			for _, k := range keys {
				v, err := getXattr(fd, k)
				require.NoError(t, err)
				if strings.HasSuffix(k, "overlay.origin") || strings.HasSuffix(k, "overlay.impure") {
					continue
				}
				s = append(s, k+"="+string(v))
			}
		}
		if times {
			s = append(s, fi.ModTime().UTC().Format(time.RFC3339Nano))
		}
		all[rel] = strings.Join(s, " ")
		return nil
	}))
	return all
}
