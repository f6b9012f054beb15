package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pages are the texts for people: those at the top of the tree, and all below docs.
func pages(t *testing.T) []string {
	list := []string{"../../README.md", "../../CONTRIBUTING.md", "../../CHANGELOG.md"}
	require.NoError(t, filepath.WalkDir("../../docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			list = append(list, path)
		}
		return err
	}))
	return list
}

// links are the files of this tree that a page leads to.
func links(t *testing.T, page string) []string {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	var list []string
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(string(text), -1) {
		file, _, _ := strings.Cut(m[1], "#")
		if file != "" && !strings.Contains(m[1], "://") {
			list = append(list, filepath.Join(filepath.Dir(page), file))
		}
	}
	return list
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		for _, link := range links(t, page) {
			assert.FileExistsf(t, fileAt(link), "%s links to it", page)
		}
	}
}

// fileAt is a file, or one of those in a directory.
func fileAt(path string) string {
	if in, err := filepath.Glob(filepath.Join(path, "*")); err == nil && len(in) > 0 {
		return in[0]
	}
	return path
}

func TestIndexHasEveryPage(t *testing.T) {
	index := links(t, "../../docs/README.md")
	for _, page := range pages(t) {
		if strings.HasPrefix(page, "../../docs/") && page != "../../docs/README.md" {
			assert.Contains(t, index, page, "docs/README.md does not link it")
		}
	}
}

// The README shows commands that there are, and make's targets that there are.
func TestReadmeShowsWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	makefile, err := os.ReadFile("../../Makefile")
	require.NoError(t, err)
	commands := map[string]bool{}
	for _, c := range newApp(streams{}, nil).Commands {
		commands[c.Name] = true
	}
	shown := regexp.MustCompile("(?m)(?:^    (?:# )?|`)lab (?:--\\w+ )?(\\w+)").FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, shown)
	for _, m := range shown {
		assert.Truef(t, commands[m[1]], "README.md shows %q", m[0])
	}
	for _, m := range regexp.MustCompile("(?m)(?:^    |`)make ([a-z-]+)").FindAllStringSubmatch(string(text), -1) {
		assert.Containsf(t, "\n"+string(makefile), "\n"+m[1]+":", "README.md shows %q", m[0])
	}
}
