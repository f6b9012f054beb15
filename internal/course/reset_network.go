package course

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

func (r resetting) links(ctx context.Context) error {
	var errs []error
	for _, name := range r.lab.Reset.Links {
		name = r.v.expand(ctx, name)
		if !linkExists(name) || r.wasThere("link", name, "the network device "+name) {
			continue
		}
		if err := deleteLink(name); err != nil && !errors.Is(err, unix.ENODEV) {
			errs = append(errs, fmt.Errorf("remove the network device %s: %w", name, err))
			continue
		}
		r.out.removed("the network device %s", name)
	}
	return errors.Join(errs...)
}

func (r resetting) namespaces(ctx context.Context) error {
	var errs []error
	for _, path := range r.lab.Reset.Namespaces {
		path = r.v.path(ctx, path)
		is := kept(path)
		if !is && !exists(path) || r.wasThere("namespace", path, "the namespace kept at "+path) {
			continue
		}
		if is {
			if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
				errs = append(errs, fmt.Errorf("let go the namespace at %s: %w", path, err))
				continue
			}
		} else if st, err := os.Lstat(path); err != nil || !st.Mode().IsRegular() || st.Size() > 0 {
			r.out.left("%s: no namespace is kept there, and it is not empty", path)
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("let go the namespace at %s: %w", path, err))
			continue
		}
		r.out.removed("the namespace kept at %s", path)
	}
	return errors.Join(errs...)
}

func (r resetting) sysctls(context.Context) error {
	var errs []error
	for _, old := range r.ledger.Sysctls {
		text, err := os.ReadFile(sysctlFile(old.Name))
		if err != nil || strings.TrimSpace(string(text)) == old.Value {
			continue
		}
		if err := os.WriteFile(sysctlFile(old.Name), []byte(old.Value), 0); err != nil {
			errs = append(errs, fmt.Errorf("set %s back to %s: %w", old.Name, old.Value, err))
			continue
		}
		r.out.removed("the new value of %s: it is %s again", old.Name, old.Value)
	}
	return errors.Join(errs...)
}
