package image

import (
	"bytes"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// overwrite writes JSON into the blocks that the file has already, in one write: on a full disk an image must still
// be removable. What is left of a longer old text becomes blanks.
func overwrite(path string, data []byte) error {
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
