package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestPivotRoot calls pivotRoot in a mount namespace whose mounts are shared with the one around it, as on most machines.
// The one around it is not the host's, but a copy: a mistake costs nothing.
func TestPivotRoot(t *testing.T) {
	switch os.Getenv("MINI_PART") {
	case "":
		judge(t, again(t, "around", &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}))
	case "around":
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile("/proc/self/mountinfo")
		saw := again(t, "call", &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS})
		after, _ := os.ReadFile("/proc/self/mountinfo")
		for name, value := range saw {
			tell(name, value)
		}
		tell("leaked", string(before) != string(after))
		end()
	case "call":
		if err := pivotRoot(os.Getenv("work") + "/rootfs"); err != nil {
			tell("error", err)
		}
		tell("right", inode("/welcome") != "no such file or directory")
		text, err := os.ReadFile("/proc/self/mountinfo")
		own := 0
		if err != nil { // the new root has no /proc yet
			own = 1
			if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
				t.Fatal(err)
			}
			text, _ = os.ReadFile("/proc/self/mountinfo")
		}
		tell("mounts", strings.Count(string(text), "\n")-own)
		cwd, _ := os.Getwd()
		tell("cwd", cwd)
		end()
	}
}

func judge(t *testing.T, saw map[string]string) {
	t.Helper()
	switch {
	case saw["leaked"] == "true":
		t.Fatalf("what pivotRoot mounts appears in the host's mount namespace too; the task wants the host untouched. Make / private, with all that is below it, before the first mount.")
	case strings.Contains(saw["error"], "invalid argument"):
		t.Fatalf("pivotRoot returns the error %q; the task wants none. EINVAL: the new root must be a mount point, and the mounts must not be shared.", saw["error"])
	case strings.Contains(saw["error"], "busy"):
		t.Fatalf("pivotRoot returns the error %q; the task wants none. EBUSY: what is to be the new root is on the mount that is the root already; bind it onto itself, and go there.", saw["error"])
	case saw["error"] != "":
		t.Fatalf("pivotRoot returns the error %q; the task wants none.", saw["error"])
	case saw["right"] != "true":
		t.Fatalf("after pivotRoot the directory / is not rootfs: there is no /welcome in it; the task wants rootfs.")
	case saw["mounts"] != "1":
		t.Fatalf("after pivotRoot there are %s mounts in the namespace, the host's among them; the task wants the new root alone. The old one must be unmounted, with MNT_DETACH.", saw["mounts"])
	case saw["cwd"] != "/":
		t.Fatalf("after pivotRoot the process stands in %q; the task wants it in /.", saw["cwd"])
	}
}
