package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// execStatus is the exit status for a program that could not be started: 127 when it is not there, 126 when it cannot be
// executed; known is false for all other errors.
func execStatus(err error) (code int, known bool) {
	var op *kernel.Error
	if !errors.As(err, &op) || op.Op.Call != "execve" {
		return 0, false
	}
	switch op.Errno {
	case unix.ENOENT, unix.ENOTDIR:
		return 127, true
	case 0:
		return 0, false
	}
	return 126, true
}

// execSentence says it as Docker does.
func execSentence(err error) error {
	var op *kernel.Error
	if code, known := execStatus(err); !known || !errors.As(err, &op) {
		return err
	} else if name := op.Op.Args[1].Strings()[0]; code == 127 && !hasSlash(name) {
		return &sentence{fmt.Sprintf("exec: %q: executable file not found in $PATH", name), err}
	} else {
		return &sentence{fmt.Sprintf("exec: %q: %v", name, op.Errno), err}
	}
}

// sentence is an error with other words for people.
type sentence struct {
	text string
	err  error
}

func (s *sentence) Error() string { return s.text }
func (s *sentence) Unwrap() error { return s.err }

func hasSlash(s string) bool {
	for _, c := range s {
		if c == '/' {
			return true
		}
	}
	return false
}
