package image

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// The registry that most people run, pushed to by a tool that most people have.
func TestPullFromDockerRegistry(t *testing.T) {
	registry, skopeo := testenv.Have(t, "docker-registry"), testenv.Have(t, "skopeo")
	s := newStore(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/config.yml", fmt.Appendf(nil,
		"version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", dir, host), 0o600))
	cmd := exec.Command(registry, "serve", dir+"/config.yml")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	require.Eventually(t, func() bool {
		resp, err := http.Get("http://" + host + "/v2/")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)

	image := twoLayers()
	image.layers[1].compression = gzipped
	archive := dir + "/archive.tar"
	require.NoError(t, os.WriteFile(archive, layoutArchive(t, image, nil), 0o600))
	for tag, format := range map[string]string{"oci": "oci", "docker": "v2s2"} {
		out, err := exec.Command(skopeo, "copy", "-q", "--dest-tls-verify=false", "--format", format,
			"oci-archive:"+archive, "docker://"+host+"/app:"+tag).CombinedOutput()
		require.NoError(t, err, string(out))
		result := s.mustPull(t, host+"/app:"+tag)
		assert.FileExists(t, result.Image.Layers[0]+"/b")
		assert.False(t, s.mustPull(t, host+"/app:"+tag).New)
	}
	_, err = s.Pull(context.Background(), host+"/none", PullOptions{})
	require.ErrorIs(t, err, ErrUnknown)
	assert.EqualError(t, err, "pull "+host+"/none:latest: get manifest: manifest unknown: registry "+host+" does not have it")
}
