package box

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strings"
)

func checksum(c *call) {
	f := c.parse("cbtsw", "check=c", "status=s")
	sum := func(r io.Reader) (string, error) {
		var h hash.Hash
		if c.name == "md5sum" {
			h = md5.New()
		} else {
			h = sha256.New()
		}
		_, err := io.Copy(h, r)
		return hex.EncodeToString(h.Sum(nil)), err
	}
	c.each(func(name string, r io.Reader) error {
		if !f.has('c') {
			s, err := sum(r)
			if err == nil {
				c.printf("%s  %s\n", s, name)
			}
			return err
		}
		bad := 0
		err := eachLine(r, func(l string) bool {
			want, file, ok := strings.Cut(strings.TrimSuffix(l, "\n"), " ")
			if !ok || file == "" {
				return true
			}
			file = file[1:]
			in, ok := c.open(file)
			if !ok {
				bad++
				return true
			}
			defer in.Close()
			got, err := sum(in)
			state := "OK"
			if err != nil || got != strings.ToLower(want) {
				state = "FAILED"
				bad++
			}
			if !f.has('s') {
				c.printf("%s: %s\n", file, state)
			}
			return true
		})
		if bad > 0 {
			c.complain("WARNING: %d computed checksums did NOT match", bad)
		}
		return err
	})
}

func base64Cmd(c *call) {
	f := c.parse("dw:i", "decode=d", "wrap=w")
	width := c.number(f.value('w', "76"))
	c.each(func(_ string, r io.Reader) error {
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if f.has('d') {
			out, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(b)), ""))
			c.out.Write(out)
			if err != nil {
				return errors.New("invalid input")
			}
			return nil
		}
		s := base64.StdEncoding.EncodeToString(b)
		for width > 0 && len(s) > width {
			c.printf("%s\n", s[:width])
			s = s[width:]
		}
		c.printf("%s", s)
		if width > 0 {
			c.printf("\n")
		}
		return nil
	})
}
