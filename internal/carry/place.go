package carry

import (
	"errors"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Place is a file tree, by the directory that is its root.
type Place struct {
	Root    int  // a descriptor
	Trusted bool // lab's own: a magic link such as /dev/stdin may be followed
}

// ErrNotThere is in the chain of what is returned for a name that the place does not have.
var ErrNotThere = os.ErrNotExist

// lookup opens a name with O_PATH, which opens no device and waits for no FIFO. Links are followed inside the place, the last
// component's only with follow.
func (p Place) lookup(name string, follow bool, flags uint64) (fd int, st unix.Stat_t, err error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | flags, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	if p.Trusted {
		how.Resolve = 0
	}
	if !follow {
		how.Flags |= unix.O_NOFOLLOW
	}
	if name = strings.TrimLeft(name, "/"); name == "" {
		name = "."
	}
	fd, err = openat2(p.Root, name, &how)
	if err != nil {
		return -1, st, err
	}
	if err = unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return -1, st, err
	}
	return fd, st, nil
}

// openat2 tries again while something is renamed during the walk. A hostile process can do that for ever.
func openat2(dir int, name string, how *unix.OpenHow) (fd int, err error) {
	for range 1000 {
		fd, err = unix.Openat2(dir, name, how)
		if err != unix.EAGAIN && err != unix.EINTR {
			break
		}
	}
	return fd, err
}

// beneath opens a directory or file below dir through no link at all.
func beneath(dir int, name string, flags uint64) (int, error) {
	return openat2(dir, name, &unix.OpenHow{
		Flags:   flags | unix.O_CLOEXEC | unix.O_NOFOLLOW,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
}

// handle is a path to what a descriptor stands for, for calls that do not take one made with O_PATH.
func handle(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

func isDir(st *unix.Stat_t) bool  { return st.Mode&unix.S_IFMT == unix.S_IFDIR }
func isLink(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFLNK }

// Source is a file that is about to be copied.
type Source struct {
	Name     string // its base name; "/" of a place's root
	Contents bool   // what is in it is meant, not the directory: the name ended in "/."
	Dir      bool

	fd int // O_PATH
	st unix.Stat_t
}

// Open finds what is to be copied. With follow a symbolic link means what it leads to, else itself; one with a slash behind it is
// followed in any case.
func (p Place) Open(name string, follow bool) (*Source, error) {
	s := &Source{Contents: strings.HasSuffix(name, "/.") || name == "."}
	slash := strings.HasSuffix(name, "/")
	s.Name = path.Base(path.Clean("/" + name))
	fd, st, err := p.lookup(name, follow || slash || s.Contents, 0)
	if err != nil {
		return nil, err
	}
	s.fd, s.st, s.Dir = fd, st, isDir(&st)
	if (slash || s.Contents) && !s.Dir {
		s.Close()
		return nil, unix.ENOTDIR
	}
	if s.Name == "/" {
		s.Contents = true
	}
	return s, nil
}

// Close gives the descriptor back.
func (s *Source) Close() { _ = unix.Close(s.fd) }

// Target is where a copy goes.
type Target struct {
	Dir  int    // the directory, open
	Name string // what the copied file is called there; "." when its contents go straight into Dir
}

// The ways in which a destination can be wrong. The first three are Docker's sentences.
var (
	ErrDirToFile = errors.New("cannot copy directory")
	ErrNoDir     = errors.New("no such directory")
	ErrNotDir    = errors.New("not a directory")
	ErrNoParent  = errors.New("the directory to copy into does not exist")
)

// Target applies the rule of cp(1) and docker cp: a directory that exists is copied into; any other name is what the copy is called. A
// symbolic link there is followed, inside the place.
func (p Place) Target(name string, s *Source) (*Target, error) {
	into := strings.HasSuffix(name, "/") || strings.HasSuffix(name, "/.")
	for range 40 {
		fd, st, err := p.lookup(name, into, 0)
		switch {
		case err == nil && isDir(&st):
			t := &Target{Dir: fd, Name: s.Name}
			if s.Contents {
				t.Name = "."
			}
			return t, nil
		case err == nil && isLink(&st):
			target, err := readlink(fd)
			_ = unix.Close(fd)
			if err != nil {
				return nil, err
			}
			if !path.IsAbs(target) {
				target = path.Dir(strings.TrimRight(name, "/")) + "/" + target // not cleaned: the directory may be a link itself
			}
			name = target
			continue
		case err == nil:
			_ = unix.Close(fd)
			if s.Dir {
				return nil, ErrDirToFile
			}
			if into {
				return nil, ErrNotDir
			}
		case !errors.Is(err, unix.ENOENT):
			return nil, err
		case into && !s.Dir:
			return nil, ErrNoDir
		}
		return p.parentOf(name)
	}
	return nil, unix.ELOOP
}

func (p Place) parentOf(name string) (*Target, error) {
	name = strings.TrimSuffix(name, "/.")
	name = strings.TrimRight(name, "/")
	base := path.Base(name)
	if base == "." || base == ".." || base == "/" {
		return nil, ErrNoParent
	}
	dir := name[:len(name)-len(base)]
	if dir == "" {
		dir = "."
	}
	fd, _, err := p.lookup(dir, true, unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return nil, ErrNoParent
	}
	if err != nil {
		return nil, err
	}
	return &Target{Dir: fd, Name: base}, nil
}

// Into opens a directory that exists, for a tar stream from outside.
func (p Place) Into(name string) (*Target, error) {
	fd, st, err := p.lookup(name, true, 0)
	if err != nil {
		return nil, err
	}
	if !isDir(&st) {
		_ = unix.Close(fd)
		return nil, ErrNotDir
	}
	return &Target{Dir: fd, Name: "."}, nil
}

// Close gives the descriptor back.
func (t *Target) Close() { _ = unix.Close(t.Dir) }

// readlink reads the link behind a descriptor.
func readlink(fd int) (string, error) {
	for size := 256; ; size *= 2 {
		b := make([]byte, size)
		n, err := unix.Readlinkat(fd, "", b)
		if err != nil {
			return "", err
		}
		if n < size {
			return string(b[:n]), nil
		}
	}
}

// Device says whether the source is a device node.
func (s *Source) Device() bool {
	kind := s.st.Mode & unix.S_IFMT
	return kind == unix.S_IFCHR || kind == unix.S_IFBLK
}

// Lookup opens a name with O_PATH; links are followed inside the place.
func (p Place) Lookup(name string) (int, error) {
	fd, _, err := p.lookup(name, true, 0)
	return fd, err
}
