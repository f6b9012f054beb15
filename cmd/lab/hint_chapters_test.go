package main

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/unionfs"
)

// What a person is told next, for the errors of the first four chapters.
func TestChapterHints(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{advise(errors.New("x"), "do %s", "this"), "do this"},
		{fmt.Errorf("chroot: %w", inRoot("/nosuch", fs.ErrNotExist)), "lab unionfs copy box /nosuch"},
		{inRoot("/", &kernel.Error{Op: kernel.Execve("/x", []string{"x"}, nil), Errno: unix.ENOENT}), "inside the new root"},
		{&cgroup.InternalProcesses{File: "/x", Err: unix.EBUSY}, "LAB_CGROUP_PARENT"},
		{fmt.Errorf("freeze group x: %w", cgroup.ErrInside), "a shell that is not"},
		{fmt.Errorf("kill group x: %w", cgroup.ErrStillThere), "hang in the kernel"},
		{fmt.Errorf("mount overlay: %w", unionfs.ErrNested), "tmpfs"},
		{&kernel.Error{Op: kernel.Unshare(unix.CLONE_NEWNET), Errno: unix.ENOSPC}, "max_*_namespaces"},
		{&kernel.Error{Op: kernel.Umount("/x", 0), Errno: unix.EBUSY}, "fuser"},
		{notMounted(fmt.Errorf("find: %w", unionfs.ErrNotMounted)), "lab unionfs ls"},
	} {
		assert.Contains(t, hint(c.err), c.want, c.err.Error())
	}
}

func TestDeviceRules(t *testing.T) {
	for text, want := range map[string]cgroup.DeviceRule{
		"deny a":         {Type: 'a', Major: cgroup.Any, Minor: cgroup.Any, Access: "rwm"},
		"deny c 1:11 rw": {Type: 'c', Major: 1, Minor: 11, Access: "rw"},
		"allow b 8:* r":  {Allow: true, Type: 'b', Major: 8, Minor: cgroup.Any, Access: "r"},
		"allow c *:*":    {Allow: true, Type: 'c', Major: cgroup.Any, Minor: cgroup.Any, Access: "rwm"},
	} {
		got, ok := deviceRule(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "deny", "forbid a", "deny ab", "deny c 1", "deny c x:y", "deny c -1:2", "deny c 1:2 r w"} {
		_, ok := deviceRule(text)
		assert.False(t, ok, text)
	}
}

func TestGroupNames(t *testing.T) {
	t.Setenv("LAB_CGROUP_PARENT", "")
	for _, name := range []string{"demo", "a/b-1.2_c"} {
		path, err := ownGroup(name)
		assert.NoError(t, err)
		assert.Equal(t, "lab/"+name, path)
		assert.Equal(t, name, shownAs(path))
	}
	for _, name := range []string{"", "..", "a/../b", "/a", "a/", "-a", "a b", "a\nb", fmt.Sprintf("%064x", 1), fmt.Sprintf("%064x/a", 1), fmt.Sprintf("%070d", 1)} {
		_, err := ownGroup(name)
		assert.Error(t, err, name)
	}
}
