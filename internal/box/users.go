package box

import (
	"os"
	"strconv"
	"strings"
)

// accounts holds the names of /etc/passwd or /etc/group, read when first asked.
type accounts struct {
	file   string
	loaded bool
	byID   map[int]string
	byName map[string]int
	group  map[string]int // passwd: primary group
	lists  map[string][]string
}

func users() *accounts  { return &accounts{file: "/etc/passwd"} }
func groups() *accounts { return &accounts{file: "/etc/group"} }

func (a *accounts) load() {
	if a.loaded {
		return
	}
	a.loaded = true
	a.byID, a.byName = make(map[int]string), make(map[string]int)
	a.group, a.lists = make(map[string]int), make(map[string][]string)
	b, _ := os.ReadFile(a.file)
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 3 {
			continue
		}
		id, err := strconv.Atoi(f[2])
		if err != nil {
			continue
		}
		if _, seen := a.byID[id]; !seen {
			a.byID[id] = f[0]
		}
		a.byName[f[0]] = id
		if len(f) > 3 {
			if g, err := strconv.Atoi(f[3]); err == nil {
				a.group[f[0]] = g
			}
			a.lists[f[0]] = strings.Split(f[3], ",")
		}
	}
}

// name gives the name of an id, or the id in digits.
func (a *accounts) name(id int) string {
	a.load()
	if n, ok := a.byID[id]; ok {
		return n
	}
	return strconv.Itoa(id)
}

// known is name, but empty where the file does not know the id.
func (a *accounts) known(id int) string {
	a.load()
	return a.byID[id]
}

// id reads a name or digits.
func (a *accounts) id(name string) (int, bool) {
	a.load()
	if id, ok := a.byName[name]; ok {
		return id, true
	}
	id, err := strconv.ParseUint(name, 10, 31)
	return int(id), err == nil
}
