package box

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// dd copies blocks; it is here for the lessons on io limits and on devices.
func dd(c *call) {
	p := map[string]string{"bs": "512"}
	for _, a := range c.args {
		k, v, ok := strings.Cut(a, "=")
		switch k {
		case "if", "of", "bs", "count", "skip", "seek", "conv", "oflag", "iflag", "status", "ibs", "obs":
		default:
			ok = false
		}
		if !ok {
			c.misuse("unrecognized operand '%s'", a)
		}
		p[k] = v
	}
	bs := c.bytes(p["bs"])
	if bs < 1 || bs > 1<<30 {
		c.fail("invalid number '%s'", p["bs"])
	}
	in, out := os.Stdin, os.Stdout
	var err error
	if p["if"] != "" {
		if in, err = os.Open(p["if"]); err != nil {
			c.fail("can't open '%s': %s", p["if"], text(err))
		}
		defer in.Close()
	}
	if p["of"] != "" {
		mode := os.O_WRONLY | os.O_CREATE
		if !strings.Contains(p["conv"], "notrunc") && p["seek"] == "" {
			mode |= os.O_TRUNC
		}
		if strings.Contains(p["oflag"], "append") {
			mode |= os.O_APPEND
		}
		if strings.Contains(p["oflag"], "dsync") || strings.Contains(p["oflag"], "sync") {
			mode |= unix.O_DSYNC
		}
		if strings.Contains(p["oflag"], "direct") {
			mode |= unix.O_DIRECT
		}
		if out, err = os.OpenFile(p["of"], mode, 0o666); err != nil {
			c.fail("can't open '%s': %s", p["of"], text(err))
		}
		defer out.Close()
	}
	if s := p["skip"]; s != "" {
		if _, err := in.Seek(c.bytes(s)*bs, io.SeekCurrent); err != nil {
			io.CopyN(io.Discard, in, c.bytes(s)*bs)
		}
	}
	if s := p["seek"]; s != "" {
		if _, err := out.Seek(c.bytes(s)*bs, io.SeekCurrent); err != nil {
			c.fail("can't seek in '%s': %s", p["of"], text(err))
		}
	}
	// A mapping of its own is aligned to pages, as O_DIRECT wants.
	buf, err := unix.Mmap(-1, 0, int(bs), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		c.fail("mmap: %s", text(err))
	}
	count := int64(-1)
	if s := p["count"]; s != "" {
		count = c.bytes(s)
	}
	var full, partial, total int64
	start := time.Now()
	for i := int64(0); count < 0 || i < count; i++ {
		n, rerr := in.Read(buf)
		if n == 0 {
			if rerr != nil && !errors.Is(rerr, io.EOF) {
				c.complain("error reading: %s", text(rerr))
			}
			break
		}
		if int64(n) == bs {
			full++
		} else {
			partial++
		}
		w, werr := out.Write(buf[:n])
		total += int64(w)
		if werr != nil {
			c.complain("error writing '%s': %s", p["of"], text(werr))
			break
		}
	}
	if strings.Contains(p["conv"], "fsync") {
		out.Sync()
	}
	if p["status"] == "none" {
		return
	}
	span := time.Since(start).Seconds()
	e := bufio.NewWriter(c.err)
	defer e.Flush()
	io.WriteString(e, fmt.Sprintf("%d+%d records in\n%d+%d records out\n", full, partial, full, partial))
	if p["status"] != "noxfer" {
		io.WriteString(e, fmt.Sprintf("%d bytes (%sB) copied, %.6f seconds, %sB/s\n", total, human(uint64(total)), span, human(uint64(float64(total)/max(span, 1e-9)))))
	}
}
