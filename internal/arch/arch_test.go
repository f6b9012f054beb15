package arch

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/container-labs/lab"
	root   = "../.." // go test runs in the package's own directory
)

// imports is what one package imports; our own packages by their place.
type imports struct{ code, tests []string }

func TestClosed(t *testing.T) {
	for place, p := range packages(t) {
		for _, rule := range closed {
			if !within(place, rule.place) {
				continue
			}
			may := append([]string{rule.place}, rule.may...)
			for _, i := range p.code {
				assert.True(t, !ours(i) || withinAny(i, may), "%s imports %s: %s", place, i, rule.why)
			}
			may = append(may, "internal/testenv")
			for _, i := range p.tests {
				assert.True(t, !ours(i) || withinAny(i, may), "a test of %s imports %s: %s", place, i, rule.why)
			}
		}
	}
}

func TestNever(t *testing.T) {
	for place, p := range packages(t) {
		for _, rule := range never {
			for _, i := range p.code {
				assert.False(t, within(place, rule.place) && withinAny(i, rule.not), "%s imports %s: %s", place, i, rule.why)
			}
		}
	}
}

func TestOnly(t *testing.T) {
	for place, p := range packages(t) {
		for _, rule := range only {
			for _, i := range p.code {
				assert.True(t, !withinAny(i, rule.what) || withinAny(place, rule.by), "%s imports %s: %s", place, i, rule.why)
			}
		}
	}
}

func TestMust(t *testing.T) {
	all := packages(t)
	for _, rule := range must {
		var there, has bool
		for place, p := range all {
			there = there || within(place, rule.place)
			has = has || within(place, rule.place) && slices.Contains(p.code, rule.has)
		}
		assert.True(t, !there || has, "%s does not import %s: %s", rule.place, rule.has, rule.why)
	}
}

// A row about a package that is not there guards nothing.
func TestRowsNameWhatIsThere(t *testing.T) {
	var named []string
	for _, r := range closed {
		named = append(append(named, r.place), r.may...)
	}
	for _, r := range never {
		named = append(append(named, r.place), r.not...)
	}
	for _, r := range only {
		named = append(append(named, r.what...), r.by...)
	}
	for _, r := range must {
		named = append(named, r.place, r.has)
	}
	all := packages(t)
	libraries := required(t)
	for _, name := range named {
		path := strings.TrimSuffix(name, "/...")
		exists := slices.Contains(planned, path) || slices.Contains(libraries, path)
		if pkg, err := build.Import(path, "", build.FindOnly); err == nil {
			exists = exists || pkg.Goroot
		}
		for place := range all {
			exists = exists || within(place, name)
		}
		for _, place := range planned {
			exists = exists || within(place, name)
		}
		assert.True(t, exists, "a row names %s, which is neither there nor planned", name)
	}
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		place, pattern string
		want           bool
	}{
		{"pkg/ns", "pkg/ns", true},
		{"pkg/ns", "pkg/ns/...", true},
		{"pkg/ns/deep", "pkg/ns/...", true},
		{"pkg/ns/deep", "pkg/ns", false},
		{"pkg/nsx", "pkg/ns/...", false},
		{"pkg/ns", "pkg/...", true},
	} {
		assert.Equal(t, c.want, within(c.place, c.pattern), c)
	}
}

// packages reads the imports of every package of the module, by place. What learners fill in
// under labs and what is in testdata are not packages of the program.
func packages(t *testing.T) map[string]imports {
	t.Helper()
	all := map[string]imports{}
	context := build.Default
	context.GOOS, context.CgoEnabled = "linux", false
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		name := d.Name()
		if path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "labs") {
			return fs.SkipDir
		}
		p, err := context.ImportDir(path, 0)
		var none *build.NoGoError
		if errors.As(err, &none) {
			return nil
		}
		if err != nil {
			return err
		}
		place, err := filepath.Rel(root, path)
		all[filepath.ToSlash(place)] = imports{places(p.Imports), places(slices.Concat(p.TestImports, p.XTestImports))}
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

// places cuts the module's path off our own imports.
func places(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = strings.TrimPrefix(p, module+"/")
	}
	return out
}

// ours reports whether an import is a place of this module: places cut the module's path off.
func ours(place string) bool {
	first, _, _ := strings.Cut(place, "/")
	return slices.Contains([]string{"cmd", "pkg", "internal"}, first)
}

// required reads the module's requirements, as patterns have them.
func required(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	var paths []string
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(strings.TrimPrefix(line, "require ")); len(f) >= 2 && strings.Contains(f[0], ".") {
			paths = append(paths, f[0])
		}
	}
	return paths
}

func withinAny(place string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return within(place, p) })
}

// within reports whether a place is what the pattern names.
func within(place, pattern string) bool {
	base, tree := strings.CutSuffix(pattern, "/...")
	return place == base || tree && strings.HasPrefix(place, base+"/")
}
