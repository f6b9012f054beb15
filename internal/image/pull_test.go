package image

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPullMakesAnImage(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	image := &testImage{
		config: Config{Cmd: []string{"/bin/sh"}, Env: []string{"A=1"}, WorkingDir: "/w"},
		layers: []testLayer{
			{files: map[string]string{"one": "gzip"}, compression: gzipped},
			{files: map[string]string{"two": "zstd"}, compression: zstandard},
			{files: map[string]string{"three": noise(3 << 20)}, compression: gzipped},
			{files: map[string]string{"four": noise(2 << 20)}, compression: zstandard},
			{files: map[string]string{"five": "plain"}, compression: plain},
		},
	}
	digest := r.push("team/app:1", image)
	var mu sync.Mutex
	phases := map[string][]Phase{}
	result, err := s.Pull(context.Background(), r.host+"/team/app:1", PullOptions{Progress: func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		if p := phases[e.Layer]; len(p) == 0 || p[len(p)-1] != e.Phase {
			phases[e.Layer] = append(p, e.Phase)
		}
	}})
	require.NoError(t, err)
	requireWhole(t, s)
	assert.True(t, result.New)
	assert.Equal(t, digest, result.Digest)

	img, err := s.Find(r.host + "/team/app:1")
	require.NoError(t, err)
	assert.Equal(t, result.Image.ID, img.ID)
	assert.Equal(t, []string{"/bin/sh"}, img.Config.Cmd)
	assert.Equal(t, "/w", img.Config.WorkingDir)
	assert.Equal(t, 2024, img.Created.Year())
	assert.Equal(t, int64(len("gzipzstdplain"))+5<<20, img.Size)
	require.Len(t, img.Layers, 5)
	assert.FileExists(t, img.Layers[0]+"/five", "the topmost layer comes first")
	assert.FileExists(t, img.Layers[4]+"/one")
	got, err := os.ReadFile(img.Layers[2] + "/three")
	require.NoError(t, err)
	assert.True(t, string(got) == noise(3<<20))
	require.Len(t, phases, 5)
	for _, p := range phases {
		assert.Equal(t, Waiting, p[0])
		assert.Equal(t, PullComplete, p[len(p)-1])
	}
	for _, name := range []string{img.ID, ShortID(img.ID), ShortID(img.ID)[:3], r.host + "/team/app@" + digest} {
		same, err := s.Find(name)
		require.NoError(t, err, name)
		assert.Equal(t, img.ID, same.ID)
	}
}

func TestPullOfWhatIsThereIsOneRequest(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	digest := r.push("app:1", &testImage{layers: []testLayer{file("a", "1")}})
	s.mustPull(t, r.host+"/app:1")
	r.requests()

	result := s.mustPull(t, r.host+"/app:1")
	assert.False(t, result.New)
	assert.Equal(t, []string{"HEAD /v2/app/manifests/1"}, r.requests())

	s.mustPull(t, r.host+"/app@"+digest)
	assert.Empty(t, r.requests(), "content with a digest cannot have changed")

	_, err := s.Pull(context.Background(), r.host+"/app:1", PullOptions{Policy: PullMissing})
	require.NoError(t, err)
	_, err = s.Pull(context.Background(), r.host+"/app:2", PullOptions{Policy: PullNever})
	require.ErrorIs(t, err, ErrNotFound)
	assert.Empty(t, r.requests())

	old := result.Image.ID
	r.push("app:1", &testImage{layers: []testLayer{file("a", "1"), file("b", "2")}})
	r.requests()
	result = s.mustPull(t, r.host+"/app:1")
	assert.True(t, result.New)
	assert.NotEqual(t, old, result.Image.ID)
	assert.Len(t, r.requests(), 4, "HEAD, GET manifest, config, the new layer")
	images, err := s.List()
	require.NoError(t, err)
	assert.Len(t, images, 2, "what the name stood for is kept")
}

func TestPullMakesLostLayersAgain(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	r.push("app:1", &testImage{layers: []testLayer{file("a", "1")}})
	result := s.mustPull(t, r.host+"/app:1")
	require.NoError(t, os.RemoveAll(filepath.Dir(result.Image.Layers[0])))
	r.requests()
	again := s.mustPull(t, r.host+"/app:1")
	assert.FileExists(t, again.Image.Layers[0]+"/a")
	assert.Equal(t, []string{"HEAD /v2/app/manifests/1", "GET /v2/app/manifests/1"}, r.requests(), "config and layer were here as blobs")
}

