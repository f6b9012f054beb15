package image

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func bigImage() *testImage {
	return &testImage{layers: []testLayer{
		{files: map[string]string{"big": noise(2 << 20)}, compression: gzipped},
		{files: map[string]string{"small": "x"}, compression: zstandard},
	}}
}

// tear sends the head of an answer whole, n bytes of its body, and drops the connection.
func tear(w http.ResponseWriter, r *http.Request, next http.Handler, n int) {
	answer := recordAnswer(next, r)
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()[:min(n, answer.Body.Len()-1)])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestTornDownloadIsResumed(t *testing.T) {
	for name, ranges := range map[string]func(*http.Request) bool{
		"with Range":    func(*http.Request) bool { return true },
		"without Range": func(r *http.Request) bool { r.Header.Del("Range"); return true },
		"416":           func(r *http.Request) bool { return r.Header.Get("Range") == "" },
	} {
		t.Run(name, func(t *testing.T) {
			r, s := newRegistry(t), newStore(t)
			image := bigImage()
			r.push("app:1", image)
			var torn, resumed atomic.Int32
			r.breaks(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
				if !strings.HasSuffix(req.URL.Path, digestOf(image.layers[0].blob)) {
					next.ServeHTTP(w, req)
					return
				}
				if req.Header.Get("Range") != "" {
					resumed.Add(1)
				}
				if !ranges(req) {
					refuse(w, 416, "UNSUPPORTED", "no ranges here")
					return
				}
				if n := torn.Add(1); n < 6 {
					tear(w, req, next, 300_000*int(n))
				}
				next.ServeHTTP(w, req)
			})
			result := s.mustPull(t, r.host+"/app:1")
			got, err := os.ReadFile(result.Image.Layers[1] + "/big")
			require.NoError(t, err)
			assert.True(t, noise(2<<20) == string(got))
			assert.NotZero(t, resumed.Load())
			assert.Empty(t, list(t, s, "partial"))
		})
	}
}

// What came before a pull gave up is the next one's beginning.
func TestNextPullGoesOn(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	image := bigImage()
	r.push("app:1", image)
	r.breaks(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if isBlob(req, image) {
			if req.Header.Get("Range") == "" {
				tear(w, req, next, 1<<20)
			}
			tear(w, req, next, 0)
		}
		next.ServeHTTP(w, req)
	})
	_, err := s.Pull(context.Background(), r.host+"/app:1", PullOptions{})
	require.ErrorIs(t, err, ErrUnreachable)
	assert.ErrorContains(t, err, "broke")
	requireWhole(t, s)
	images, err := s.List()
	require.NoError(t, err)
	assert.Empty(t, images)
	part := s.partial(digestOf(image.layers[0].blob))
	info, err := os.Stat(part)
	require.NoError(t, err)
	begun := info.Size() // the kernel may drop the last bytes of a connection that is reset
	require.Positive(t, begun)

	for _, spoil := range []bool{false, true} {
		name := fmt.Sprint("spoilt: ", spoil)
		if spoil {
			_, err := s.Remove(context.Background(), r.host+"/app:1", RemoveOptions{})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(part, []byte(noise(1<<20)), 0o644))
		}
		var from atomic.Value
		r.breaks(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			if isBlob(req, image) && strings.HasSuffix(req.URL.Path, digestOf(image.layers[0].blob)) {
				from.Store(req.Header.Get("Range"))
			}
			next.ServeHTTP(w, req)
		})
		s.mustPull(t, r.host+"/app:1")
		if spoil {
			assert.Equal(t, "", from.Load(), name)
		} else {
			assert.Contains(t, from.Load(), fmt.Sprintf("bytes=%d-", begun), name)
		}
		assert.NoFileExists(t, part)
	}
}

