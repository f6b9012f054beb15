package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// small mounts a file system of so many bytes.
func small(t *testing.T, size string) string {
	t.Helper()
	testenv.Root(t)
	dir := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size))
	t.Cleanup(func() { assert.NoError(t, unix.Unmount(dir, 0)) })
	return dir
}

func TestFullDisk(t *testing.T) {
	disk := small(t, "256k")
	dir := disk + "/log"
	w, err := Open(dir, 0, 0)
	require.NoError(t, err)
	pipe := newPipe(t)
	line := bytes.Repeat([]byte("x"), 999)
	line = append(line, '\n')
	for range 1000 { // never blocks
		pipe.through(t, w, Stdout, line)
	}
	kept := size(t, dir, "000001", "stdout")
	marks := marksOf(t, dir, "000001")
	last := marks[len(marks)-1]
	assert.Equal(t, kept, last.Size[Stdout])
	assert.Positive(t, last.Lost)
	assert.GreaterOrEqual(t, 2*last.Lost, 1_000_000-kept, "noted when it has doubled")
	assert.Less(t, len(marks), 300)

	// Room again: the log goes on, and says what is missing.
	require.NoError(t, unix.Mount("tmpfs", disk, "tmpfs", unix.MS_REMOUNT, "size=512k"))
	pipe.through(t, w, Stdout, line)
	pipe.through(t, w, Stderr, []byte("more"))
	w.Close()
	marks = marksOf(t, dir, "000001")
	last = marks[len(marks)-1]
	assert.Equal(t, int64(1_000_000)-kept, last.Lost)
	assert.Equal(t, kept+1000, last.Size[Stdout])
	assert.EqualValues(t, 4, last.Size[Stderr])
}

func TestFullDiskFromTheBeginning(t *testing.T) {
	disk := small(t, "64k")
	fill := filepath.Join(disk, "fill")
	f, err := os.Create(fill)
	require.NoError(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	require.NoError(t, f.Close())
	w, err := Open(disk+"/log", 0, 0)
	require.NoError(t, err)
	pipe := newPipe(t)
	pipe.through(t, w, Stdout, []byte("lost\n"))
	require.NoError(t, os.Remove(fill))
	w.Close()
	marks := marksOf(t, disk+"/log", "000001")
	assert.Len(t, marks, 1)
	assert.EqualValues(t, 5, marks[0].Lost)
}

// A rotated log on a full disk gives up its oldest parts, and keeps what is printed now.
func TestFullDiskRotates(t *testing.T) {
	for _, files := range []int{1, 2, 3} {
		disk := small(t, "256k")
		dir := disk + "/log"
		w, err := Open(dir, 50_000, files)
		require.NoError(t, err)
		pipe := newPipe(t)
		line := append(bytes.Repeat([]byte("x"), 9_999), '\n')
		for range 100 {
			pipe.through(t, w, Stdout, line)
		}
		pipe.through(t, w, Stdout, []byte("the last\n"))
		w.Close()
		assert.LessOrEqual(t, len(partsOf(t, dir)), files)
		assert.True(t, bytes.HasSuffix(whole(t, dir, "stdout"), []byte("the last\n")))
		assert.Zero(t, w.lost)
	}
}

// Disks that have room for fewer parts than asked.
func TestFullDiskTooManyParts(t *testing.T) {
	disk := small(t, "256k")
	dir := disk + "/log"
	w, err := Open(dir, 50_000, 100)
	require.NoError(t, err)
	pipe := newPipe(t)
	line := append(bytes.Repeat([]byte("x"), 9_999), '\n')
	for range 100 {
		pipe.through(t, w, Stdout, line)
	}
	w.Close()
	var lost int64
	for _, part := range partsOf(t, dir) {
		marks := marksOf(t, dir, part)
		lost += marks[len(marks)-1].Lost
	}
	assert.EqualValues(t, 1_000_000, lost+int64(len(whole(t, dir, "stdout"))))
}
