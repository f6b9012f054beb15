package unionfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxSparse is the largest apparent size of a file with holes. Its zeros must be walked through, so without a limit a few bytes
// of archive could keep us busy for days.
const maxSparse = 2 << 40

// regular reads the content: into a corner of a slab if it is small, else slab by slab while a worker already writes.
func (u *unpacker) regular(path string, j *job, h *tar.Header, content io.Reader) error {
	if h.Size < 0 {
		return fmt.Errorf("size %d: %w", h.Size, tar.ErrHeader)
	}
	if limit := u.opt.MaxBytes; limit > 0 && h.Size > limit-u.sum.Bytes {
		return fmt.Errorf("more than %d bytes in files: %w", limit, ErrTooLarge)
	}
	j.size, j.sparse = h.Size, isSparse(h)
	if j.sparse && j.size > maxSparse {
		return fmt.Errorf("sparse file of %d bytes: %w", j.size, ErrTooLarge)
	}
	if err := u.prepare(path, j); err != nil {
		return err
	}
	u.sum.Bytes += h.Size
	u.sum.Files++
	switch {
	case h.Size == 0:
		return u.queue(j)
	case h.Size > slabSize/2:
		return u.stream(j, content)
	}
	s, err := u.room(int(h.Size))
	if err != nil {
		return err
	}
	j.data = s.buf[s.used : s.used+int(h.Size)]
	if _, err := io.ReadFull(content, j.data); err != nil {
		return fmt.Errorf("read content: %w", noEOF(err))
	}
	s.used += int(h.Size)
	s.refs.Add(1)
	j.slab = s
	return u.queue(j)
}

// room returns the slab being filled, or a new one if n bytes do not fit into it.
func (u *unpacker) room(n int) (*slab, error) {
	if u.filling != nil && len(u.filling.buf)-u.filling.used >= n {
		return u.filling, nil
	}
	u.filling.release()
	u.filling = nil
	s, err := u.slabs.get(u.stop)
	if err != nil {
		return nil, u.failed()
	}
	u.filling = s
	return s, nil
}

// stream feeds a large file to the worker that has taken it.
func (u *unpacker) stream(j *job, content io.Reader) error {
	u.filling.release() // a half-full slab must not be held while waiting for others
	u.filling = nil
	j.more = make(chan *slab, 4)
	defer close(j.more)
	if err := u.queue(j); err != nil {
		return err
	}
	for left := j.size; left > 0; {
		s, err := u.slabs.get(u.stop)
		if err != nil {
			return u.failed()
		}
		n := int(min(left, slabSize))
		if _, err := io.ReadFull(content, s.buf[:n]); err != nil {
			s.release()
			u.fail(fmt.Errorf("unpack %q: read content: %w", j.name, noEOF(err))) // before close(j.more) says that all is there
			return u.failed()
		}
		s.used = n
		select {
		case j.more <- s:
		case <-u.stop:
			s.release()
			return u.failed()
		}
		left -= int64(n)
	}
	return nil
}

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
