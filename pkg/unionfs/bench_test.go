package unionfs

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// debianLike is an archive with the shape of a Debian layer: 12,000 files, 1,300 directories, some 250 MB, most files small.
func debianLike(b *testing.B) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	body := make([]byte, 8<<20)
	for i := range body {
		body[i] = byte(rnd.Uint32())
	}
	var entries []e
	for d := range 1300 {
		dir := fmt.Sprintf("usr/d%d/d%d", d%40, d)
		entries = append(entries, e{name: dir + "/"})
		for f := range 8 + d%3 {
			size := 200 << rnd.IntN(9)
			if rnd.IntN(100) == 0 {
				size = 1 << (18 + rnd.IntN(5))
			}
			entries = append(entries, e{name: fmt.Sprintf("%s/f%d", dir, f), body: string(body[:size])})
		}
	}
	return archive(b, entries...)
}

// The time of b.N layers, each in a new directory; "spread" shows what [Spread] is for, "tar" is tar(1).
func BenchmarkApply(b *testing.B) {
	testenv.Root(b)
	data := debianLike(b)
	into := func(b *testing.B, spread bool, unpack func(dir string) error) {
		base := b.TempDir()
		if spread {
			require.NoError(b, Spread(base))
		}
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			dir, err := os.MkdirTemp(base, "")
			require.NoError(b, err)
			require.NoError(b, unpack(dir))
			b.StopTimer()
			require.NoError(b, os.RemoveAll(dir))
			b.StartTimer()
		}
	}
	for _, workers := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("spread/%d", workers), func(b *testing.B) {
			into(b, true, func(dir string) error {
				_, err := Apply(b.Context(), dir, bytes.NewReader(data), ApplyOptions{Workers: workers})
				return err
			})
		})
	}
	b.Run("plain", func(b *testing.B) {
		into(b, false, func(dir string) error {
			_, err := Apply(b.Context(), dir, bytes.NewReader(data), ApplyOptions{})
			return err
		})
	})
	b.Run("tar", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "layer.tar")
		require.NoError(b, os.WriteFile(file, data, 0o600))
		prog := testenv.Have(b, "tar")
		into(b, true, func(dir string) error { return exec.Command(prog, "-C", dir, "-xpf", file).Run() })
	})
}
