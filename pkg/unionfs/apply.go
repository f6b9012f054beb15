package unionfs

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sys/unix"
)

// ErrUnsafe is in the chain of what [Apply] returns for an entry that is no honest part of a layer: a name with "..", a path
// through a symbolic link, a whiteout of "." or "..", a character device 0/0 that would be taken for a whiteout.
var ErrUnsafe = errors.New("unsafe layer entry")

// ErrTooLarge is in the chain of what [Apply] returns for a layer that goes beyond a limit of [ApplyOptions].
var ErrTooLarge = errors.New("layer too large")

// ApplyOptions says how [Apply] unpacks. The zero value is right for root and safe for any layer.
type ApplyOptions struct {
	// UserXattr marks opaque directories with user.overlay.opaque instead of trusted.overlay.opaque: for an unprivileged
	// user, whose overlay mounts have [Overlay.UserXattr] set.
	UserXattr bool

	// MaxBytes is the most that the regular files may hold together, holes of sparse files included, and the most that may follow
	// the end of the archive. 0 means no limit.
	MaxBytes int64

	// MaxEntries is the most entries that the archive may have. 0 means 4 Mi, -1 no limit.
	// Memory grows with the number of directories (some 200 bytes each), and with nothing else.
	MaxEntries int64

	// NoChown leaves every file to the caller instead of the owner that the layer names: for a user without subordinate ids.
	NoChown bool

	// SkipDevices leaves out device nodes, which a user namespace cannot make. Applied.Skipped names them.
	SkipDevices bool

	// Workers is how many goroutines make files beside the one that reads. 0 means one for each processor, at least 2 and at most 8.
	Workers int
}

// Applied is what [Apply] made.
type Applied struct {
	Bytes     int64 // content of regular files, hard links counted once
	Entries   int64 // entries in the archive, markers included
	Files     int   // everything but directories, whiteouts and markers; each name of a hard link counts
	Dirs      int   // directories that the archive names
	Whiteouts int   // names deleted
	Opaques   int   // directories marked opaque, by a marker or because they replace what the lower layers have

	// OpaqueRoot is set when the layer's root is opaque. Overlayfs does not look for the mark on the root of a layer, so
	// whoever stacks layers must leave out all below this one; [Overlay] does.
	OpaqueRoot bool

	// Implied are directories that the archive does not name but puts something into, sorted. They are made with mode 0755
	// and the caller's owner, and hide the mode and owner that a lower layer may have for them: see [Adopt].
	Implied []string

	// Skipped says in a sentence each what was left out: attributes that would steer overlayfs or that the file system cannot hold,
	// AUFS leftovers, devices under SkipDevices. At most 100 are kept; SkippedCount counts all.
	Skipped      []string
	SkippedCount int
}

// Apply unpacks one layer, the uncompressed tar stream r, into the directory dir, which is made if missing and must be empty. The
// result is a lower directory for overlayfs: ".wh.NAME" becomes a character device 0/0, ".wh..wh..opq" an opaque directory.
//
// Owners, modes, times, hard and symbolic links, devices, FIFOs, extended attributes and holes are kept as tar has them. A later entry replaces
// an earlier one of the same name. A whiteout speaks of the layers below only, so a name that the layer itself has wins over its own whiteout, in any order.
//
// r is read to its end, padding included, so that a hash of it sees all bytes. A stream that ends after the last byte of a file counts
// as whole, as it does for other engines; only a digest can tell it from a torn one. One goroutine reads; others make the files. At most
// 16 MiB are buffered however large the layer. On an error files may be left in dir: the caller removes it. Cancelling ctx
// stops the work; a Read of r that blocks must be ended by whoever owns r.
//
// The archive may be hostile. Every name is taken relative to dir, no symbolic link is followed, and what makes no sense is refused with
// [ErrUnsafe]. Attributes named trusted.overlay.* and user.overlay.* are left out (Applied.Skipped): with trusted.overlay.redirect
// a layer could show directories from outside of itself.
//
// Kernel: openat2(2) RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS|RESOLVE_NO_XDEV (Linux 5.6), then openat(2), mkdirat(2), mknodat(2), symlinkat(2),
// linkat(2) with fchown(2), fchmod(2), fsetxattr(2), utimensat(2). Foreign owners need CAP_CHOWN, devices CAP_MKNOD, opaque marks CAP_SYS_ADMIN
// unless UserXattr is set.
func Apply(ctx context.Context, dir string, r io.Reader, opt ApplyOptions) (Applied, error) {
	u, err := newUnpacker(dir, opt)
	if err != nil {
		return Applied{}, err
	}
	defer u.close()
	defer context.AfterFunc(ctx, func() { u.fail(context.Cause(ctx)) })()

	u.start()
	err = u.read(r)
	if err != nil {
		u.fail(err)
	}
	u.join()
	if err := u.failed(); err != nil {
		return u.sum, err
	}
	return u.sum, u.finish()
}

