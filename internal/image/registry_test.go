package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// A testRegistry is a real one in this process, with a place in front of it for
// whatever can go wrong.
type testRegistry struct {
	t      *testing.T
	host   string
	server *httptest.Server

	mu    sync.Mutex
	fault func(w http.ResponseWriter, r *http.Request, next http.Handler)
	log   []string
}

func newRegistry(t *testing.T) *testRegistry {
	r := startRegistry(t, httptest.NewUnstartedServer(nil))
	r.server.Start()
	r.host = strings.TrimPrefix(r.server.URL, "http://")
	return r
}

func startRegistry(t *testing.T, server *httptest.Server) *testRegistry {
	r := &testRegistry{t: t, server: server}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		fault := r.fault
		r.log = append(r.log, req.Method+" "+req.URL.Path)
		r.mu.Unlock()
		if fault != nil && (req.Method == http.MethodGet || req.Method == http.MethodHead) {
			fault(w, req, inner)
			return
		}
		inner.ServeHTTP(w, req)
	})
	t.Cleanup(server.Close)
	return r
}

func (r *testRegistry) breaks(fault func(w http.ResponseWriter, req *http.Request, next http.Handler)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = fault
}

// requests since the last call.
func (r *testRegistry) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.log
	r.log = nil
	return l
}

func (r *testRegistry) put(url, contentType string, body []byte) {
	r.t.Helper()
	method := http.MethodPut
	if strings.Contains(url, "/blobs/") {
		method = http.MethodPost
	}
	req, err := http.NewRequest(method, r.server.URL+"/v2/"+url, bytes.NewReader(body))
	require.NoError(r.t, err)
	req.Header.Set("Content-Type", contentType)
	resp, err := r.server.Client().Do(req)
	require.NoError(r.t, err)
	answer, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	require.Equal(r.t, 201, resp.StatusCode, "%s: %s", url, answer)
}

// A testImage is what is pushed; the zero value of each field is what is usual.
type testImage struct {
	layers   []testLayer
	platform Platform
	config   Config
	docker   bool // schema 2 media types
	diffIDs  []string
}

type testLayer struct {
	files       map[string]string
	compression compression
	blob        []byte // made from files, unless given
	diffID      string
}

func file(name, content string) testLayer {
	return testLayer{files: map[string]string{name: content}, compression: gzipped}
}

// noise does not compress, so that a layer is as large on the wire.
func noise(n int) string {
	b := make([]byte, n)
	src := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
	_, _ = src.Read(b)
	return string(b)
}

func (l *testLayer) build(t *testing.T) {
	if l.blob != nil {
		return
	}
	raw := tarOf(t, l.files)
	l.diffID = digestOf(raw)
	l.blob = compress(t, raw, l.compression)
}

func tarOf(t *testing.T, files map[string]string) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, content := range files {
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if strings.HasSuffix(name, "/") {
			h.Typeflag, h.Mode, h.Size = tar.TypeDir, 0o750, 0
		}
		require.NoError(t, w.WriteHeader(h))
		if h.Typeflag == tar.TypeReg {
			_, err := w.Write([]byte(content))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func compress(t *testing.T, raw []byte, c compression) []byte {
	var buf bytes.Buffer
	var w io.WriteCloser
	switch c {
	case plain:
		return raw
	case gzipped:
		w = gzip.NewWriter(&buf)
	case zstandard:
		z, err := zstd.NewWriter(&buf)
		require.NoError(t, err)
		w = z
	}
	_, err := w.Write(raw)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buf.Bytes()
}

// documents are the image's config and manifest.
func (i *testImage) documents(t *testing.T) (config, manifestData []byte, mediaType string) {
	cfg := map[string]any{
		"architecture": orElse(i.platform.Architecture, "amd64"), "os": orElse(i.platform.OS, "linux"),
		"variant": i.platform.Variant, "created": "2024-05-06T07:08:09Z", "config": i.config,
	}
	m := manifest{SchemaVersion: 2, MediaType: mediaOCIManifest, Config: descriptor{MediaType: mediaOCIConfig}}
	if i.docker {
		m.MediaType, m.Config.MediaType = mediaDockerManifest, mediaDockerConfig
	}
	ids := []string{}
	for n := range i.layers {
		l := &i.layers[n]
		l.build(t)
		ids = append(ids, l.diffID)
		d := descriptor{MediaType: l.compression.mediaType(), Digest: digestOf(l.blob), Size: int64(len(l.blob))}
		if i.docker {
			d.MediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip"
		}
		m.Layers = append(m.Layers, d)
	}
	if i.diffIDs != nil {
		ids = i.diffIDs
	}
	cfg["rootfs"] = map[string]any{"type": "layers", "diff_ids": ids}
	config, err := json.Marshal(cfg)
	require.NoError(t, err)
	m.Config.Digest, m.Config.Size = digestOf(config), int64(len(config))
	manifestData, err = json.Marshal(m)
	require.NoError(t, err)
	return config, manifestData, m.MediaType
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// push returns the manifest's digest.
func (r *testRegistry) push(name string, i *testImage) string {
	r.t.Helper()
	config, manifestData, mediaType := i.documents(r.t)
	repository, tag, _ := strings.Cut(name, ":")
	for _, l := range i.layers {
		r.put(repository+"/blobs/uploads/?digest="+digestOf(l.blob), "application/octet-stream", l.blob)
	}
	r.put(repository+"/blobs/uploads/?digest="+digestOf(config), "application/octet-stream", config)
	r.put(repository+"/manifests/"+digestOf(manifestData), mediaType, manifestData)
	if tag != "" {
		r.put(repository+"/manifests/"+tag, mediaType, manifestData)
	}
	return digestOf(manifestData)
}

// pushIndex makes a multi-platform image.
func (r *testRegistry) pushIndex(name, mediaType string, images ...*testImage) string {
	r.t.Helper()
	repository, tag, _ := strings.Cut(name, ":")
	entries := []any{map[string]any{ // an attestation, which is nobody's platform
		"mediaType": mediaOCIManifest, "digest": r.push(repository, &testImage{config: Config{User: "attestation"}}), "size": 1,
		"platform": map[string]string{"os": "unknown", "architecture": "unknown"}}}
	for _, i := range images {
		_, m, kind := i.documents(r.t)
		entries = append(entries, map[string]any{"mediaType": kind, "digest": r.push(repository, i), "size": len(m), "platform": i.platform})
	}
	data, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": mediaType, "manifests": entries})
	require.NoError(r.t, err)
	r.put(repository+"/manifests/"+tag, mediaType, data)
	return digestOf(data)
}

// newStore is one whose patience ends early.
func newStore(t *testing.T) *Store {
	testenv.Root(t)
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	s.patience = patience{attempts: 4, first: time.Millisecond, longest: 3 * time.Second, stall: 10 * time.Second}
	return s
}

func (s *Store) mustPull(t *testing.T, name string) *PullResult {
	t.Helper()
	r, err := s.Pull(context.Background(), name, PullOptions{})
	require.NoError(t, err)
	requireWhole(t, s)
	return r
}

// isBlob is true for layers: configs and manifests are left to go through.
func isBlob(r *http.Request, image *testImage) bool {
	for _, l := range image.layers {
		if strings.HasSuffix(r.URL.Path, "/blobs/"+digestOf(l.blob)) {
			return true
		}
	}
	return false
}

// record serves the request and returns the answer instead of sending it.
func recordAnswer(next http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	return rec
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
}
