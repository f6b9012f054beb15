package image

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const someHex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestParseReference(t *testing.T) {
	for in, want := range map[string]string{
		"busybox":                                 "docker.io/library/busybox:latest",
		"busybox:1.36":                            "docker.io/library/busybox:1.36",
		"docker.io/busybox":                       "docker.io/library/busybox:latest",
		"index.docker.io/library/busybox":         "docker.io/library/busybox:latest",
		"team/app":                                "docker.io/team/app:latest",
		"localhost/app":                           "localhost/app:latest",
		"localhost:5000/app":                      "localhost:5000/app:latest",
		"127.0.0.1:5000/a/b/c:t_1.-x":             "127.0.0.1:5000/a/b/c:t_1.-x",
		"[::1]:5000/app":                          "[::1]:5000/app:latest",
		"ghcr.io/x/y@sha256:" + someHex:           "ghcr.io/x/y@sha256:" + someHex,
		"busybox:1@sha256:" + someHex:             "docker.io/library/busybox@sha256:" + someHex,
		"a__b/c-----d/e.f":                        "docker.io/a__b/c-----d/e.f:latest",
		"Registry/app":                            "Registry/app:latest",
		"host:1/x:2":                              "host:1/x:2",
		"x:" + strings.Repeat("t", 128):           "docker.io/library/x:" + strings.Repeat("t", 128),
		"example.com/" + strings.Repeat("r", 255): "example.com/" + strings.Repeat("r", 255) + ":latest",
	} {
		ref, err := ParseReference(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, ref.String(), in)
		again, err := ParseReference(ref.String())
		require.NoError(t, err, in)
		assert.Equal(t, want, again.String(), "the canonical form stands for itself")
		familiar, err := ParseReference(ref.Familiar())
		require.NoError(t, err, in)
		assert.Equal(t, want, familiar.String(), "the familiar form means the same")
	}
}

func TestParseReferenceSaysWhatIsWrong(t *testing.T) {
	for in, why := range map[string]string{
		"":                                     "empty",
		"Busybox":                              "repository name (Busybox) must be lowercase",
		"team/App":                             "must be lowercase",
		"bu sy":                                `cannot contain ' '`,
		"-x":                                   "begin or end",
		"x-":                                   "begin or end",
		"a..b":                                 `cannot contain ".."`,
		"a___b":                                `cannot contain "___"`,
		"a.-b":                                 `cannot contain ".-"`,
		"a//b":                                 "empty component",
		"a/":                                   "empty component",
		"/a":                                   "empty component",
		"x:":                                   "tag",
		"x:.t":                                 "tag",
		"x:" + strings.Repeat("t", 129):        "tag",
		"x@sha256:12":                          "digest",
		"x@md5:" + someHex:                     "digest",
		"x@sha256:" + strings.ToUpper(someHex): "digest",
		someHex:                                "image id",
		"ho st.x/a":                            "registry",
		"a.b:port/x":                           "registry",
		"a..b/x":                               "registry",
		"../../etc/passwd":                     "registry",
		"[::1/x":                               "registry",
		strings.Repeat("r", 256):               "255",
	} {
		_, err := ParseReference(in)
		require.ErrorIs(t, err, ErrReference, in)
		assert.Contains(t, err.Error(), "invalid reference format: ", in)
		assert.Contains(t, err.Error(), why, in)
	}
}

// What is accepted here means the same to the registry library, and makes file
// names that stay in their directory.
func FuzzParseReference(f *testing.F) {
	for _, s := range []string{"busybox", "localhost:5000/a:b", "a/b@sha256:" + someHex, "[::1]:1/x", "A/b", "x:1@sha256:" + someHex, "a.b/c__d/e--f:T"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := ParseReference(s)
		if err != nil {
			assert.ErrorIs(t, err, ErrReference)
			return
		}
		again, err := ParseReference(ref.String())
		require.NoError(t, err)
		assert.Equal(t, ref.String(), again.String())
		file := refFile(ref.String())
		assert.NotContains(t, file, "/")
		assert.False(t, strings.HasPrefix(file, "."))
		assert.LessOrEqual(t, len(file), 255)
		if !strings.ContainsAny(ref.Registry, ".:") && ref.Registry != "localhost" {
			return // Docker takes "Host/name" for a registry, the library does not
		}
		theirs, err := name.ParseReference(ref.String(), name.WeakValidation)
		require.NoError(t, err)
		assert.Equal(t, strings.Replace(ref.String(), "docker.io/", "index.docker.io/", 1), theirs.Name())
	})
}
