// Package replace writes small files so that a reader sees the old content or the new, never a part; and, where a full disk has no room
// for both, over the old one.
package replace

import (
	"bytes"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// File writes a file beside path and gives it that name: rename(2). A file that is left by a writer who was killed, path with ".new"
// behind it, is written over by the next.
func File(path string, data []byte) error {
	temp := path + ".new"
	err := os.WriteFile(temp, data, 0o640)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// JSON writes JSON into the blocks that the file has already, in one write: for a disk that is full, where File cannot. What is
// left of a longer old text becomes blanks. The error is ENOSPC where the blocks do not suffice.
func JSON(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if int64(len(data)) > st.Blocks*512 {
		return unix.ENOSPC
	}
	if more := int(st.Size) - len(data); more > 0 {
		data = append(slices.Clip(data), bytes.Repeat([]byte(" "), more)...)
	}
	_, err = f.WriteAt(data, 0)
	return err
}
