package testenv

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
)

// Name returns a name that no other test process has and that is new with every call, such as
// lab-test-4711-3: for control groups, and for whatever else the whole machine shares. [Main]
// finds the control groups that were left behind by it, at any depth.
func Name() string { return fmt.Sprintf("%s-%d", tag(), names.Add(1)) }

var names atomic.Int64

// tag is the part of every Name that says which run it belongs to. A test that starts the test
// binary again, for what cannot be undone, still belongs to the same run.
func tag() string {
	if run := os.Getenv(runVariable); run != "" {
		return "lab-test-" + run
	}
	return fmt.Sprintf("lab-test-%d", os.Getpid())
}

// tagged reports whether an element of the path is a name of the run with this tag: the tag
// itself, or the tag and what follows a "-". So lab-test-47 does not claim lab-test-471.
func tagged(path, tag string) bool {
	for element := range strings.SplitSeq(path, "/") {
		if rest, ok := strings.CutPrefix(element, tag); ok && (rest == "" || rest[0] == '-' || rest[0] == '.') {
			return true
		}
	}
	return false
}
