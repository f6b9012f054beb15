package box

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/container-labs/lab/internal/box/sh"
)

// ImageConfig is what the image says about running it; the fields are those of the OCI image
// specification's config.
type ImageConfig struct {
	Env        []string
	Cmd        []string
	WorkingDir string
}

// Config gives the configuration of the image. Its command greets, and gives a shell at a terminal.
func Config() ImageConfig {
	return ImageConfig{
		Env:        []string{"PATH=" + sh.DefaultPath, "HOME=/root"},
		Cmd:        []string{"/bin/welcome"},
		WorkingDir: "/",
	}
}

// Commands gives the names of all commands, sorted: the links in /bin.
func Commands() []string {
	names := make([]string, 0, len(commands)+2)
	sh, ash := false, false
	for _, c := range &commands {
		if !ash && c.name > "ash" {
			names, ash = append(names, "ash"), true
		}
		if !sh && c.name > "sh" {
			names, sh = append(names, "sh"), true
		}
		names = append(names, c.name)
	}
	return names
}

// find searches the sorted table.
func find(name string) *command {
	lo, hi := 0, len(commands)
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case commands[mid].name == name:
			return &commands[mid]
		case commands[mid].name < name:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil
}

// entry is one thing in the layer besides the links.
type entry struct {
	name string
	mode int64
	link string
	text string
}

var tree = [...]entry{
	{name: "bin/", mode: 0o755},
	{name: "dev/", mode: 0o755},
	{name: "etc/", mode: 0o755},
	{name: "home/", mode: 0o755},
	{name: "mnt/", mode: 0o755},
	{name: "opt/", mode: 0o755},
	{name: "proc/", mode: 0o555},
	{name: "root/", mode: 0o700},
	{name: "run/", mode: 0o755},
	{name: "sbin", link: "bin"},
	{name: "srv/", mode: 0o755},
	{name: "sys/", mode: 0o555},
	{name: "tmp/", mode: 0o1777},
	{name: "usr/", mode: 0o755},
	{name: "usr/bin", link: "../bin"},
	{name: "usr/lib/", mode: 0o755},
	{name: "usr/local/", mode: 0o755},
	{name: "usr/local/bin/", mode: 0o755},
	{name: "usr/sbin", link: "../bin"},
	{name: "var/", mode: 0o755},
	{name: "var/log/", mode: 0o755},
	{name: "var/run", link: "/run"},
	{name: "var/tmp/", mode: 0o1777},
	{name: "etc/passwd", mode: 0o644, text: "root:x:0:0:root:/root:/bin/sh\n" +
		"daemon:x:1:1:daemon:/usr/sbin:/bin/false\n" +
		"student:x:1000:1000:student:/home/student:/bin/sh\n" +
		"nobody:x:65534:65534:nobody:/:/bin/false\n"},
	{name: "etc/group", mode: 0o644, text: "root:x:0:\ndaemon:x:1:\ntty:x:5:\nstudent:x:1000:\nnogroup:x:65534:\n"},
	{name: "etc/hosts", mode: 0o644, text: "127.0.0.1\tlocalhost\n::1\tlocalhost\n"},
	{name: "etc/hostname", mode: 0o644, text: "box\n"},
	{name: "etc/nsswitch.conf", mode: 0o644, text: "hosts: files dns\n"},
	{name: "etc/os-release", mode: 0o644, text: "NAME=\"lab box\"\nID=lab-box\nPRETTY_NAME=\"lab box\"\nVERSION_ID=1\n"},
	{name: "etc/profile", mode: 0o644, text: "export PATH=" + sh.DefaultPath + "\n"},
	{name: "etc/shells", mode: 0o644, text: "/bin/sh\n"},
	{name: "home/student/", mode: 0o755},
	{name: "welcome", link: "bin/welcome"},
}

// Layer writes the root file system of the image as one tar archive: the directories and files above,
// /bin/lab-box, which is a copy of the executable at self, and a link to it for each command.
// The same executable always gives the same bytes: owners, times and order are fixed.
func Layer(w io.Writer, self string) error {
	f, err := os.Open(self)
	if err != nil {
		return fmt.Errorf("open the executable: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("stat %s: %w", self, err)
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("copy %s: not a regular file", self)
	}
	tw := tar.NewWriter(w)
	for _, e := range &tree {
		if err := writeEntry(tw, e); err != nil {
			return err
		}
	}
	if err := tw.WriteHeader(header("bin/lab-box", tar.TypeReg, 0o755, st.Size())); err != nil {
		return fmt.Errorf("write bin/lab-box: %w", err)
	}
	if n, err := io.Copy(tw, io.LimitReader(f, st.Size())); err != nil {
		return fmt.Errorf("write bin/lab-box: %w", err)
	} else if n != st.Size() {
		return fmt.Errorf("write bin/lab-box: %w", io.ErrUnexpectedEOF)
	}
	for _, name := range Commands() {
		if err := writeEntry(tw, entry{name: "bin/" + name, link: "lab-box"}); err != nil {
			return err
		}
	}
	if err := tw.Close(); err != nil {
		return fmt.Errorf("write the layer: %w", err)
	}
	return nil
}

func header(name string, kind byte, mode, size int64) *tar.Header {
	return &tar.Header{Name: name, Typeflag: kind, Mode: mode, Size: size, ModTime: time.Unix(0, 0),
		Uname: "root", Gname: "root", Format: tar.FormatUSTAR}
}

func writeEntry(tw *tar.Writer, e entry) error {
	h := header(e.name, tar.TypeReg, e.mode, int64(len(e.text)))
	switch {
	case e.link != "":
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.link, 0o777
	case e.name[len(e.name)-1] == '/':
		h.Typeflag = tar.TypeDir
	}
	if e.name == "home/student/" {
		h.Uid, h.Gid, h.Uname, h.Gname = 1000, 1000, "student", "student"
	}
	if err := tw.WriteHeader(h); err != nil {
		return fmt.Errorf("write %s: %w", e.name, err)
	}
	if _, err := io.WriteString(tw, e.text); err != nil {
		return fmt.Errorf("write %s: %w", e.name, err)
	}
	return nil
}
