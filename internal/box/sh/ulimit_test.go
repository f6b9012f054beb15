package sh

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestLimitOnOpenFiles starts the shell with a soft limit below the hard one, which is where Go's
// runtime interferes.
func TestLimitOnOpenFiles(t *testing.T) {
	under := func(script string) string {
		argv := []string{"/bin/sh", "-c", `ulimit -S -n 500; exec "$0" -c "$1"`, shell(t), script}
		got, errs := runShell(t, filepath.Join(t.TempDir(), "work"), argv, "")
		assert.Empty(t, errs, script)
		assert.Zero(t, got.code, script)
		return got.out
	}
	assert.Equal(t, "500\n", under("ulimit -n"))
	assert.Equal(t, "500\n", under("/bin/sh -c 'ulimit -n'; :"), "a child")
	assert.Equal(t, "500\n", under("exec /bin/sh -c 'ulimit -n'"), "a program in place of the shell")
	assert.Equal(t, "500\n", under("ulimit -n | cat"), "a stage of a pipeline")
	assert.Equal(t, "500\n", under("while read _ _ _ soft _; do case $soft in 500) echo $soft; esac; done < /proc/$$/limits"))
	assert.Equal(t, "60\n60\n60\n500\n", under("(ulimit -n 60; ulimit -n; ulimit -Hn; /bin/sh -c 'ulimit -n'); ulimit -n"))
	assert.Equal(t, "60\n60\n", under("ulimit -n 60; ulimit -n; /bin/sh -c 'ulimit -n'"))
}
