package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPlainCommandsHaveTheirNames(t *testing.T) {
	for _, c := range plain {
		assert.Equal(t, c.name, c.make(streams{}).Name)
	}
}

func TestOnlyTheCommandAskedForIsMade(t *testing.T) {
	all := len(commands(streams{}, nil))
	for line, want := range map[string]int{
		"":                            all,
		"lab":                         all,
		"run":                         all, // a link of that name
		"lab ps":                      1,
		"lab ps -a":                   1,
		"lab --root /x ps":            1,
		"lab --root ps images":        1,
		"lab --root":                  all,
		"lab --root ps":               all,
		"lab --debug ps":              all,
		"lab --help":                  all,
		"lab --help ps":               all,
		"lab run --rm box ps":         all,
		"lab nothing ps":              all,
		"lab container ls":            all,
		"lab container rm":            all,
		"lab ns ls":                   all,
		"lab __complete":              all,
		"lab __complete -- ps":        all,
		"lab completion bash":         1,
		"lab --root /x --root /y run": all,
	} {
		assert.Len(t, commands(streams{}, strings.Fields(line)), want, line)
	}
}

func TestHelpListsEveryCommandOnce(t *testing.T) {
	var listed []string
	for _, section := range helpSections {
		listed = append(listed, strings.Fields(section.names)...)
	}
	var there []string
	for _, c := range commands(streams{}, nil) {
		if !c.Hidden {
			there = append(there, c.Name)
		}
	}
	assert.ElementsMatch(t, there, listed)
}
