package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Lab returns the path of the real program, for tests of what a user sees. It is the one that
// LAB_BINARY names, which make test has just built; else go build makes it, once for each test
// process, in a directory that [Main] removes.
//
// Main also sets LAB_CGROUP_PARENT, so that the control groups of containers which this program
// makes carry the name of the run.
func Lab(t testing.TB) string {
	t.Helper()
	path, err := labBinary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var labBinary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("LAB_BINARY"); path != "" {
		// Looking at it also tells go test that a cached result ends with this file.
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("find the program that LAB_BINARY names: %w", err)
		}
		return filepath.Abs(path)
	}
	dir := os.Getenv(dirVariable)
	if dir == "" {
		return "", fmt.Errorf("testenv.Lab needs a TestMain that calls testenv.Main")
	}
	path := filepath.Join(dir, "lab")
	build := exec.Command("go", "build", "-trimpath", "-tags", "urfave_cli_no_docs", "-o", path, "github.com/container-labs/lab/cmd/lab")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build lab: %w\n%s", err, out)
	}
	return path, nil
})
