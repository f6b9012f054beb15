package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

type member struct {
	name, link string
	data       []byte
}

func archiveOf(t *testing.T, members ...member) []byte {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.data)), Typeflag: tar.TypeReg}
		if m.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, m.link
		}
		require.NoError(t, w.WriteHeader(h))
		_, err := w.Write(m.data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

// dockerArchive is what docker save made for ten years: layers as plain tars in
// directories, the table of contents last.
func dockerArchive(t *testing.T, i *testImage, tags ...string) []byte {
	config, _, _ := i.documents(t)
	var members []member
	var layers []string
	for n, l := range i.layers {
		dir := string(rune('a' + n))
		raw := tarOf(t, l.files)
		i.layers[n].diffID = digestOf(raw)
		members = append(members, member{name: dir + "/VERSION", data: []byte("1.0")}, member{name: dir + "/layer.tar", data: raw})
		layers = append(layers, dir+"/layer.tar")
	}
	if len(i.layers) > 1 && digestOf(i.layers[0].blob) == digestOf(i.layers[len(i.layers)-1].blob) {
		last := &members[len(members)-1]
		last.data, last.link = nil, "../a/layer.tar"
	}
	index, err := json.Marshal([]any{map[string]any{"Config": hexOf(digestOf(config)) + ".json", "RepoTags": tags, "Layers": layers}})
	require.NoError(t, err)
	members = append(members, member{name: hexOf(digestOf(config)) + ".json", data: config},
		member{name: "repositories", data: []byte("{}")}, member{name: "manifest.json", data: index})
	return archiveOf(t, members...)
}

func layoutArchive(t *testing.T, i *testImage, annotations map[string]string) []byte {
	config, m, kind := i.documents(t)
	index, err := json.Marshal(index{SchemaVersion: 2, Manifests: []descriptor{{MediaType: kind, Digest: digestOf(m), Size: int64(len(m)), Annotations: annotations}}})
	require.NoError(t, err)
	members := []member{{name: "oci-layout", data: []byte(`{"imageLayoutVersion":"1.0.0"}`)}, {name: "index.json", data: index}}
	for _, data := range [][]byte{config, m} {
		members = append(members, member{name: blobsDir + hexOf(digestOf(data)), data: data})
	}
	for _, l := range i.layers {
		members = append(members, member{name: "./" + blobsDir + hexOf(digestOf(l.blob)), data: l.blob})
	}
	return archiveOf(t, members...)
}

func twoLayers() *testImage {
	return &testImage{config: Config{Cmd: []string{"/a"}}, layers: []testLayer{
		{files: map[string]string{"a": noise(100_000)}, compression: gzipped}, {files: map[string]string{"b": "2"}, compression: zstandard}}}
}

func TestLoad(t *testing.T) {
	for _, c := range []compression{plain, gzipped, zstandard} {
		s, image := newStore(t), twoLayers()
		images, err := s.Load(context.Background(), onlyReader{bytes.NewReader(compress(t, dockerArchive(t, image, "a:1", "example.com/b:2"), c))}, LoadOptions{})
		require.NoError(t, err)
		requireWhole(t, s)
		require.Len(t, images, 1)
		assert.Equal(t, []string{"docker.io/library/a:1", "example.com/b:2"}, images[0].Names)
		assert.FileExists(t, images[0].Layers[0]+"/b")
		assert.Equal(t, []string{"/a"}, images[0].Config.Cmd)

		config, m, _ := image.documents(t)
		images, err = s.Load(context.Background(), onlyReader{bytes.NewReader(compress(t, layoutArchive(t, image, map[string]string{annotationRefName: "latest"}), c))}, LoadOptions{})
		require.NoError(t, err)
		requireWhole(t, s)
		assert.Empty(t, images[0].Names, "a tag alone is no name")
		assert.Equal(t, digestOf(config), images[0].ID)
		assert.Equal(t, digestOf(m), images[0].Digest)

		images, err = s.Load(context.Background(), bytes.NewReader(layoutArchive(t, image, map[string]string{annotationName: "docker.io/x/y:3"})), LoadOptions{})
		require.NoError(t, err)
		assert.Equal(t, []string{"docker.io/x/y:3"}, images[0].Names)
		images, err = s.Load(context.Background(), bytes.NewReader(layoutArchive(t, image, nil)), LoadOptions{Name: "mine"})
		require.NoError(t, err)
		assert.Equal(t, []string{"docker.io/library/mine:latest"}, images[0].Names)
		all, err := s.List()
		require.NoError(t, err)
		require.Len(t, all, 1, "all the same image")
		assert.Len(t, all[0].Names, 4)
		_, err = s.Remove(context.Background(), images[0].ID, RemoveOptions{Force: true})
		require.NoError(t, err)
		requireEmpty(t, s)
	}
}

// A layer that comes twice in an image is one directory, and once in the overlay.
func TestLoadRepeatedLayer(t *testing.T) {
	s := newStore(t)
	image := &testImage{layers: []testLayer{file("a", "1"), file("b", "2"), file("a", "1")}}
	images, err := s.Load(context.Background(), bytes.NewReader(dockerArchive(t, image, "a:1")), LoadOptions{})
	require.NoError(t, err)
	requireWhole(t, s)
	assert.Len(t, images[0].DiffIDs, 3)
	require.Len(t, images[0].Layers, 2)
	assert.FileExists(t, images[0].Layers[0]+"/a")
}

func TestLoadRefuses(t *testing.T) {
	s, image := newStore(t), twoLayers()
	layout := layoutArchive(t, image, nil)
	wrong := bytes.Clone(layout)
	at := bytes.Index(wrong, image.layers[0].blob)
	wrong[at+len(image.layers[0].blob)/2] ^= 1
	for name, c := range map[string]struct {
		data []byte
		err  error
	}{
		"nothing":           {nil, ErrNotImage},
		"text":              {[]byte("hello, world"), ErrNotImage},
		"a file system":     {tarOf(t, map[string]string{"etc/passwd": "root"}), ErrNotImage},
		"cut short":         {layout[:len(layout)/2], ErrNotImage},
		"wrong bytes":       {wrong, ErrDigest},
		"wrong diff id":     {layoutArchive(t, &testImage{layers: []testLayer{file("a", "1")}, diffIDs: []string{digestPrefix + someHex}}, nil), ErrDigest},
		"no layers":         {archiveOf(t, member{name: "manifest.json", data: []byte(`[{"Config":"c","Layers":["l"]}]`)}, member{name: "c", data: []byte(`{"rootfs":{"diff_ids":["` + digestPrefix + someHex + `"]}}`)}), ErrNotImage},
		"a hostile name":    {archiveOf(t, member{name: "manifest.json", data: []byte(`[{"Config":"../../../etc/hostname","Layers":[]}]`)}), ErrNotImage},
		"a circle of links": {archiveOf(t, member{name: "manifest.json", data: []byte(`[{"Config":"c","Layers":["l"]}]`)}, member{name: "l", link: "l"}, member{name: "c", data: []byte(`{"rootfs":{"diff_ids":["` + digestPrefix + someHex + `"]}}`)}), ErrNotImage},
		"xz":                {[]byte("\xfd7zXZ\x00 and so on"), ErrNotImage},
	} {
		_, err := s.Load(context.Background(), bytes.NewReader(c.data), LoadOptions{})
		require.ErrorIs(t, err, c.err, name)
		requireEmpty(t, s)
	}
}

func TestLoadWhatSkopeoMakes(t *testing.T) {
	skopeo := testenv.Have(t, "skopeo")
	r, s := newRegistry(t), newStore(t)
	image := twoLayers()
	image.layers[1].compression = gzipped // docker's format knows no other
	r.push("app:1", image)
	config, _, _ := image.documents(t)
	for kind, name := range map[string]string{"docker-archive": ":example.com/app:2", "oci-archive": ":example.com/app:2"} {
		file := t.TempDir() + "/archive.tar"
		out, err := exec.Command(skopeo, "copy", "-q", "--src-tls-verify=false", "docker://"+r.host+"/app:1", kind+":"+file+name).CombinedOutput()
		require.NoError(t, err, string(out))
		f, err := os.Open(file)
		require.NoError(t, err)
		defer f.Close()
		images, err := s.Load(context.Background(), f, LoadOptions{})
		require.NoError(t, err, kind)
		require.Len(t, images, 1)
		assert.Equal(t, []string{"example.com/app:2"}, images[0].Names, kind)
		got, err := s.ConfigFile(images[0])
		require.NoError(t, err)
		assert.Equal(t, []string{"/a"}, got.Config.Cmd)
		if kind == "oci-archive" {
			assert.Equal(t, digestOf(config), images[0].ID)
		}
		assert.FileExists(t, images[0].Layers[0]+"/b")
		requireWhole(t, s)
	}
}

func TestImport(t *testing.T) {
	s := newStore(t)
	root := tarOf(t, map[string]string{"etc/": "", "etc/hostname": "imported"})
	img, err := s.Import(context.Background(), "mine:1", bytes.NewReader(compress(t, root, gzipped)), ImportOptions{
		Message: "by hand",
		Changes: []string{`CMD ["/bin/sh", "-l"]`, "ENV A=1 B=\"two words\"", "EXPOSE 80 53/udp", "WORKDIR /srv", "USER 1000:1000"},
	})
	require.NoError(t, err)
	requireWhole(t, s)
	found, err := s.Find("mine:1")
	require.NoError(t, err)
	assert.Equal(t, img.ID, found.ID)
	assert.Equal(t, []string{"/bin/sh", "-l"}, found.Config.Cmd)
	assert.Equal(t, []string{"A=1", "B=two words"}, found.Config.Env)
	assert.Contains(t, found.Config.ExposedPorts, "53/udp")
	got, err := os.ReadFile(found.Layers[0] + "/etc/hostname")
	require.NoError(t, err)
	assert.Equal(t, "imported", string(got))

	_, err = s.Import(context.Background(), "mine:2", bytes.NewReader(root), ImportOptions{Changes: []string{"FROM x"}})
	require.ErrorIs(t, err, ErrChange)
	_, err = s.Import(context.Background(), "mine:2", bytes.NewReader([]byte("not a tar at all, sorry; "+noise(2000))), ImportOptions{})
	require.Error(t, err)
	requireWhole(t, s)
}

// Add on top of another image is what commit does.
func TestAdd(t *testing.T) {
	s := newStore(t)
	base, err := s.Import(context.Background(), "base", bytes.NewReader(tarOf(t, map[string]string{"dir/": "", "dir/a": "1"})), ImportOptions{})
	require.NoError(t, err)
	cfg, err := s.ConfigFile(base)
	require.NoError(t, err)
	cfg.Config.Entrypoint = []string{"/a"}
	top := tarOf(t, map[string]string{"dir/b": "2"})
	img, err := s.Add(context.Background(), "top", *cfg, []LayerSource{
		{DiffID: base.DiffIDs[0]},
		{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(top)), nil }},
	})
	require.NoError(t, err)
	requireWhole(t, s)
	assert.Equal(t, []string{base.DiffIDs[0], digestOf(top)}, img.DiffIDs)
	assert.Equal(t, base.Layers[0], img.Layers[1])
	info, err := os.Stat(img.Layers[0] + "/dir")
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o750), info.Mode().Perm(), "a directory that the layer does not describe looks as below")

	again, err := s.Add(context.Background(), "", *cfg, []LayerSource{{DiffID: base.DiffIDs[0]}})
	require.NoError(t, err)
	assert.Empty(t, again.Names)
	_, err = s.Add(context.Background(), "x", *cfg, []LayerSource{{DiffID: digestPrefix + someHex}})
	require.Error(t, err)
	requireWhole(t, s)
}

type onlyReader struct{ io.Reader }
