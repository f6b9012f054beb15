package main_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// TestRealRegistry is the whole way with other people's programs: an image of Debian's busybox, made by umoci, pushed by skopeo to
// Debian's docker-registry, run by lab, which pulls it.
func TestRealRegistry(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	busybox, skopeo, umoci := testenv.Have(t, "busybox"), testenv.Have(t, "skopeo"), testenv.Have(t, "umoci")
	address := registry(t)
	dir := t.TempDir()
	layout := filepath.Join(dir, "oci")
	command(t, umoci, "init", "--layout", layout)
	command(t, umoci, "new", "--image", layout+":bb")
	command(t, umoci, "insert", "--image", layout+":bb", busybox, "/bin/busybox")
	command(t, umoci, "config", "--image", layout+":bb", "--config.cmd", "/bin/busybox", "--config.cmd", "uname")
	name := address + "/busybox:latest"
	command(t, skopeo, "copy", "-q", "--dest-tls-verify=false", "oci:"+layout+":bb", "docker://"+name)

	root := filepath.Join(dir, "lab")
	run := exec.Command(testenv.Lab(t), "--root", root, "run", "--rm", name)
	var pulled logged
	run.Stderr = &pulled
	out, err := run.Output()
	require.NoError(t, err, string(pulled))
	assert.Equal(t, "Linux\n", string(out))
	assert.Contains(t, string(pulled), "Unable to find image '"+name+"' locally")
	assert.Contains(t, string(pulled), "Pull complete")
	assert.Contains(t, string(pulled), "Digest: sha256:")

	again, err := exec.Command(testenv.Lab(t), "--root", root, "run", "--rm", name, "/bin/busybox", "hostname").CombinedOutput()
	require.NoError(t, err)
	assert.Len(t, string(again), 13, "from the store, without a word")

	// pull -a: every tag, by the list that the registry gives
	for _, tag := range []string{"1", "1.0"} {
		command(t, skopeo, "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://"+name, "docker://"+address+"/busybox:"+tag)
	}
	all, err := exec.Command(testenv.Lab(t), "--root", root, "pull", "-aq", address+"/busybox").Output()
	require.NoError(t, err)
	assert.Equal(t, address+"/busybox\n", string(all))
	list, err := exec.Command(testenv.Lab(t), "--root", root, "images", "--format", "{{.Tag}}", address+"/busybox").Output()
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"latest", "1", "1.0"}, strings.Fields(string(list)))
	refused, err := exec.Command(testenv.Lab(t), "--root", root, "pull", "-a", name).CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(refused), "tag can't be used with --all-tags/-a")

	missing, err := exec.Command(testenv.Lab(t), "--root", root, "run", "--rm", address+"/nothing", "x").CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(missing), "manifest unknown")
}

type logged []byte

func (l *logged) Write(b []byte) (int, error) { *l = append(*l, b...); return len(b), nil }

// registry starts Debian's docker-registry on a free port of the test's own loopback interface.
func registry(t *testing.T) string {
	t.Helper()
	program := testenv.Have(t, "docker-registry")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	config := filepath.Join(t.TempDir(), "registry.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", t.TempDir(), address)
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	cmd := exec.Command(program, "serve", config)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	require.Eventually(t, func() bool {
		resp, err := http.Get("http://" + address + "/v2/")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, 20*time.Second, 50*time.Millisecond)
	http.DefaultClient.CloseIdleConnections()
	return address
}

func command(t *testing.T, program string, args ...string) {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", program, args, out)
}
