package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Overlay lets a test go on if it may mount an overlay file system: root, and an overlay in the
// kernel. It mounts one to find out, where nobody sees it.
func Overlay(t testing.TB) {
	t.Helper()
	Root(t)
	if err := probeOverlay(); err != nil {
		missing(t, fmt.Sprintf("this machine cannot mount an overlay: %v", err))
	}
}

var probeOverlay = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "lab-test-overlay-")
	if err != nil {
		return err
	}
	defer os.Remove(dir)
	answer := make(chan error)
	go func() {
		// Never unlocked: this thread is in a mount namespace of its own, and ends with this
		// function, and the namespace and its mounts with it.
		runtime.LockOSThread()
		answer <- mountOverlay(dir)
	}()
	return <-answer
})

func mountOverlay(dir string) error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare the mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make / private: %w", err)
	}
	// On a tmpfs, for an overlay on the overlay of a surrounding container is refused.
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount tmpfs: %w", err)
	}
	for _, d := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", dir)
	if err := unix.Mount("overlay", filepath.Join(dir, "merged"), "overlay", 0, options); err != nil {
		return fmt.Errorf("mount overlay: %w", err)
	}
	return nil
}

// UserNamespaces lets a test go on if it may make a user namespace and mount inside it. Some
// distributions grant the namespace and then refuse its capabilities, so the probe does both.
func UserNamespaces(t testing.TB) {
	t.Helper()
	if err := probeUser(); err != nil {
		missing(t, fmt.Sprintf("this machine gives uid %d no user namespace: %v", os.Getuid(), err))
	}
}

var probeUser = sync.OnceValue(func() error {
	program, err := exec.LookPath("true")
	if err != nil {
		return err
	}
	cmd := exec.Command(program)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   unix.CLONE_NEWUSER,
		UidMappings:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings:  []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Unshareflags: unix.CLONE_NEWNS, // makes "/" private too, which is a mount(2)
	}
	return cmd.Run()
})

// CgroupV1 returns the mount point of the version 1 hierarchy that has the controller, or skips:
// a machine with version 2 alone is a sound machine. See cgroups(7).
func CgroupV1(t testing.TB, controller string) string {
	t.Helper()
	Root(t)
	for _, h := range hierarchies() {
		if h.version == 1 && h.has(controller) {
			writable(t, h)
			return h.path
		}
	}
	skip(t, fmt.Sprintf("no version 1 cgroup hierarchy with the %s controller is mounted here", controller))
	return ""
}

// CgroupV2 returns the mount point of the version 2 hierarchy, or skips: on a hybrid machine the
// controllers asked for may sit in version 1, and on an old one all of them do.
func CgroupV2(t testing.TB, controllers ...string) string {
	t.Helper()
	Root(t)
	for _, h := range hierarchies() {
		if h.version != 2 {
			continue
		}
		for _, c := range controllers {
			if !h.has(c) {
				skip(t, fmt.Sprintf("the version 2 cgroup hierarchy at %s has no %s controller", h.path, c))
			}
		}
		writable(t, h)
		return h.path
	}
	skip(t, "no version 2 cgroup hierarchy is mounted here")
	return ""
}

// writable makes a control group and removes it.
func writable(t testing.TB, h hierarchy) {
	t.Helper()
	dir := filepath.Join(h.path, Name())
	err := os.Mkdir(dir, 0o755)
	if err == nil {
		err = os.Remove(dir)
	}
	if errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		missing(t, fmt.Sprintf("no control group may be made here: %v", err))
	}
	if err != nil {
		t.Fatalf("make and remove a control group: %v", err)
	}
}
