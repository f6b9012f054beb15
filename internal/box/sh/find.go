package sh

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

func execCode(err error) int {
	if errors.Is(err, fs.ErrNotExist) {
		return 127
	}
	return 126
}

// find looks a program up in PATH; code is the exit status for the error, 126 or 127.
func (s *Shell) find(name string) (path string, code int, err error) {
	if strings.Contains(name, "/") {
		st, err := os.Stat(name)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return "", 127, errors.New("not found")
			}
			return "", 126, errors.New(errText(err))
		}
		if st.IsDir() {
			return "", 126, errors.New(errText(unix.EACCES))
		}
		return name, 0, nil
	}
	list, _ := s.get("PATH")
	denied := false
	for dir := range strings.SplitSeq(list, ":") {
		if dir == "" {
			dir = "."
		}
		p := dir + "/" + name
		st, err := os.Stat(p)
		if err != nil || st.IsDir() {
			continue
		}
		if unix.Access(p, unix.X_OK) == nil {
			return p, 0, nil
		}
		denied = true
	}
	if denied {
		return "", 126, errors.New(errText(unix.EACCES))
	}
	return "", 127, errors.New("not found")
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}
