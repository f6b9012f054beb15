package unionfs

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// splitName makes of an entry's name the path of its directory and its last component, both relative to the layer's root; the root is "", "".
//
// "/etc/passwd", "./etc//passwd" and "etc/passwd" are the same name. ".." is refused even where it would stay inside: no
// honest writer makes it, and after a symbolic link it means something else than it seems to.
func splitName(name string) (dir, base string, err error) {
	if len(name) >= unix.PathMax {
		return "", "", unix.ENAMETOOLONG
	}
	clean := true // most names are clean and are cut, not copied
	rest := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	for part := range strings.SplitSeq(rest, "/") {
		switch {
		case part == "" || part == ".":
			clean = false
		case part == "..":
			return "", "", fmt.Errorf("name with \"..\": %w", ErrUnsafe)
		case len(part) > 255: // NAME_MAX
			return "", "", unix.ENAMETOOLONG
		case strings.IndexByte(part, 0) >= 0:
			return "", "", fmt.Errorf("name with a zero byte: %w", ErrUnsafe)
		}
	}
	if !clean {
		rest = cleanName(rest)
	}
	if i := strings.LastIndexByte(rest, '/'); i >= 0 {
		return rest[:i], rest[i+1:], nil
	}
	return "", rest, nil
}

func cleanName(name string) string {
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "/")
}

// reserved says what the ".wh." names in a path mean: skip for leftovers of AUFS, an error for a directory that looks like a whiteout.
func reserved(dir, base string) (skip bool, err error) {
	if strings.HasPrefix(base, reservedPrefix) && base != OpaqueMarker {
		return true, nil
	}
	if !strings.HasPrefix(dir, WhiteoutPrefix) && !strings.Contains(dir, "/"+WhiteoutPrefix) {
		return false, nil
	}
	for part := range strings.SplitSeq(dir, "/") {
		if strings.HasPrefix(part, reservedPrefix) && part != OpaqueMarker {
			return true, nil
		}
		if strings.HasPrefix(part, WhiteoutPrefix) {
			return false, fmt.Errorf("a directory named as a whiteout: %w", ErrUnsafe)
		}
	}
	return false, nil
}

// whiteoutTarget is the name that a whiteout deletes.
func whiteoutTarget(base string) (string, error) {
	target := strings.TrimPrefix(base, WhiteoutPrefix)
	if target == "" || target == "." || target == ".." {
		return "", fmt.Errorf("whiteout of %q: %w", target, ErrUnsafe)
	}
	return target, nil
}
