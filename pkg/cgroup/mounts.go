package cgroup

import (
	"bytes"
	"slices"
	"strings"
)

// Parse reads the text of /proc/self/mountinfo and of /proc/self/cgroup. Which controllers a v2 tree has is not in
// either: [Detect] asks the tree.
//
// A tree that is mounted several times counts once; a mount of its top is preferred to one of a part.
func Parse(mountinfo, ownGroups []byte) *Machine {
	m := &Machine{}
	tops := []bool{}
	own := parseOwn(ownGroups)
	for line := range bytes.Lines(mountinfo) {
		h, root, ok := parseMount(line)
		if !ok {
			continue
		}
		h.Own = below(root, ownPath(own, &h))
		same := slices.IndexFunc(m.Hierarchies, h.same)
		switch {
		case same < 0:
			m.Hierarchies = append(m.Hierarchies, h)
			tops = append(tops, root == "/")
		case !tops[same] && root == "/":
			m.Hierarchies[same], tops[same] = h, true
		}
	}
	for _, h := range m.Hierarchies {
		m.Mode |= Mode(h.Version) // V1|V2 is Hybrid
	}
	return m
}

// same says whether o is the same tree, mounted elsewhere.
func (h *Hierarchy) same(o Hierarchy) bool {
	return h.Version == o.Version && h.Name == o.Name && slices.Equal(h.Controllers, o.Controllers)
}

// parseMount reads one line of mountinfo:
//
//	32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu
//
// root is the part of the tree that is mounted.
func parseMount(line []byte) (h Hierarchy, root string, ok bool) {
	front, back, found := bytes.Cut(line, []byte(" - cgroup"))
	if !found {
		return h, "", false
	}
	fields := bytes.Fields(front)
	rest := bytes.Fields(back) // "" or "2" is cut off the type: [2] source options
	if len(fields) < 6 || len(rest) == 0 {
		return h, "", false
	}
	root, h.Dir = unescape(fields[3]), unescape(fields[4])
	if !strings.HasPrefix(h.Dir, "/") || !strings.HasPrefix(root, "/") {
		return h, "", false
	}
	switch {
	case bytes.HasPrefix(back, []byte("2 ")):
		h.Version = 2
		return h, root, true
	case bytes.HasPrefix(back, []byte(" ")):
		h.Version = 1
		h.Controllers, h.Name = parseOptions(string(rest[len(rest)-1]))
		return h, root, len(h.Controllers) > 0 || h.Name != ""
	}
	return h, "", false
}

// parseOptions picks the controllers, and the name, out of a v1 mount's options.
func parseOptions(options string) (controllers []string, name string) {
	for word := range strings.SplitSeq(options, ",") {
		switch word {
		case "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids",
			"net_cls", "net_prio", "perf_event", "hugetlb", "rdma", "misc", "debug":
			controllers = append(controllers, word)
		default:
			if n, ok := strings.CutPrefix(word, "name="); ok {
				name = n
			}
		}
	}
	return controllers, name
}

// membership is one line of /proc/self/cgroup: "4:memory:/a/b"; "0::/a/b" is about v2.
type membership struct {
	list string // what the tree is known by: "cpu,cpuacct", "name=systemd", "" for v2
	path string
}

func parseOwn(ownGroups []byte) []membership {
	list := make([]membership, 0, 16)
	for line := range bytes.Lines(ownGroups) {
		_, rest, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(":"))
		names, path, ok2 := bytes.Cut(rest, []byte(":"))
		if ok && ok2 {
			list = append(list, membership{string(names), string(path)})
		}
	}
	return list
}

// ownPath finds the line that is about a tree. Its controllers may be in another order than in the mount's options.
func ownPath(own []membership, h *Hierarchy) string {
	for _, o := range own {
		switch {
		case h.Version == 2 && o.list == "":
			return o.path
		case h.Version == 2 || o.list == "":
		case len(h.Controllers) == 1 && o.list == h.Controllers[0]:
			return o.path
		case len(h.Controllers) == 0 && o.list == "name="+h.Name:
			return o.path
		case len(h.Controllers) > 1 && slices.Equal(sorted(strings.Split(o.list, ",")), sorted(h.Controllers)):
			return o.path
		}
	}
	return "/"
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// below turns a group's path in its tree into its path below a mount of the tree's part root. A group outside of that
// part ("/../x" in a cgroup namespace) cannot be seen there; then it is "/".
func below(root, path string) string {
	if root != "/" {
		rest, ok := strings.CutPrefix(path, root)
		if !ok || (rest != "" && rest[0] != '/') {
			return "/"
		}
		path = rest
	}
	if !strings.HasPrefix(path, "/") || cleanPath(path[1:]) != nil {
		return "/"
	}
	return path
}

// unescape undoes the octal escapes of mountinfo: a space in a path is written \040.
func unescape(field []byte) string {
	if bytes.IndexByte(field, '\\') < 0 {
		return string(field)
	}
	out := make([]byte, 0, len(field))
	for i := 0; i < len(field); i++ {
		if field[i] == '\\' && i+3 < len(field) && octal(field[i+1:i+4]) {
			out = append(out, (field[i+1]-'0')<<6|(field[i+2]-'0')<<3|(field[i+3]-'0'))
			i += 3
			continue
		}
		out = append(out, field[i])
	}
	return string(out)
}

func octal(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '7' {
			return false
		}
	}
	return b[0] <= '3'
}
