package image

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Documents of a registry are hostile until shown otherwise: what is let through has
// digests that can be file names.
func FuzzDocuments(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"config":{"mediaType":"` + mediaOCIConfig + `","digest":"` + digestPrefix + someHex + `","size":1},"layers":[{"digest":"` + digestPrefix + someHex + `"}]}`))
	f.Add([]byte(`{"manifests":[{"digest":"` + digestPrefix + someHex + `","platform":{"os":"linux","architecture":"arm","variant":"v"}}]}`))
	f.Add([]byte(`{"rootfs":{"diff_ids":["` + digestPrefix + someHex + `"]},"created":"x"}`))
	f.Add([]byte(`{"fsLayers":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = manifestType(data, "")
		if m, err := parseManifest(data); err == nil {
			assert.True(t, validDigest(m.Config.Digest))
			for _, l := range m.Layers {
				assert.True(t, validDigest(l.Digest) && l.Size >= 0)
			}
		}
		for _, want := range []Platform{{OS: "linux", Architecture: "amd64"}, {OS: "linux", Architecture: "arm"}} {
			if d, err := choosePlatform(data, "x", want); err == nil {
				assert.True(t, validDigest(d.Digest))
			}
		}
		if _, ids, err := parseConfig(data, 1); err == nil {
			assert.True(t, validDigest(ids[0]))
		}
		if rec, err := decodeRecord(data); err == nil {
			assert.LessOrEqual(t, rec.Bottom, len(rec.DiffIDs))
		}
	})
}

func TestPlatformRank(t *testing.T) {
	arm := func(v string) Platform { return Platform{OS: "linux", Architecture: "arm", Variant: v} }
	assert.Greater(t, platformRank(arm("v7"), arm("v7")), platformRank(arm("v6"), arm("v7")))
	assert.Greater(t, platformRank(arm("v6"), arm("v7")), platformRank(arm("v5"), arm("v7")))
	assert.Negative(t, platformRank(arm("v8"), arm("v7")))
	amd := func(v string) Platform { return Platform{OS: "linux", Architecture: "amd64", Variant: v} }
	assert.Equal(t, exactPlatform, platformRank(amd("v1"), amd("")))
	assert.Negative(t, platformRank(amd("v3"), amd("")), "needs more than every machine has")
	assert.GreaterOrEqual(t, platformRank(amd(""), amd("v3")), 0)
}
