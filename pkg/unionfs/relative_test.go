package unionfs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/container-labs/lab/pkg/unionfs"
)

// Whoever types mount(8) by hand gives relative paths. They are found again where the target tells where that was, and never
// guessed: directories of the same names elsewhere are not taken.
func TestFindMountedByHand(t *testing.T) {
	testenv.Overlay(t)
	for name, c := range map[string]struct {
		from, target string // below the test's directory: where mount is typed, and where on, from there
		want         bool
	}{
		"beside":    {from: ".", target: "merged", want: true},
		"below":     {from: ".", target: "sub/sub/merged", want: true},
		"elsewhere": {from: "from", target: "../merged"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			require.NoError(t, err)
			from := filepath.Join(dir, c.from)
			target := filepath.Join(from, c.target)
			for _, d := range []string{from + "/lower1", from + "/lower2", from + "/upper", from + "/work", target} {
				require.NoError(t, os.MkdirAll(d, 0o755))
			}
			for _, decoy := range []string{"lower1", "lower2", "upper", "work"} {
				require.NoError(t, os.MkdirAll(filepath.Join(filepath.Dir(target), decoy), 0o755))
			}
			for options, want := range map[string]unionfs.Overlay{
				"lowerdir=lower1,upperdir=upper,workdir=work": {Lower: []string{from + "/lower1"}, Upper: from + "/upper", Work: from + "/work", Target: target},
				"lowerdir=lower1:lower2":                      {Lower: []string{from + "/lower1", from + "/lower2"}, Target: target, ReadOnly: false},
			} {
				cmd := exec.Command("mount", "-t", "overlay", "overlay", "-o", options, c.target)
				cmd.Dir = from
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, string(out))
				o, err := unionfs.Find(target)
				require.NoError(t, unix.Unmount(target, 0))
				if c.want {
					require.NoError(t, err)
					want.ReadOnly = o.ReadOnly // without an upper, newer kernels say so
					assert.Equal(t, want, o)
				} else {
					assert.ErrorContains(t, err, "relative path")
				}
			}
		})
	}
}
