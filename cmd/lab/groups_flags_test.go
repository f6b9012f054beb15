package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFlagsFirst(t *testing.T) {
	std := streams{os.Stdin, os.Stdout, os.Stderr}
	for _, test := range [][2]string{
		{"rm web -f", "rm -f web"},
		{"rm -f web", "rm -f web"},
		{"rmi a b -f c", "rmi -f a b c"},
		{"inspect web -f {{.Id}} box", "inspect -f {{.Id}} web box"},
		{"inspect web --format={{.Id}}", "inspect --format={{.Id}} web"},
		{"inspect web --format", "inspect --format"}, // an error, and not the name of a format
		{"commit web mine -m x -p=false", "commit -m x -p=false web mine"},
		{"ps -aqn 3 --no-trunc", "ps -aqn 3 --no-trunc"},
		{"import - mine -c CMD", "import -c CMD - mine"},
		{"rm -- -f web", "rm -- -f web"},
		{"rm x -- -f", "rm -- x -f"},
		{"run box ls -l", "run box ls -l"},
		{"exec web ls -l", "exec web ls -l"},
		{"--root /x rm web -f", "--root /x rm -f web"},
		{"container rm web -f", "container rm -f web"},
		{"container run box ls -l", "container run box ls -l"},
		{"container inspect web -f x", "container inspect -f x web"},
		{"image ls box -q", "image ls -q box"},
		{"image rm box -f", "image rm -f box"},
		{"nonsense x -f", "nonsense x -f"},
		{"container nonsense x -f", "container nonsense x -f"},
		{"ns unshare ls -l", "ns unshare ls -l"},
		{"--root", "--root"},
		{"", ""},
	} {
		args := append([]string{"lab"}, strings.Fields(test[0])...)
		got := flagsFirst(std, newApp(std, args), args)
		assert.Equal(t, test[1], strings.Join(got[1:], " "), test[0])
	}
}
