package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// again starts this test once more, as a process of its own, in which what says which part of it is to run. What that
// process tells is returned by name.
func again(t *testing.T, what string, attr *syscall.SysProcAttr) map[string]string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "MINI_PART="+what)
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	saw := map[string]string{}
	for _, line := range strings.Split(string(out), "\n") {
		if name, value, ok := strings.Cut(line, "="); ok {
			saw[name] = value
		}
	}
	if saw["end"] != "reached" {
		t.Fatalf("your function does not return: %v, %s", err, strings.TrimSpace(string(out)))
	}
	return saw
}

// tell prints one thing for the test that started this process.
func tell(name string, value any) { fmt.Printf("%s=%v\n", name, value) }

// end ends this process.
func end() {
	tell("end", "reached")
	os.Exit(0)
}

// inode is the identity of a file, which does not depend on where one looks from.
func inode(path string) string {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return err.Error()
	}
	return fmt.Sprint(st.Dev, ":", st.Ino)
}
