package main

import (
	"os"
	"testing"
)

// TestChangeRoot calls changeRoot in a process of its own, which then looks where it is.
func TestChangeRoot(t *testing.T) {
	root := os.Getenv("work") + "/rootfs"
	if os.Getenv("MINI_PART") != "" {
		host := inode("/")
		if err := changeRoot(root); err != nil {
			tell("error", err)
		}
		tell("changed", inode("/") != host)
		tell("right", inode("/welcome") != "no such file or directory")
		for range 50 {
			_ = os.Chdir("..")
		}
		tell("out", inode(".") != inode("/"))
		end()
	}
	saw := again(t, "call", nil)
	switch {
	case saw["error"] != "":
		t.Fatalf("changeRoot returns the error %q; the task wants none. As root, chroot(2) fails only where there is no such directory.", saw["error"])
	case saw["changed"] != "true":
		t.Fatalf("after changeRoot the directory / is still the host's; the task wants rootfs. Is syscall.Chroot called?")
	case saw["right"] != "true":
		t.Fatalf("after changeRoot the directory / is another one, but not rootfs: there is no /welcome in it; the task wants rootfs.")
	case saw["out"] == "true":
		t.Fatalf("after changeRoot the process can walk out: from where it stands, \"..\" leads to the host's root; the task wants it to stand in the new one. chroot(2) leaves the current directory where it is.")
	}
}
