package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// A container's directory is an OCI bundle: with the layers mounted at rootfs, another engine runs it.
func TestBundleRunsInRunc(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	runc := testenv.Have(t, "runc")
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	lab := func(args ...string) string {
		out, err := exec.Command(binary, append([]string{"--root", root}, args...)...).CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	script := "hostname; id -u; grep -c . /proc/self/mountinfo; grep CapEff /proc/self/status; grep Seccomp: /proc/self/status"
	byLab := lab("run", "--name", "bundle", "--hostname", "same", "box", "sh", "-c", script)
	var about []struct{ Bundle string }
	require.NoError(t, json.Unmarshal([]byte(lab("inspect", "bundle")), &about))
	layer, err := filepath.Glob(filepath.Join(root, "layers", "*", "diff"))
	require.NoError(t, err)
	require.Len(t, layer, 1)

	bundle := about[0].Bundle
	rootfs := filepath.Join(bundle, "rootfs")
	require.NoError(t, os.Mkdir(rootfs, 0o755))
	command(t, "mount", "-t", "overlay", "overlay", "-o",
		"lowerdir="+layer[0]+",upperdir="+bundle+"/upper,workdir="+bundle+"/work", rootfs)
	defer command(t, "umount", rootfs)
	var byRunc []byte
	for range 3 { // runc 1.1 looks at its process after starting it, and on a busy machine that may have ended
		byRunc, err = exec.Command(runc, "--root", t.TempDir(), "run", "--bundle", bundle, testenv.Name()).CombinedOutput()
		if err == nil || !strings.Contains(string(byRunc), "already dead") {
			break
		}
	}
	require.NoError(t, err, string(byRunc))
	ours, theirs := strings.Split(byLab, "\n"), strings.Split(string(byRunc), "\n")
	require.Len(t, theirs, len(ours), string(byRunc))
	for _, i := range []int{0, 1, 3, 4} { // all but the number of mounts: runc gives it no /etc/hosts, and more of cgroup v1
		assert.Equal(t, ours[i], theirs[i])
	}
}
