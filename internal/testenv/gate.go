package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// Required reports whether LAB_REQUIRE_ROOT=1 turns a gate that does not open into a failure.
func Required() bool { return os.Getenv("LAB_REQUIRE_ROOT") == "1" }

// Root lets a test go on only as root of the machine (uid 0), which most of what the kernel is
// asked for here needs: CAP_SYS_ADMIN, see capabilities(7).
func Root(t testing.TB) {
	t.Helper()
	if uid := os.Getuid(); uid != 0 {
		missing(t, fmt.Sprintf("this test needs root, and runs as uid %d; make test runs it as root", uid))
	}
}

// Feature lets a test go on if err, the answer to a probe of the feature called name, is nil.
// An error that means "this kernel does not have it" (ENOSYS and its kin) closes the gate; any
// other error is the test's own failure.
func Feature(t testing.TB, name string, err error) {
	t.Helper()
	switch {
	case err == nil:
	case absent(err):
		missing(t, fmt.Sprintf("this machine has no %s: %v", name, err))
	default:
		t.Fatalf("probe %s: %v", name, err)
	}
}

// absent reports whether err is one of the kernel's ways to say that it does not know a call, a
// device, a file system or a protocol.
func absent(err error) bool {
	for _, e := range []error{
		errors.ErrUnsupported, // ENOSYS, ENOTSUP, EOPNOTSUPP
		unix.ENODEV, unix.EPROTONOSUPPORT, unix.EAFNOSUPPORT, unix.ENOPROTOOPT, unix.ESOCKTNOSUPPORT,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Have returns the path of a program, or skips the test where it is not installed. A program is
// a courtesy of the distribution and never required; .ci/run installs those it can.
func Have(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		skip(t, fmt.Sprintf("%s is not installed", program))
	}
	return path
}

// missing ends a test that cannot run here: a failure where LAB_REQUIRE_ROOT=1 promised that it
// could, else a skip.
func missing(t testing.TB, sentence string) {
	t.Helper()
	if Required() {
		t.Fatalf("%s (LAB_REQUIRE_ROOT=1 makes this an error)", sentence)
		return
	}
	skip(t, sentence)
}

// skip skips the test, and tells the sentence to the file that LAB_TEST_SKIPS names: go test
// hides the skips of a package that passed, and make test shows them.
func skip(t testing.TB, sentence string) {
	t.Helper()
	if path := os.Getenv("LAB_TEST_SKIPS"); path != "" {
		// One write of one line with O_APPEND is whole, whoever else writes; see write(2).
		if f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0); err == nil {
			fmt.Fprintf(f, "%s: %s\n", t.Name(), sentence)
			f.Close()
		}
	}
	t.Skip(sentence)
}

// Linux lets a test of what came with a version of Linux go on there and later. A sound machine may have an older
// kernel, so it is never required. Ask for the thing itself with [Feature] where its answer is clear.
func Linux(t testing.TB, major, minor int, what string) {
	t.Helper()
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatalf("ask for the version of the kernel: %v", err)
	}
	release := unix.ByteSliceToString(name.Release[:])
	if older(release, major, minor) {
		skip(t, fmt.Sprintf("%s came with Linux %d.%d, this is %s", what, major, minor, release))
	}
}

// older reports whether a release, such as 6.1.0-25-amd64, comes before major.minor.
func older(release string, major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(release, "%d.%d", &a, &b); n != 2 {
		return false
	}
	return a < major || a == major && b < minor
}