// read walks the archive and then whatever is behind its end.
func (u *unpacker) read(r io.Reader) error {
	br := bufio.NewReaderSize(r, 128<<10)
	counted := &counter{r: br}
	tr := tar.NewReader(counted)
	behind := int64(0) // the last entry's content
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			// Some writers leave out the last padding and the end marker. A cut anywhere else, which archive/tar may take for the end too, is one.
			if counted.n%512 != 0 && counted.n-behind >= 512 {
				return fmt.Errorf("read layer: %w", io.ErrUnexpectedEOF)
			}
			break
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // our own check of names does not depend on GODEBUG
			return fmt.Errorf("read layer: %w", err)
		}
		if err := u.failed(); err != nil {
			return err
		}
		if err := u.entry(h, tr); err != nil {
			return fmt.Errorf("unpack %q: %w", h.Name, err)
		}
		behind = counted.n
	}
	return u.drainStream(br)
}

// counter counts what the archive reader takes.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// drainStream reads the padding. GNU tar pads to 10 KiB; a hostile stream may go on for ever.
func (u *unpacker) drainStream(r io.Reader) error {
	s, err := u.slabs.get(u.stop)
	if err != nil {
		return u.failed()
	}
	defer s.release()
	var n int64
	for {
		k, err := r.Read(s.buf)
		n += int64(k)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read end of layer: %w", err)
		}
		if limit := u.opt.MaxBytes; limit > 0 && n > limit+slabSize {
			return fmt.Errorf("read end of layer: %d bytes of padding: %w", n, ErrTooLarge)
		}
		if err := u.failed(); err != nil {
			return err
		}
	}
}

func (o ApplyOptions) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return min(max(runtime.GOMAXPROCS(0), 2), 8)
}

func (o ApplyOptions) maxEntries() int64 {
	switch {
	case o.MaxEntries < 0:
		return 1<<63 - 1
	case o.MaxEntries == 0:
		return 4 << 20
	}
	return o.MaxEntries
}

// newUnpacker opens dir and learns what a new file in it gets by itself, so that calls which change nothing can be left out.
func newUnpacker(dir string, opt ApplyOptions) (*unpacker, error) {
	if err := unix.Mkdir(dir, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fmt.Errorf("make layer directory %s: %w", dir, err)
	}
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open layer directory %s: %w", dir, err)
	}
	u := &unpacker{opt: opt, left: opt.maxEntries(), umask: umask(), uid: unix.Geteuid(), gid: unix.Getegid()}
	u.init(fd)
	if err := u.checkRoot(dir); err != nil {
		u.close()
		return nil, err
	}
	return u, nil
}

func (u *unpacker) checkRoot(dir string) error {
	names, err := readNames(u.root.fd, 1)
	if err != nil {
		return fmt.Errorf("read layer directory %s: %w", dir, err)
	}
	if len(names) > 0 {
		return fmt.Errorf("unpack layer into %s: %w", dir, unix.ENOTEMPTY)
	}
	var st unix.Stat_t
	if err := unix.Fstat(u.root.fd, &st); err != nil {
		return fmt.Errorf("stat layer directory %s: %w", dir, err)
	}
	u.root.made = st.Mode & 0o7777
	if st.Mode&unix.S_ISGID != 0 { // what is made in a setgid directory gets its group, and directories the bit
		u.gid, u.sgid = int(st.Gid), unix.S_ISGID
	}
	return nil
}
