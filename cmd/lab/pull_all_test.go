package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// Ctrl-C ends `lab pull -a` as a whole, and not only the tag that is being fetched.
func TestInterruptEndsPullOfAllTags(t *testing.T) {
	testenv.Root(t)
	asked := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v2/":
		case strings.HasSuffix(r.URL.Path, "/tags/list"):
			fmt.Fprint(out, `{"name":"x","tags":["one","two","three"]}`)
		default:
			asked <- r.URL.Path
			<-r.Context().Done() // until lab hangs up
		}
	}))
	defer server.Close()
	var said logged
	pull := exec.Command(testenv.Lab(t), "--root", t.TempDir(), "pull", "-a", strings.TrimPrefix(server.URL, "http://")+"/x")
	pull.Stderr = &said
	require.NoError(t, pull.Start())
	ended := make(chan error, 1)
	go func() { ended <- pull.Wait() }()
	select {
	case path := <-asked:
		assert.Contains(t, path, "/manifests/one")
	case <-time.After(20 * time.Second):
		t.Error("no manifest was asked for")
	}
	require.NoError(t, pull.Process.Signal(os.Interrupt))
	select {
	case err := <-ended:
		assert.Error(t, err)
	case <-time.After(20 * time.Second):
		_ = pull.Process.Kill()
		<-ended
		t.Error("it goes on")
	}
	assert.Empty(t, asked, string(said))
}
