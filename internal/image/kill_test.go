package image

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manyLayers is an image whose layers differ in size and compression.
func manyLayers() *testImage {
	i := &testImage{config: Config{Cmd: []string{"x"}}}
	for n := range 12 {
		files := map[string]string{"n": string(rune('a' + n)), "noise": noise(1000 + n*n*20000)}
		for k := range 40 {
			files["dir/"+string(rune('a'+k%26))+noiseName(n, k)] = "content"
		}
		i.layers = append(i.layers, testLayer{files: files, compression: compression(n % 3)})
	}
	return i
}

func noiseName(n, k int) string {
	return string([]byte{byte('a' + n), byte('a' + k/26), byte('a' + k%26)})
}

func pullProcess(s *Store, name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LAB_TEST_PULL="+name, "LAB_TEST_STORE="+s.root)
	cmd.Stderr = os.Stderr
	return cmd
}

// A pull that is killed at any moment leaves a store that works, and the next
// process's pull completes it and cleans up.
func TestKilledPull(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	image := manyLayers()
	r.push("app:1", image)
	r.push("other:1", &testImage{layers: []testLayer{file("other", "1")}})
	s.mustPull(t, r.host+"/other:1")

	start := time.Now()
	clean := newStore(t)
	require.NoError(t, pullProcess(clean, r.host+"/app:1").Run())
	whole := time.Since(start)
	completed := 0
	for round := range 40 {
		cmd := pullProcess(s, r.host+"/app:1")
		cmd.Stderr = nil
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(rand.Int64N(int64(whole) * 5 / 4)))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()

		img, err := s.Find(r.host + "/other:1")
		require.NoError(t, err)
		require.FileExists(t, img.Layers[0]+"/other")
		if img, err = s.Find(r.host + "/app:1"); err == nil {
			completed++
			for _, dir := range img.Layers {
				require.DirExists(t, dir)
			}
		}
		if round%8 == 7 { // from the beginning again, through what was left
			s.mustPull(t, r.host+"/app:1")
			assert.Empty(t, list(t, s, "partial"))
			_, err := s.Remove(context.Background(), r.host+"/app:1", RemoveOptions{})
			require.NoError(t, err)
		}
	}
	t.Logf("a whole pull takes %v; %d of 40 were killed after their end", whole, completed)
	result := s.mustPull(t, r.host+"/app:1")
	for n, dir := range result.Image.Layers {
		got, err := os.ReadFile(dir + "/noise")
		require.NoError(t, err)
		k := len(result.Image.Layers) - 1 - n
		require.True(t, noise(1000+k*k*20000) == string(got))
	}
	_, err := s.Remove(context.Background(), r.host+"/app:1", RemoveOptions{})
	require.NoError(t, err)
	_, err = s.Remove(context.Background(), r.host+"/other:1", RemoveOptions{})
	require.NoError(t, err)
	requireEmpty(t, s)
}

// Eight pulls of one image, half of them in processes of their own: all succeed,
// and each layer is downloaded once.
func TestPullsAtOnce(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	image := manyLayers()
	r.push("app:1", image)
	var mu sync.Mutex
	downloads := map[string]int{}
	r.breaks(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if isBlob(req, image) {
			mu.Lock()
			downloads[req.URL.Path]++
			mu.Unlock()
		}
		next.ServeHTTP(w, req)
	})
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			if n%2 == 0 {
				assert.NoError(t, pullProcess(s, r.host+"/app:1").Run())
				return
			}
			_, err := s.Pull(context.Background(), r.host+"/app:1", PullOptions{})
			assert.NoError(t, err)
		})
	}
	all.Wait()
	requireWhole(t, s)
	require.Len(t, downloads, len(image.layers))
	for path, n := range downloads {
		assert.Equal(t, 1, n, path)
	}
}

// Pulls and removals of images that share layers, in each other's way: a pull that
// says it is done has all its layers.
func TestPullAgainstRemove(t *testing.T) {
	r, s := newRegistry(t), newStore(t)
	shared := []testLayer{file("base", noise(200_000)), file("second", noise(100_000))}
	for n := range 4 {
		r.push("app:"+string(rune('0'+n)), &testImage{layers: append(append([]testLayer{}, shared...), file("own", string(rune('0'+n))))})
	}
	end := time.Now().Add(2 * time.Second)
	var all sync.WaitGroup
	for n := range 4 {
		name := r.host + "/app:" + string(rune('0'+n))
		all.Go(func() {
			for time.Now().Before(end) {
				result, err := s.Pull(context.Background(), name, PullOptions{})
				if !assert.NoError(t, err) {
					return
				}
				for _, dir := range result.Image.Layers {
					assert.DirExists(t, dir)
				}
				_, err = s.Remove(context.Background(), name, RemoveOptions{})
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	requireEmpty(t, s)
}
