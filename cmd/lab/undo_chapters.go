package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/doctor"
	"github.com/container-labs/lab/internal/store"
)

// unfinishedSuffix ends the name of a directory that a copy has not completed.
const unfinishedSuffix = ".unfinished"

// removeUnfinished removes what a copy was writing. A ledger is a file, and files get damaged: it removes nothing of another name.
func removeUnfinished(dir string) error {
	base := filepath.Base(dir)
	if !filepath.IsAbs(dir) || !strings.HasPrefix(base, ".") || !strings.HasSuffix(base, unfinishedSuffix) || len(base) <= len(unfinishedSuffix)+1 {
		return fmt.Errorf("remove %s: it is not what a copy leaves", dir)
	}
	return os.RemoveAll(dir)
}

// removeHole removes the empty directory of an escape.
func removeHole(dir string) error {
	if filepath.Base(dir) != escapeHole {
		return fmt.Errorf("remove %s: it is not what an escape leaves", dir)
	}
	err := unix.Rmdir(dir)
	switch err {
	case nil, unix.ENOENT, unix.ENOTDIR, unix.ENOTEMPTY, unix.EROFS: // gone, or by now somebody else's
		return nil
	}
	return fmt.Errorf("remove %s: %w", dir, err)
}

// removeTrial removes the control group of a check of `lab doctor`, or its place in the store. Members of the group died with
// lab, and may hold it for a moment.
func removeTrial(dir string) error {
	group, place := doctor.Own(dir)
	switch {
	case !filepath.IsAbs(dir) || !group && !place:
		return fmt.Errorf("remove %s: it is not what lab doctor makes", dir)
	case place:
		return os.RemoveAll(dir)
	}
	for end := time.Now().Add(time.Second); ; time.Sleep(2 * time.Millisecond) {
		err := unix.Rmdir(dir)
		switch {
		case err == nil || err == unix.ENOENT || err == unix.EROFS: // never made, in the last case
			return nil
		case err != unix.EBUSY || time.Now().After(end):
			return fmt.Errorf("remove %s: %w", dir, err)
		}
	}
}

// beginLedger writes the ledger of something that is to be gone with lab.
func beginLedger(s *store.Store, kind string, undo ...store.Undo) (*store.Ledger, error) {
	for _, u := range undo {
		if strings.ContainsRune(u.Arg, '\n') {
			return nil, errors.New("lab cannot note what is to be undone in a path with a line break: choose another")
		}
	}
	var random [8]byte
	if _, err := unix.Getrandom(random[:], 0); err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	return s.Begin(kind+"-"+hex.EncodeToString(random[:]), undo...)
}

// isThere says whether a name exists, whatever it is. What cannot be looked at counts as there, so that nothing is removed for it.
func isThere(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// sweepStore finishes what dead labs have left, before a command that would come across it.
func sweepStore(ctx *cli.Context, std streams) *store.Store {
	root := ctx.String("root")
	if err := sweep(root); err != nil {
		complain(std.err, err)
	}
	return store.Open(root)
}
