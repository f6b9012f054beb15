package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The small program by itself: it tries the paths in order, passes arguments and environment on, and tells why it could not.
func TestTrampoline(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "trampoline")
	require.NoError(t, os.WriteFile(file, trampolineELF(), 0o755))
	require.NoError(t, os.WriteFile(dir+"/plain", []byte("no program"), 0o644))
	require.NoError(t, os.WriteFile(dir+"/text", []byte("no program"), 0o755))
	require.NoError(t, os.WriteFile(dir+"/show", []byte("#!/bin/sh\necho \"$# $1 $2\" $VAR; [ -e /proc/self/fd/3 ] && echo open; exit 5\n"), 0o755))
	for _, c := range []struct {
		paths []string
		errno syscall.Errno
	}{
		{[]string{dir + "/show"}, 0},
		{[]string{dir + "/no", dir + "/plain/no", dir + "/plain", dir + "/show"}, 0},
		{[]string{dir + "/no"}, syscall.ENOENT},
		{[]string{dir + "/plain/no"}, syscall.ENOTDIR},
		{[]string{dir + "/plain"}, syscall.EACCES},
		{[]string{dir + "/plain", dir + "/no"}, syscall.EACCES},
		{[]string{dir + "/text", dir + "/show"}, syscall.ENOEXEC},
	} {
		read, write, err := os.Pipe()
		require.NoError(t, err)
		var out bytes.Buffer
		cmd := exec.Cmd{
			Path: file, Args: append(append([]string{"\x03"}, c.paths...), "", "argv0", "", "two"), Env: []string{"VAR=value"},
			Stdout: &out, ExtraFiles: []*os.File{write},
		}
		require.NoError(t, cmd.Start())
		require.NoError(t, write.Close())
		var b [8]byte
		n, _ := read.Read(b[:])
		require.NoError(t, read.Close())
		err = cmd.Wait()
		var exit *exec.ExitError
		require.True(t, errors.As(err, &exit), c.paths)
		if c.errno == 0 {
			assert.Zero(t, n)
			assert.Equal(t, "2  two value\n", out.String())
			assert.Equal(t, 5, exit.ExitCode())
			continue
		}
		assert.Equal(t, 127, exit.ExitCode())
		require.Equal(t, 4, n, c.paths)
		assert.Equal(t, c.errno, syscall.Errno(binary.LittleEndian.Uint32(b[:])), c.paths)
	}
}
