package box

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
)

func gzipCmd(c *call) {
	f := c.parse("cdkfqv123456789n", "stdout=c", "decompress=d", "keep=k", "force=f")
	undo := f.has('d') || c.name == "gunzip" || c.name == "zcat"
	if c.name == "zcat" {
		f.count['c']++
	}
	pass := func(w io.Writer, r io.Reader) error {
		if undo {
			z, err := gzip.NewReader(r)
			if err != nil {
				return err
			}
			_, err = io.Copy(w, z)
			return err
		}
		z := gzip.NewWriter(w)
		if _, err := io.Copy(z, r); err != nil {
			return err
		}
		return z.Close()
	}
	c.each(func(name string, r io.Reader) error {
		if name == "-" || f.has('c') {
			return pass(c.out, r)
		}
		out := name + ".gz"
		if undo {
			if out = strings.TrimSuffix(name, ".gz"); out == name {
				return errors.New("unknown suffix - ignored")
			}
		}
		mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
		if f.has('f') {
			mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
		}
		w, err := os.OpenFile(out, mode, 0o666)
		if err != nil {
			return err
		}
		err = pass(w, r)
		if cerr := w.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			os.Remove(out)
			return err
		}
		if !f.has('k') {
			return os.Remove(name)
		}
		return nil
	})
}
