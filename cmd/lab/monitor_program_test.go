package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
)

// TestMonitorThatCannotBeExecuted puts something beside lab that is called lab-monitor and is no program: lab plays the monitor itself.
func TestMonitorThatCannotBeExecuted(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	root, bin := t.TempDir(), t.TempDir()
	prepare(t, root)
	lab, small := filepath.Join(bin, "lab"), filepath.Join(bin, "lab-monitor")
	data, err := os.ReadFile(testenv.Lab(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(lab, data, 0o755))
	noexec := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", noexec, "tmpfs", unix.MS_NOEXEC, "size=64k"))
	t.Cleanup(func() { require.NoError(t, unix.Unmount(noexec, 0)) })
	require.NoError(t, os.WriteFile(noexec+"/program", []byte("#!/bin/true\n"), 0o755))
	do := func(args ...string) string {
		out, err := exec.Command(lab, append([]string{"--root", root}, args...)...).CombinedOutput()
		require.NoError(t, err, "%v: %s", args, out)
		return string(out)
	}
	for name, place := range map[string]func() error{
		"not there":        func() error { return nil },
		"mode 000":         func() error { return os.WriteFile(small, []byte("#!/bin/true\n"), 0) },
		"not executable":   func() error { return os.WriteFile(small, []byte("#!/bin/true\n"), 0o644) },
		"directory":        func() error { return os.Mkdir(small, 0o755) },
		"garbage":          func() error { return os.WriteFile(small, []byte("\x00\x01garbage"), 0o755) },
		"empty":            func() error { return os.WriteFile(small, nil, 0o755) },
		"first bytes only": func() error { return os.WriteFile(small, data[:100], 0o755) },
		"no interpreter":   func() error { return os.WriteFile(small, []byte("#!/nosuch\n"), 0o755) },
		"no exec there":    func() error { return os.Symlink(noexec+"/program", small) },
		"loop":             func() error { return os.Symlink("lab-monitor", small) },
		"socket":           func() error { return unix.Mknod(small, unix.S_IFSOCK|0o755, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, place())
			t.Cleanup(func() { _ = os.RemoveAll(small) })
			do("run", "-d", "--name", "stays", "box", "sh", "-c", "echo line; sleep 1000")
			require.Regexp(t, `Up .*stays`, do("ps"))
			require.Equal(t, "line\n", do("run", "--name", "short", "box", "echo", "line"), "attached, and to its end")
			do("run", "-d", "--name", "twice", "--restart", "on-failure:1", "box", "sh", "-c", "echo again; exit 3")
			require.Eventually(t, func() bool { return strings.Count(do("logs", "twice"), "again") == 2 }, 20*time.Second, 20*time.Millisecond)
			require.Equal(t, "line\n", do("logs", "stays"))
			do("rm", "-f", "stays", "short", "twice")
			assertClean(t, root, name)
		})
	}
}
