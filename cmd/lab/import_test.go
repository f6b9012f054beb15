package main_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// TestImportFromURL: a tar from a web server, one that is cut short, and one that is not there.
func TestImportFromURL(t *testing.T) {
	testenv.Root(t)
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "hello", Typeflag: tar.TypeReg, Mode: 0o644, Size: 5}))
	_, err := w.Write([]byte("hello"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/whole.tar":
			_, _ = out.Write(b.Bytes())
		case "/torn.tar":
			out.Header().Set("Content-Length", fmt.Sprint(b.Len()))
			_, _ = out.Write(b.Bytes()[:b.Len()/2])
		default:
			http.NotFound(out, r)
		}
	}))
	defer server.Close()
	lab := func(args ...string) (string, error) {
		out, err := exec.Command(testenv.Lab(t), append([]string{"--root", filepath.Join(t.TempDir(), "lab")}, args...)...).CombinedOutput()
		return string(out), err
	}
	out, err := lab("import", "-m", "from afar", server.URL+"/whole.tar", "afar:1")
	require.NoError(t, err, out)
	assert.Regexp(t, `^sha256:[0-9a-f]{64}\n$`, out)
	out, err = lab("import", server.URL+"/torn.tar", "afar:2")
	assert.Error(t, err, out)
	assert.Contains(t, out, "unexpected EOF")
	out, err = lab("import", server.URL+"/none.tar", "afar:3")
	assert.Error(t, err)
	assert.Contains(t, out, "404 Not Found")
}
