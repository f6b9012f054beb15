package main

import (
	"os"
	"slices"
	"strings"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/pkg/container"
)

// What may be the arguments of a command: containers, images, labs or files, and how many.
var completionKinds = [...]struct {
	command string
	kinds   string // c all containers, r those that run, p paused, s those that do not run, i images, b both, l labs, f files, x files and
	// containers with a colon; the last goes on where … follows
}{
	{"attach", "r"}, {"commit", "ci"}, {"cp", "xx"}, {"create", "i"}, {"diff", "c"}, {"exec", "r"}, {"export", "c"}, {"history", "i"}, {"images", "i"},
	{"import", "fi"}, {"inspect", "b…"}, {"kill", "r…"}, {"load", ""}, {"logs", "c"}, {"pause", "r…"}, {"port", "c"}, {"pull", "i"}, {"push", "i"}, {"rename", "c"},
	{"restart", "c…"}, {"rm", "c…"}, {"rmi", "i…"}, {"run", "i"}, {"save", "i…"}, {"start", "s…"}, {"stats", "r…"}, {"stop", "r…"}, {"tag", "ii"}, {"top", "r"},
	{"unpause", "p…"}, {"update", "c…"}, {"wait", "c…"}, {"container ls", ""}, {"container inspect", "c…"}, {"image inspect", "i…"}, {"image ls", "i"},
	{"image rm", "i…"}, {"ns enter", "r"},
	{"check", "l"}, {"hint", "l"}, {"solve", "l"}, {"reset", "l"}, {"course check", "l"}, {"course hint", "l"}, {"course lint", "l…"}, {"course reset", "l"},
	{"course show", "l"}, {"course solve", "l"}, {"course start", "l"}, {"course ls", ""}, {"course new", ""}, {"course progress", ""}, {"progress", ""},
}

func (c *completing) arguments(name string, before []string) {
	kinds, known := kindsOf(name)
	if !known {
		c.files()
		return
	}
	list := []rune(kinds)
	if n := len(list); n > 1 && list[n-1] == '…' {
		for len(before) >= len(list)-1 {
			list = slices.Insert(list, len(list)-1, list[len(list)-2])
		}
	}
	switch name {
	case "completion":
		c.add("bash", "")
		c.add("zsh", "")
	}
	if len(before) >= len(list) || list[len(before)] == '…' {
		return
	}
	switch list[len(before)] {
	case 'i':
		c.images()
	case 'b':
		c.containers('c')
		c.images()
	case 'f':
		c.files()
	case 'x':
		if !strings.ContainsAny(c.word, "/:") {
			c.containers('x')
		}
		if !strings.Contains(c.word, ":") {
			c.files()
		}
	case 'l':
		c.labs()
	default:
		c.containers(list[len(before)])
	}
}

func kindsOf(name string) (string, bool) {
	_, verb, inFamily := strings.Cut(name, " ")
	for _, try := range [...]string{name, verb} {
		for _, k := range completionKinds {
			if try != "" && k.command == try && (try == name || inFamily && (strings.HasPrefix(name, "container ") || strings.HasPrefix(name, "image "))) {
				return k.kinds, true
			}
		}
	}
	switch name {
	case "completion", "ps", "version", "info", "doctor", "events", "system df", "system prune", "system events", "system info", "image prune", "container prune":
		return "", true
	}
	return "", false
}

func (c *completing) containers(kind rune) {
	list, err := listContainers(c.root)
	if err != nil {
		return
	}
	colon := ""
	if kind == 'x' {
		colon = ":"
	}
	for _, one := range list {
		runs := one.phase == container.Running || one.phase == container.Paused || one.phase == container.Restarting
		if kind == 'r' && !runs || kind == 's' && runs || kind == 'p' && one.phase != container.Paused {
			continue
		}
		about := one.Image + ", " + status(one)
		if one.Name != "" {
			c.add(one.Name+colon, about)
		}
		if c.word != "" && strings.Trim(c.word, "0123456789abcdef") == "" {
			c.add(short(one.ID)+colon, about)
		}
	}
}

func (c *completing) images() {
	images, err := image.Open(c.root)
	if err != nil {
		return
	}
	list, err := images.List()
	if err != nil {
		return
	}
	for _, img := range list {
		about := sizeText(img.Size) + ", " + ago(img.Created)
		for _, name := range img.Names {
			name = image.Familiar(name)
			if short, latest := strings.CutSuffix(name, ":latest"); latest && !strings.Contains(c.word, ":") {
				name = short
			}
			c.add(name, about)
		}
		if len(c.word) > 2 && strings.Trim(c.word, "0123456789abcdef") == "" {
			c.add(image.ShortID(img.ID), about)
		}
	}
}

// labs offers the labs by number; whoever types a name gets that.
func (c *completing) labs() {
	list, err := catalogWith(os.Getenv(labsVariable))
	if err != nil {
		return
	}
	for _, name := range list.Names() {
		number, words, _ := strings.Cut(name, "-")
		switch {
		case len(c.word) > len(number) && strings.HasPrefix(name, c.word):
			c.add(name, "")
		case c.word != "" && strings.Trim(c.word, "0123456789") != "":
			c.add(words, number)
		default:
			c.add(number, words)
		}
	}
}

// value offers what a flag may be given.
func (c *completing) value(command, name string) {
	words := map[string]string{
		"--network": "none host", "--net": "none host", "--pull": "always missing never", "--restart": "no on-failure always unless-stopped", "--pid": "host",
		"--ipc": "private host", "--uts": "host", "--userns": "host private", "--cgroupns": "private host", "--type": "container image",
		"--lang":         "en zh",
		"--security-opt": "no-new-privileges seccomp=unconfined systempaths=unconfined",
		"--signal":       "HUP INT KILL QUIT STOP CONT TERM USR1 USR2", "-s": "HUP INT KILL QUIT STOP CONT TERM USR1 USR2",
	}[name]
	if name == "--format" || name == "-f" && strings.HasSuffix(command, "inspect") {
		words = "json table"
	}
	if name == "--filter" || name == "-f" {
		words = filterWords(command)
	}
	if words == "" && name != "-s" {
		c.files()
	}
	for word := range strings.FieldsSeq(words) {
		c.add(word, "")
	}
}

func filterWords(command string) string {
	keys := map[string][]string{"ps": psFilterKeys, "container ls": psFilterKeys, "images": imageFilterKeys, "image ls": imageFilterKeys, "events": eventFilterKeys}[command]
	if len(keys) == 0 {
		return ""
	}
	return strings.Join(keys, "= ") + "= status=running status=exited"
}
