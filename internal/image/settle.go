package image

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// settle gives directories that a layer only passes through ("etc/" of a layer with
// nothing but etc/hosts) the owner, mode, times and attributes of the layers below:
// in an overlay the uppermost directory is what is seen. Layers are named by
// their own content, so the first image that a layer comes with decides.
func (s *Store) settle(diffIDs []string) error {
	for i, id := range diffIDs {
		info, err := s.readLayer(id)
		if err != nil {
			return err
		}
		if len(info.Implied) == 0 || i == 0 {
			continue
		}
		for _, name := range info.Implied {
			if err := s.settleDir(diffIDs[:i+1], name); err != nil {
				return fmt.Errorf("layer %s: directory %q: %w", ShortID(id), name, err)
			}
		}
		info.Implied = nil // never again: containers may stand on it
		data, err := json.MarshalIndent(info, "", "  ")
		if err == nil {
			err = s.writeFile(s.layerDir(id)+"/layer.json", append(data, '\n'))
		}
		if err != nil {
			return fmt.Errorf("write layer %s: %w", ShortID(id), err)
		}
	}
	return nil
}

// settleDir looks for name from the layer below the last downwards, until one has
// it, or hides it from those below.
func (s *Store) settleDir(diffIDs []string, name string) error {
	top, err := openBeneath(s.layerDir(diffIDs[len(diffIDs)-1])+"/diff", name)
	if err != nil {
		return nil // a whiteout or a file took its place within the layer
	}
	defer top.Close()
	for i := len(diffIDs) - 2; i >= 0; i-- {
		lower, err := openBeneath(s.layerDir(diffIDs[i])+"/diff", name)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return nil // no directory there: a whiteout, a file, a symbolic link
		}
		err = copyAttributes(lower, top)
		lower.Close()
		return err
	}
	return nil
}

// openBeneath opens a directory in a layer without following any link.
func openBeneath(root, name string) (*os.File, error) {
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(dir)
	name = strings.Trim(name, "/")
	if name == "" {
		name = "."
	}
	fd, err := unix.Openat2(dir, name, &unix.OpenHow{
		Flags:   unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func copyAttributes(from, to *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(from.Fd()), &st); err != nil {
		return err
	}
	fd := int(to.Fd())
	if err := unix.Fchown(fd, int(st.Uid), int(st.Gid)); err != nil && !errors.Is(err, unix.EPERM) {
		return err
	}
	if err := unix.Fchmod(fd, st.Mode&0o7777); err != nil {
		return err
	}
	list := make([]byte, 64<<10)
	n, err := unix.Flistxattr(int(from.Fd()), list)
	if err != nil && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	for key := range bytes.SplitSeq(list[:max(n, 0)], []byte{0}) {
		// The overlay's own marks (opaque) are the layer's, not the directory's.
		if len(key) == 0 || bytes.HasPrefix(key, []byte("trusted.overlay.")) || bytes.HasPrefix(key, []byte("user.overlay.")) {
			continue
		}
		value := make([]byte, 64<<10)
		if n, err := unix.Fgetxattr(int(from.Fd()), string(key), value); err == nil {
			_ = unix.Fsetxattr(fd, string(key), value[:n], 0)
		}
	}
	times := []unix.Timespec{st.Atim, st.Mtim}
	return unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), times, 0)
}
