package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The generated files must be what the generator would write now.
func TestGeneratedFilesAreFresh(t *testing.T) {
	for name, generate := range map[string]func() (map[string][]byte, error){"tables": tables, "default": defaults} {
		files, err := generate()
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for file, want := range files {
			have, err := os.ReadFile(filepath.Join("..", file))
			require.NoError(t, err)
			assert.True(t, string(want) == string(have), "%s is stale: run go generate ./internal/seccomp (%s)", file, name)
		}
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, run([]string{"tables", "default"}, dir))
	for _, file := range []string{"zsyscalls.go", "zdefault_linux_amd64.go", "zdefault_linux_arm64.go"} {
		assert.FileExists(t, filepath.Join(dir, file))
	}
	require.ErrorContains(t, run([]string{"everything"}, dir), `unknown argument "everything"`)
}
