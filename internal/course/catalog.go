package course

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Catalog is all labs that there are: those inside the program, and those in a folder on disk, which win.
type Catalog struct {
	Disk string // the folder on disk; "" for none

	inside fs.FS
	names  []string // sorted
	onDisk map[string]bool
}

// NewCatalog lists the labs in a file system and in a folder on disk; disk may be "". Nothing is read of a lab but its name.
func NewCatalog(inside fs.FS, disk string) (*Catalog, error) {
	c := &Catalog{Disk: disk, inside: inside, onDisk: map[string]bool{}}
	if inside != nil {
		list, err := labsIn(inside)
		if err != nil {
			return nil, fmt.Errorf("list the labs inside the program: %w", err)
		}
		c.names = list
	}
	if disk != "" {
		list, err := labsIn(os.DirFS(disk))
		if err != nil {
			return nil, fmt.Errorf("list the labs in %s: %w", disk, reason(err))
		}
		for _, name := range list {
			c.onDisk[name] = true
			if !slices.Contains(c.names, name) {
				c.names = append(c.names, name)
			}
		}
	}
	slices.Sort(c.names)
	return c, nil
}

func labsIn(files fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(files, ".")
	var names []string
	for _, e := range entries {
		if !e.IsDir() || !goodFolder(e.Name()) {
			continue
		}
		if _, err := fs.Stat(files, e.Name()+"/lab.yaml"); err == nil {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// Names lists the labs in the order of the course.
func (c *Catalog) Names() []string { return c.names }

// Find returns the lab that a word means: its folder's name, its number (10 is 010), or what one name alone begins with,
// with or without the number.
func (c *Catalog) Find(word string) (string, error) {
	if word == "" {
		return "", errors.New("find a lab: no name was given")
	}
	number := word
	for len(number) < 3 && strings.Trim(number, "0123456789") == "" {
		number = "0" + number
	}
	var begin []string
	for _, name := range c.names {
		digits, rest, _ := strings.Cut(name, "-")
		if word == name || number == digits || word == rest {
			return name, nil
		}
		if strings.HasPrefix(name, word) || strings.HasPrefix(rest, word) {
			begin = append(begin, name)
		}
	}
	switch len(begin) {
	case 1:
		return begin[0], nil
	case 0:
		return "", &UnknownLabError{Word: word}
	}
	return "", fmt.Errorf("%q may mean %s", word, strings.Join(begin, " or "))
}

// UnknownLabError is returned by [Catalog.Find] for a word that means no lab.
type UnknownLabError struct{ Word string }

func (e *UnknownLabError) Error() string { return fmt.Sprintf("there is no lab %q", e.Word) }

// Load reads the lab of a name, in a language: "" and "en" are English, and what has no translation is English too.
func (c *Catalog) Load(name, language string) (*Lab, error) {
	files, where := c.files(name)
	lab, err := Load(files, name, where)
	if err != nil {
		return nil, err
	}
	lab.Inside = !c.onDisk[name]
	return lab, lab.translate(language)
}

func (c *Catalog) files(name string) (files fs.FS, where string) {
	if c.onDisk[name] {
		dir := filepath.Join(c.Disk, name)
		return os.DirFS(dir), dir
	}
	sub, err := fs.Sub(c.inside, name)
	if err != nil {
		return os.DirFS("/nonexistent"), name
	}
	return sub, "labs/" + name
}