func TestPlatforms(t *testing.T) {
	for _, list := range []string{mediaOCIIndex, mediaDockerList} {
		r, s := newRegistry(t), newStore(t)
		images := map[string]*testImage{}
		var all []*testImage
		for _, p := range []Platform{
			{OS: "linux", Architecture: "amd64"},
			{OS: "linux", Architecture: "arm64", Variant: "v8"},
			{OS: "linux", Architecture: "arm", Variant: "v6"},
			{OS: "linux", Architecture: "arm", Variant: "v7"},
			{OS: "windows", Architecture: "amd64"},
		} {
			i := &testImage{platform: p, docker: list == mediaDockerList, layers: []testLayer{file("platform", platformString(p))}}
			images[platformString(p)] = i
			all = append(all, i)
		}
		top := r.pushIndex("app:1", list, all...)
		for want, got := range map[string]string{
			"linux/amd64": "linux/amd64", "linux/arm64": "linux/arm64/v8", "arm64": "linux/arm64/v8", "aarch64": "linux/arm64/v8",
			"linux/arm/v7": "linux/arm/v7", "linux/arm": "linux/arm/v7", "linux/arm/v6": "linux/arm/v6", "linux/arm/v8": "linux/arm/v7",
			"windows/amd64": "windows/amd64",
		} {
			result, err := s.Pull(context.Background(), r.host+"/app:1", PullOptions{Platform: want})
			require.NoError(t, err, want)
			assert.Equal(t, top, result.Digest)
			content, err := os.ReadFile(result.Image.Layers[0] + "/platform")
			require.NoError(t, err)
			assert.Equal(t, got, string(content))
		}
		_, err := s.Pull(context.Background(), r.host+"/app:1", PullOptions{Platform: "linux/s390x"})
		require.ErrorIs(t, err, ErrPlatform)
		assert.ErrorContains(t, err, "no version for linux/s390x; it has linux/amd64, linux/arm/v6, linux/arm/v7, linux/arm64/v8, windows/amd64")
		_, err = s.Pull(context.Background(), r.host+"/app:1", PullOptions{Platform: "linux/arm/v5"})
		require.ErrorIs(t, err, ErrPlatform)
		_, err = s.Pull(context.Background(), r.host+"/app:1", PullOptions{Platform: "a/b/c/d"})
		require.ErrorContains(t, err, "platform")

		r.push("single:1", &testImage{platform: Platform{Architecture: "s390x"}})
		_, err = s.Pull(context.Background(), r.host+"/single:1", PullOptions{Platform: "linux/amd64"})
		require.ErrorIs(t, err, ErrPlatform)
		requireWhole(t, s)
	}
}

func TestPullRefusesWhatIsNoImage(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	r.put("chart/manifests/1", mediaOCIManifest, []byte(`{"schemaVersion":2,"mediaType":"`+mediaOCIManifest+`","config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"sha256:`+someHex+`","size":2},"layers":[]}`))
	r.put("old/manifests/1", "application/vnd.docker.distribution.manifest.v1+prettyjws", []byte(`{"schemaVersion":1,"name":"old","fsLayers":[]}`))
	bad := &testImage{layers: []testLayer{file("a", "1")}, diffIDs: []string{}}
	r.push("short:1", bad)
	for name, why := range map[string]string{"chart": "helm", "old": "schema 1", "short": "lists 0 layers, the manifest 1"} {
		_, err := s.Pull(context.Background(), r.host+"/"+name+":1", PullOptions{})
		require.ErrorIs(t, err, ErrNotImage, name)
		assert.ErrorContains(t, err, why)
	}
	_, err := s.Pull(context.Background(), r.host+"/none:1", PullOptions{})
	require.ErrorIs(t, err, ErrUnknown)
	requireEmpty(t, s)
}

func TestPullFromNowhere(t *testing.T) {
	s := newStore(t)
	server := httptest.NewServer(nil)
	host := strings.TrimPrefix(server.URL, "http://")
	server.Close()
	_, err := s.Pull(context.Background(), host+"/app", PullOptions{})
	require.ErrorIs(t, err, ErrUnreachable)
	assert.ErrorContains(t, err, "connection refused")
	assert.NotContains(t, err.Error(), "/v2/", "one sentence, not an address")
	requireEmpty(t, s)
}

// A registry with TLS on this machine is found out without being told.
func TestPullTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	r, s := startRegistry(t, server), newStore(t)
	server.StartTLS()
	r.host = strings.TrimPrefix(server.URL, "https://")
	r.push("app:1", &testImage{layers: []testLayer{file("a", "1")}})
	_, err := s.Pull(context.Background(), r.host+"/app:1", PullOptions{})
	require.ErrorIs(t, err, ErrUnreachable)
	assert.ErrorContains(t, err, "certificate")
	requireEmpty(t, s)

	_, err = s.Pull(context.Background(), r.host+"/app:1", PullOptions{Insecure: true})
	require.NoError(t, err)

	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	vouched := newStore(t)
	cmd := pullProcess(vouched, r.host+"/app:1")
	cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+ca)
	require.NoError(t, cmd.Run())
	requireWhole(t, vouched)
}

func TestPullWithLogin(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	r.push("app:1", &testImage{layers: []testLayer{file("a", "1")}})
	tokens := 0
	for _, bearer := range []bool{false, true} {
		r.breaks(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			user, password, _ := req.BasicAuth()
			known := user == "me" && password == "secret"
			switch {
			case bearer && req.URL.Path == "/token":
				if user != "" && !known {
					refuse(w, 401, "UNAUTHORIZED", "incorrect username or password")
					return
				}
				tokens++
				fmt.Fprintf(w, `{"token":"t-%v"}`, known)
			case bearer && req.Header.Get("Authorization") == "Bearer t-true", !bearer && known:
				next.ServeHTTP(w, req)
			case bearer:
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.host+`/token",service="x",scope="repository:app:pull"`)
				refuse(w, 401, "UNAUTHORIZED", "authentication required")
			default:
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				refuse(w, 401, "UNAUTHORIZED", "authentication required")
			}
		})
		for login, ok := range map[string]bool{"": false, "bWU6d3Jvbmc=": false, "bWU6c2VjcmV0": true} {
			dir := t.TempDir()
			t.Setenv("HOME", dir)
			t.Setenv("DOCKER_CONFIG", dir)
			if login != "" {
				require.NoError(t, os.WriteFile(dir+"/config.json", []byte(`{"auths":{"`+r.host+`":{"auth":"`+login+`"}}}`), 0o600))
			}
			_, err := s.Pull(context.Background(), r.host+"/app:1", PullOptions{})
			if ok {
				require.NoError(t, err)
				_, err = s.Remove(context.Background(), r.host+"/app:1", RemoveOptions{})
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrUnauthorized, login)
				assert.NotContains(t, err.Error(), "secret")
			}
		}
	}
	assert.NotZero(t, tokens)
	requireEmpty(t, s)
}
