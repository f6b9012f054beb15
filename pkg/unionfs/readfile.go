package unionfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ReadFile returns the content of a file as it would be seen in the merged directory of the layers (topmost first, cut by [Visible]), without
// mounting them. Symbolic links are followed inside the layers and never out of them, also while a container changes the topmost.
//
// Errors: fs.ErrNotExist when no layer has it or a whiteout hides it; ELOOP after 40 links; EISDIR and EINVAL for what is no
// regular file. A file of more than 1 MiB is refused.
//
// Kernel: openat(2) with O_PATH and O_NOFOLLOW, one name at a time.
func ReadFile(layers []string, name string) ([]byte, error) {
	data, err := readFile(layers, name)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, nil
}

func readFile(layers []string, name string) ([]byte, error) {
	for range 40 {
		fd, link, err := find(layers, name)
		if err != nil {
			return nil, err
		}
		if link == "" {
			defer unix.Close(fd)
			return readRegular(fd)
		}
		name = link
	}
	return nil, unix.ELOOP
}

// find walks down from the root, at each step in all layers that still have a say. It returns the file's O_PATH descriptor, or
// the name to go on with when it met a symbolic link.
func find(layers []string, name string) (fd int, link string, err error) {
	var dirs []int // of each layer that has the directory reached
	defer func() { closeAll(dirs) }()
	for _, layer := range layers {
		fd, err := unix.Open(layer, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return -1, "", err
		}
		dirs = append(dirs, fd)
	}
	at := "/"
	parts := strings.Split(strings.TrimPrefix(path.Clean("/"+name), "/"), "/")
	for i, part := range parts {
		below, file, err := lookup(dirs, part)
		if err != nil {
			return -1, "", err
		}
		closeAll(dirs)
		dirs = below
		last := i == len(parts)-1
		switch {
		case file >= 0:
			target, err := readlinkAt(file, "")
			if err == nil {
				unix.Close(file)
				return -1, follow(target, at, parts[i+1:]), nil
			}
			if last {
				return file, "", nil
			}
			unix.Close(file)
			return -1, "", unix.ENOTDIR
		case len(dirs) == 0:
			return -1, "", fs.ErrNotExist
		}
		at = path.Join(at, part)
	}
	return -1, "", unix.EISDIR
}

// lookup looks one name up, as overlayfs does: a whiteout ends the search, a file is the answer unless a directory is above it, and
// directories are collected until something else, or an opaque one, is in the way. file is -1 where the name is no file.
func lookup(dirs []int, name string) (below []int, file int, err error) {
	for _, dir := range dirs {
		fd, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		var st unix.Stat_t
		if err == nil {
			err = unix.Fstat(fd, &st)
		}
		if err != nil {
			closeAll(append(below, fd))
			return nil, -1, err
		}
		isDir := st.Mode&unix.S_IFMT == unix.S_IFDIR
		switch {
		case isDir:
			below = append(below, fd)
			if opaque(fd) {
				return below, -1, nil
			}
		case len(below) == 0 && !isWhiteoutStat(&st):
			return nil, fd, nil
		default:
			unix.Close(fd)
			return below, -1, nil
		}
	}
	return below, -1, nil
}

// follow is the name that a symbolic link in directory at leads to, with what is still to be walked.
func follow(target, at string, rest []string) string {
	if !strings.HasPrefix(target, "/") {
		target = at + "/" + target
	}
	return path.Clean("/" + target + "/" + strings.Join(rest, "/"))
}

// handle names the inode behind an O_PATH descriptor, for calls that take no such descriptor.
func handle(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

func opaque(fd int) bool {
	var b [1]byte
	for _, prefix := range [...]string{trustedPrefix, userPrefix} {
		if n, err := unix.Getxattr(handle(fd), prefix+"opaque", b[:]); err == nil && n == 1 && b[0] == 'y' {
			return true
		}
	}
	return false
}

// readRegular looks at the type before it opens the file: opening a FIFO would wait, opening a device could do anything.
func readRegular(path int) ([]byte, error) {
	const most = 1 << 20
	var st unix.Stat_t
	if err := unix.Fstat(path, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, unix.EINVAL
	}
	f, err := os.Open(handle(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if len(data) > most {
		return nil, fmt.Errorf("more than %d bytes: %w", most, unix.EFBIG)
	}
	return data, err
}

func closeAll(fds []int) {
	for _, fd := range fds {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}