func TestWrongBytesAreRefused(t *testing.T) {
	change := func(n int) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			answer := recordAnswer(next, req)
			body := answer.Body.Bytes()
			body[(len(body)+n)%len(body)] ^= 1
			w.WriteHeader(answer.Code)
			_, _ = w.Write(body)
		}
	}
	for name, n := range map[string]int{"at the beginning": 0, "in the middle": 1 << 20, "at the end": -1} {
		for _, what := range []string{"layer", "config", "manifest"} {
			t.Run(what+" "+name, func(t *testing.T) {
				r, s := newRegistry(t), newStore(t)
				image := bigImage()
				digest := r.push("app:1", image)
				r.breaks(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
					layer := strings.HasSuffix(req.URL.Path, digestOf(image.layers[0].blob))
					config := strings.Contains(req.URL.Path, "/blobs/") && !isBlob(req, image)
					manifest := strings.Contains(req.URL.Path, "/manifests/")
					if what == "layer" && layer || what == "config" && config || what == "manifest" && manifest {
						change(n)(w, req, next)
						return
					}
					next.ServeHTTP(w, req)
				})
				_, err := s.Pull(context.Background(), r.host+"/app@"+digest, PullOptions{})
				require.ErrorIs(t, err, ErrDigest)
				images, err := s.List()
				require.NoError(t, err)
				assert.Empty(t, images)
				assert.NoFileExists(t, s.partial(digestOf(image.layers[0].blob)))
				requireWhole(t, s)
				r.breaks(nil)
				s.mustPull(t, r.host+"/app@"+digest)
			})
		}
	}
}

// The manifest's digests are all right, but its config promises other content.
func TestWrongDiffIDIsRefused(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	r.push("app:1", &testImage{layers: []testLayer{file("a", "1")}, diffIDs: []string{digestPrefix + someHex}})
	_, err := s.Pull(context.Background(), r.host+"/app:1", PullOptions{})
	require.ErrorIs(t, err, ErrDigest)
	assert.ErrorContains(t, err, "promises the diff id")
	assert.Empty(t, list(t, s, "layers"))
}

func TestRefusalsAreBorneAndThenTold(t *testing.T) {
	for _, c := range []struct {
		name       string
		status     int
		retryAfter string
		times      int32 // before it works; -1: never
		err        error
		says       string
	}{
		{"429 once", 429, "1", 1, nil, ""},
		{"429 for ever", 429, "", -1, ErrRateLimited, "too many requests (slow down)"},
		{"429 for an hour", 429, "3600", -1, ErrRateLimited, "asks to wait 1h0m0s"},
		{"500 twice", 500, "", 2, nil, ""},
		{"503 for ever", 503, "", -1, ErrRegistry, "503 Service Unavailable: slow down"},
		{"403", 403, "", -1, ErrUnauthorized, "slow down"},
		{"418", 418, "", -1, ErrRegistry, "418"},
	} {
		for _, where := range []string{"/manifests/", "/blobs/"} {
			t.Run(c.name+where, func(t *testing.T) {
				r, s := newRegistry(t), newStore(t)
				r.push("app:1", bigImage())
				var n atomic.Int32
				r.breaks(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
					if strings.Contains(req.URL.Path, where) && (c.times < 0 || n.Add(1) <= c.times) {
						if c.retryAfter != "" {
							w.Header().Set("Retry-After", c.retryAfter)
						}
						refuse(w, c.status, "TOOMANYREQUESTS", "slow down")
						return
					}
					next.ServeHTTP(w, req)
				})
				_, err := s.Pull(context.Background(), r.host+"/app:1", PullOptions{})
				requireWhole(t, s)
				if c.err == nil {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, c.err)
				assert.ErrorContains(t, err, c.says)
			})
		}
	}
}

// A connection that says nothing any more counts as torn.
func TestStalledDownloadIsResumed(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	s.patience.stall = time.Second // an emulated machine takes a third of it to answer
	image := bigImage()
	r.push("app:1", image)
	var n atomic.Int32
	r.breaks(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if isBlob(req, image) && n.Add(1) == 1 {
			answer := recordAnswer(next, req)
			w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
			_, _ = w.Write(answer.Body.Bytes()[:10])
			_ = http.NewResponseController(w).Flush()
			<-req.Context().Done()
			return
		}
		next.ServeHTTP(w, req)
	})
	s.mustPull(t, r.host+"/app:1")
}

func TestCancelledPull(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	image := bigImage()
	r.push("app:1", image)
	ctx, cancel := context.WithCancel(context.Background())
	r.breaks(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if isBlob(req, image) {
			cancel()
			<-req.Context().Done()
			return
		}
		next.ServeHTTP(w, req)
	})
	_, err := s.Pull(ctx, r.host+"/app:1", PullOptions{})
	require.ErrorIs(t, err, context.Canceled)
	requireWhole(t, s)
}
