package course

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// What lab 100 says to the mistakes that people make in it.
func TestGoMistakes(t *testing.T) {
	testenv.Root(t)
	testenv.Have(t, "go")
	catalog, err := NewCatalog(nil, "../../labs")
	require.NoError(t, err)
	l, err := catalog.Load("100-chroot-in-go", "")
	require.NoError(t, err)
	work := t.TempDir()
	require.NoError(t, os.MkdirAll(work+"/rootfs/proc", 0o755))
	require.NoError(t, os.WriteFile(work+"/rootfs/welcome", nil, 0o644))
	copyOf := func(part string) {
		files, _ := filepath.Glob("../../labs/100-chroot-in-go/" + part + "/*.go")
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(work, filepath.Base(file)), text, 0o644))
		}
	}
	v := &View{Lab: l, Work: work, Home: LookHome(), Program: "/bin/lab"}
	for _, c := range []struct{ task, file, old, new, want string }{
		{"chroot", "chroot.go", `syscall.Chroot(root)`, `syscall.Chroot(rot)`, "it does not compile: chroot.go:13:27: undefined: rot; the task wants it to."},
		{"chroot", "chroot.go", `os.Chdir("/")`, `os.Chdir(".")`, `after changeRoot the process can walk out: from where it stands, ".." leads to the host's root; the task wants it to stand in the new one. chroot(2) leaves the current directory where it is.`},
		{"chroot", "chroot.go", `syscall.Chroot(root)`, `syscall.Chroot(root + "/gone")`, `changeRoot returns the error "chroot to $work/rootfs: no such file or directory"; the task wants none. As root, chroot(2) fails only where there is no such directory.`},
		{"chroot", "chroot.go", `if err := syscall.Chroot(root); err != nil {`, `panic("oh"); if err := syscall.Chroot(root); err != nil {`, "your function does not return: exit status 2, "},
		{"chroot", "chroot.go", `	"os"`, `	"os"; "net"`, `it does not compile: chroot.go:5:8: "net" imported and not used; the task wants it to.`},
		{"pivot", "pivot.go", `syscall.MS_REC|syscall.MS_PRIVATE`, `syscall.MS_REC|syscall.MS_SHARED`, "what pivotRoot mounts appears in the host's mount namespace too; the task wants the host untouched. Make / private, with all that is below it, before the first mount."},
		{"pivot", "pivot.go", `syscall.MS_BIND|syscall.MS_REC`, `syscall.MS_REMOUNT`, `pivotRoot returns the error "bind $work/rootfs onto itself: invalid argument"; the task wants none. EINVAL: the new root must be a mount point, and the mounts must not be shared.`},
		{"pivot", "pivot.go", `syscall.Unmount(".", syscall.MNT_DETACH)`, `syscall.Chdir("/")`, "mounts in the namespace, the host's among them; the task wants the new root alone. The old one must be unmounted, with MNT_DETACH."},
		{"pivot", "pivot.go", ``, ``, ""},
	} {
		copyOf("solution")
		path := filepath.Join(work, c.file)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(text), c.old)
		require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), c.old, c.new, 1)), 0o644))
		task, _ := l.Task(c.task)
		f := v.Ask(t.Context(), task.Check)
		if c.want == "" {
			assert.True(t, f.OK, f)
			continue
		}
		assert.Contains(t, strings.ReplaceAll(f.String(), work, "$work"), c.want, c.new)
	}
	// The check has left the machine alone.
	mounts, err := mountsOf(nil)
	require.NoError(t, err)
	for _, m := range mounts {
		assert.False(t, strings.HasPrefix(m.at, work), m.at)
	}
}

func TestGoFinding(t *testing.T) {
	for _, c := range []struct{ output, want string }{
		{"# learner\n./a.go:3:2: undefined: x\n./a.go:4:2: undefined: y\nFAIL\tlearner [build failed]\n", "it does not compile: a.go:3:2: undefined: x; the task wants it to."},
		{"--- FAIL: TestA (0.00s)\n    a_test.go:12: one is two; the task wants three.\nFAIL\n", "one is two; the task wants three."},
		{"panic: oh\n\ngoroutine 1 [running]:\n", "the program stops with a panic: oh; the task wants it to run through."},
		{"something else\n", `go test fails: "something else".`},
	} {
		assert.Equal(t, c.want, goFinding(c.output, "x").String())
	}
}
