package unionfs

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseMountinfo(t *testing.T) {
	const text = `97 74 0:50 / /tmp/m\040m rw,relatime - overlay overlay rw,lowerdir=a\134:b\134\054c:l2,upperdir=u\134\054p,workdir=w\040k
98 74 0:51 / /ro ro,relatime shared:7 - overlay none ro,lowerdir+=/x\054y,lowerdir+=/z,userxattr
99 74 0:52 / /proc rw - proc proc rw
`
	assert.Equal(t, []Overlay{
		{Target: "/tmp/m m", Lower: []string{"a:b,c", "l2"}, Upper: "u,p", Work: "w k"},
		{Target: "/ro", Lower: []string{"/x,y", "/z"}, ReadOnly: true, UserXattr: true},
	}, parseMountinfo(text))
}

func TestParseOptionsIsTheInverse(t *testing.T) {
	for _, o := range []Overlay{
		{Lower: []string{"/l"}, Upper: "/u", Work: "/w"},
		{Lower: []string{`/a:b,c\d`, "/l"}, Upper: `/u,:\`, Work: "/w", Volatile: true},
		{Lower: []string{"/1", "/2"}, UserXattr: true},
	} {
		assert.Equal(t, o, ParseOptions(o.Options()))
		assert.Empty(t, Unknown(o.Options()))
	}
	assert.Equal(t, []string{"xino=on", "nfs_export"}, Unknown("lowerdir=/a,xino=on,nfs_export"))
}

func FuzzParseOptions(f *testing.F) {
	f.Add(`lowerdir=a\:b\,c:l2,upperdir=u\,p,workdir=w k`)
	f.Add(`lowerdir=::x\`)
	f.Fuzz(func(t *testing.T, text string) {
		o := ParseOptions(text)
		Unknown(text)
		parseMountinfo("1 2 0:1 / /m rw - overlay overlay " + text + "\n")
		again := ParseOptions(o.Options())
		if len(o.Lower) > 0 && o.Upper != "" && !o.ReadOnly {
			assert.Equal(t, o.Lower, again.Lower)
			assert.Equal(t, o.Upper, again.Upper)
		}
	})
}
