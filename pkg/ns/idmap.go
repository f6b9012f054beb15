package ns

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// IDMap is one line of /proc/PID/uid_map or gid_map: Size ids from Inside on, as seen in the user
// namespace, are the ids from Outside on, as seen in its parent. See user_namespaces(7).
type IDMap struct{ Inside, Outside, Size uint32 }

// String returns the form that [ParseIDMap] reads: "0:100000:65536".
func (m IDMap) String() string { return fmt.Sprintf("%d:%d:%d", m.Inside, m.Outside, m.Size) }

// maxLines is the kernel's limit of lines in a map, since Linux 4.15 (UID_GID_MAP_MAX_EXTENTS).
const maxLines = 340

// ParseIDMap reads "inside:outside:size".
func ParseIDMap(s string) (IDMap, error) {
	m, err := parseFields(strings.Split(s, ":"))
	if err != nil {
		return IDMap{}, fmt.Errorf("id map %q: want inside:outside:size, as 0:100000:65536: %w", s, err)
	}
	return m, checkLine(m)
}

// ReadIDMap reads the text of a uid_map or gid_map file.
func ReadIDMap(text string) ([]IDMap, error) {
	var list []IDMap
	for line := range strings.Lines(text) {
		m, err := parseFields(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("id map line %q: %w", strings.TrimSpace(line), err)
		}
		list = append(list, m)
	}
	return list, nil
}

// IDMapsOf reads the maps of the user namespace of a process, as seen from our own; 0 is the calling thread. Both are
// empty while nobody has written them.
func IDMapsOf(pid int) (uids, gids []IDMap, err error) {
	for name, list := range map[string]*[]IDMap{"uid_map": &uids, "gid_map": &gids} {
		data, err := os.ReadFile(procPath(pid, name))
		if err != nil {
			return nil, nil, fmt.Errorf("read the id maps of process %d: %w", pid, err)
		}
		if *list, err = ReadIDMap(string(data)); err != nil {
			return nil, nil, err
		}
	}
	return uids, gids, nil
}

// CheckIDMaps says in one sentence why the kernel would refuse the lines together, which it does with a bare EINVAL.
func CheckIDMaps(list []IDMap) error {
	if len(list) > maxLines {
		return fmt.Errorf("id map: %d lines, and the kernel takes %d", len(list), maxLines)
	}
	for i, m := range list {
		if err := checkLine(m); err != nil {
			return err
		}
		for _, n := range list[:i] {
			if overlap(m.Inside, m.Size, n.Inside, n.Size) {
				return fmt.Errorf("id maps %s and %s: they overlap inside", n, m)
			}
			if overlap(m.Outside, m.Size, n.Outside, n.Size) {
				return fmt.Errorf("id maps %s and %s: they overlap outside", n, m)
			}
		}
	}
	if text := Lines(list); len(text) >= os.Getpagesize() {
		return fmt.Errorf("id map: %d bytes, and the kernel takes less than a page, %d", len(text), os.Getpagesize())
	}
	return nil
}

// Lines returns the text to write to uid_map or gid_map. The kernel wants it in one write(2), and only once.
func Lines(list []IDMap) string {
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, "%d %d %d\n", m.Inside, m.Outside, m.Size)
	}
	return b.String()
}

// Outside returns what id inside is outside; false where it is not mapped (and shows as 65534).
func Outside(list []IDMap, inside uint32) (uint32, bool) {
	for _, m := range list {
		if inside >= m.Inside && inside-m.Inside < m.Size {
			return m.Outside + (inside - m.Inside), true
		}
	}
	return 0, false
}

// withSingle maps inside to outside in a list, and moves up the lines that are in the way, as `unshare -r --map-auto` does:
// the range goes on behind the hole, and the last id falls off.
func withSingle(list []IDMap, inside, outside uint32) []IDMap {
	result := []IDMap{{inside, outside, 1}}
	for _, m := range list {
		if !overlap(m.Inside, m.Size, inside, 1) {
			result = append(result, m)
			continue
		}
		below := inside - m.Inside
		if below > 0 {
			result = append(result, IDMap{m.Inside, m.Outside, below})
		}
		if rest := m.Size - below - 1; rest > 0 {
			result = append(result, IDMap{inside + 1, m.Outside + below, rest})
		}
	}
	return result
}

func parseFields(fields []string) (IDMap, error) {
	if len(fields) != 3 {
		return IDMap{}, fmt.Errorf("%d fields, want 3", len(fields))
	}
	var n [3]uint32
	for i, field := range fields {
		v, err := strconv.ParseUint(field, 10, 32)
		if err != nil {
			return IDMap{}, fmt.Errorf("%q: want a number of at most 32 bits", field)
		}
		n[i] = uint32(v)
	}
	return IDMap{n[0], n[1], n[2]}, nil
}

// checkLine keeps to ids that exist: 4294967295 is (uid_t) -1, "no user".
func checkLine(m IDMap) error {
	if m.Size == 0 {
		return fmt.Errorf("id map %s: its size is 0", m)
	}
	last := max(uint64(m.Inside), uint64(m.Outside)) + uint64(m.Size) - 1
	if last >= math.MaxUint32 {
		return fmt.Errorf("id map %s: it goes past the last id, %d", m, uint32(math.MaxUint32-1))
	}
	return nil
}

func overlap(a, aSize, b, bSize uint32) bool {
	return uint64(a) < uint64(b)+uint64(bSize) && uint64(b) < uint64(a)+uint64(aSize)
}
