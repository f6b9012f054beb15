package box

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSedSameAsGNU compares output and status with the sed of the distribution.
func TestSedSameAsGNU(t *testing.T) {
	dir := bin(t)
	work := t.TempDir()
	require.Zero(t, start(t, at(exec.Command("/bin/sh", "-c", `printf 'one\ntwo two\nthree/3\n\nfive a.b\nlast\n' > f; printf 'x=1\ny=2\n' > g; seq 12 > n`), work, ""), "").code)
	for _, c := range []string{
		"s/o/0/", "s/o/0/g", "s/o/0/2", "s/t/T/2g", "s/two/[&]/", `s/two/\&/`, `s/\(t\)\(w\)/\2\1/g`, "s/TWO/x/I", "s/TWO/x/gi", "s,three/3,ok,", `s/e\/3/E/`, "s|a.b|Q|", `s/a\.b/Q/`, "s/x*/-/g", "s/$/!/", "s/^/> /",
		`s/ /\n/`, `s/o\|e/_/g`, "s/[aeiou]//g", "s/[/]/S/", "s/[^a-z]/_/g", `s/\(a\)*b/<\1>/`, `s/t\+/T/`, `s/e\{2\}/EE/`, "s/.*/x/2", `s/[[:space:]]/_/`, `s/\<t/T/g`, `y/abc/xyz/`, `y/\//|/`,
		"p", "d", "1d", "$d", "2,4d", "2,$d", "/two/d", "/two/,/five/d", "/two/,+1d", "4,2d", "2!d", "/^$/d", "2,3!d", `\,3,d`, "/TWO/Id", "=", "$=", "2q", "q3", "2q5", "1,/e/d", "/o/,/o/d", "$!d", "0d;p",
		"2a hello", "2i hello", "2c hello", "2,3c hello", "a\\\nx", "$a end", "2a  spaced", "1{p;d}", "/t/{s/t/T/;p}", "1{2{p}}", "n;d", "$!N;s/\\n/+/", "N;N;P;D", "1h;2G", "H;$!d;x", "x;p;x", "1!G;h;$!d", "s/a/b/;s/b/c/",
		"# only a comment", "s/one/1/;# more\np", "s//x/", "/two/s//TWO/", "k", "s/a", "1,d", "}", "{p", "s/a/b/x", "y/ab/c/", `s/a/\1/`, "", ";;", "p p", "s/(/x/", "5!s/o/0/", "2 p", "2 , 3 p", "1~2p",
	} {
		for _, flags := range [][]string{nil, {"-n"}} {
			args := append(flags, c, "f")
			if c == "1~2p" {
				continue // GNU's own
			}
			theirs := start(t, at(exec.Command("/bin/sed", args...), work, ""), "")
			ours := start(t, at(exec.Command(dir+"/sed", args...), work, dir), "")
			assert.Equal(t, theirs.out, ours.out, "%q", args)
			assert.Equal(t, theirs.code, ours.code, "status of %q: %s / %s", args, theirs.err, ours.err)
		}
	}
	for _, c := range []string{
		"sed -E 's/(o|e)+/<\\1>/g' f", "sed -n '2,3p;5p' n", "sed -n '$p' f g", "sed '$d' f g", "sed 3q f g n", "sed -e 1d -e 's/t/T/' f", "echo 's/o/0/' > s; sed -f s f", "sed p < g", "sed -n '/3/,/5/{=;p}' n",
		"sed s/1/x/ nope g", "cp f h; sed -i 's/o/0/' h; cat h", "cp g i; chmod 640 i; cp f h; sed -i 1d i h; cat i h; stat -c %a i", "sed -n '2{p;q}' n", "sed '/^$/,$d' f", "sed -i d nope", "sed -n '3,1p;5,5p;7,/1/p' n", "sed", "printf 'a\\nb' | sed '$!d'", "sed a", "printf 'a\nb' | sed p", "printf 'a\nb' | sed -n '$p;$p;$='", "printf 'a\nb' | sed '$a c'", "printf 'a\nb' > u; sed '' u g", "sed '2,4{3,3d}' n",
		"sed -E 's/^([a-z]+) (.*)$/\\2 \\1/' f", "sed 's/[]]/x/;s/[^]]/y/' f",
	} {
		theirs := start(t, at(exec.Command("/bin/sh", "-c", c), work, ""), "")
		ours := start(t, at(exec.Command("/bin/sh", "-c", c), work, dir), "")
		assert.Equal(t, theirs.out, ours.out, c)
		assert.Equal(t, theirs.code == 0, ours.code == 0, "%s: %s / %s", c, theirs.err, ours.err)
	}
}

// FuzzSed wants a script to be refused or to run, and no panic.
func FuzzSed(f *testing.F) {
	for _, s := range []string{"s/a\\(b\\)*/[&\\1]/2gp", "1,/x/{p;N;D}", "y/ab/ba/;$!d", "2,+3c\\\ntext", "\\,[,],!s,[^,]\\n,\\,,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script string) {
		c := &call{name: "sed", in: strings.NewReader("abab x\nx/y,\n\nlast"), out: bufio.NewWriter(io.Discard), err: io.Discard, args: []string{script}}
		if len(script) < 200 && !strings.HasPrefix(script, "-") {
			c.finish(sed)
		}
	})
}
