package unionfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// ReadFile returns the content of a file as it would be seen in the merged directory of the layers (topmost first), without
// mounting them. Symbolic links are followed inside the layers and never out of them.
//
// Errors: fs.ErrNotExist when no layer has it or a whiteout hides it; ELOOP after 40 links; EISDIR and EINVAL for what is no
// regular file. A file of more than 1 MiB is refused.
func ReadFile(layers []string, name string) ([]byte, error) {
	for range 40 {
		file, link, err := find(layers, name)
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: name, Err: err}
		}
		if link == "" {
			return readRegular(file)
		}
		name = link
	}
	return nil, &fs.PathError{Op: "read", Path: name, Err: unix.ELOOP}
}

// find walks down from the root, at each step in all layers that still have a say. It returns the file's path on disk, or
// the name to go on with when it met a symbolic link.
func find(layers []string, name string) (file, link string, err error) {
	parts := strings.Split(strings.TrimPrefix(path.Clean("/"+name), "/"), "/")
	for i, part := range parts {
		at := strings.Join(parts[:i], "/")
		var dirs []string
		found := ""
		for _, layer := range layers {
			p := layer + "/" + at + "/" + part
			var st unix.Stat_t
			err := unix.Lstat(p, &st)
			switch {
			case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR):
				return "", "", err
			case err != nil:
			case st.Mode&unix.S_IFMT == unix.S_IFDIR:
				if found == "" || dirs != nil {
					found, dirs = p, append(dirs, layer)
				}
			case st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == 0:
				if found == "" {
					return "", "", fs.ErrNotExist
				}
			case found == "":
				found = p
				if st.Mode&unix.S_IFMT == unix.S_IFLNK {
					return "", follow(p, at, parts[i+1:]), nil
				}
			}
			if found != "" && (dirs == nil || err == nil && opaque(p)) || opaque(layer+"/"+at) && at != "" {
				break
			}
		}
		switch {
		case found == "":
			return "", "", fs.ErrNotExist
		case i == len(parts)-1:
			return found, "", nil
		case dirs == nil:
			return "", "", unix.ENOTDIR
		}
		layers = dirs
	}
	return "", "", fs.ErrNotExist
}

// follow is the name that a symbolic link in directory at leads to, with what is still to be walked.
func follow(link, at string, rest []string) string {
	target, err := os.Readlink(link)
	if err != nil {
		return "\x00"
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + at + "/" + target
	}
	return path.Clean("/" + target + "/" + strings.Join(rest, "/"))
}

func opaque(dir string) bool {
	var b [1]byte
	for _, name := range [...]string{"trusted.overlay.opaque", "user.overlay.opaque"} {
		if n, err := unix.Lgetxattr(dir, name, b[:]); err == nil && n == 1 && b[0] == 'y' {
			return true
		}
	}
	return false
}

func readRegular(file string) ([]byte, error) {
	const most = 1 << 20
	info, err := os.Lstat(file)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, &fs.PathError{Op: "read", Path: file, Err: unix.EISDIR}
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: file, Err: unix.EINVAL}
	case info.Size() > most:
		return nil, fmt.Errorf("read %s: it has %d bytes, and at most %d are read", file, info.Size(), most)
	}
	return os.ReadFile(file)
}
