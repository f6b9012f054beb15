package main

import (
	"io/fs"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/store"
)

// measure fills in the sizes of rows: what the files in the upper directory hold, and with it what the image's do.
func measure(root string, rows []psRow) {
	s := store.Open(root)
	images, err := image.Open(root)
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range rows {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			rows[i].size = treeSize(filepath.Join(s.Container(rows[i].ID), "upper"))
			rows[i].virtual = rows[i].size
			if err == nil {
				rows[i].virtual += layersSize(images, rows[i].Layers)
			}
		})
	}
	wg.Wait()
}

func layersSize(images *image.Store, diffIDs []string) (total int64) {
	for _, id := range diffIDs {
		n, _ := images.LayerSize(id)
		total += n
	}
	return total
}

// treeSize adds up the files of a directory, one with several names once. What vanishes meanwhile does not count.
func treeSize(dir string) (total int64) {
	seen := map[uint64]bool{}
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if ok && st.Nlink > 1 {
			if seen[st.Ino] {
				return nil
			}
			seen[st.Ino] = true
		}
		total += info.Size()
		return nil
	})
	return total
}
