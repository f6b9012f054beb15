package sh

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// complete extends the word before the cursor: a command in first place, else a path.
func (s *Shell) complete(line string, pos int) (string, int, bool) {
	start := strings.LastIndexAny(line[:pos], " \t|&;<>()") + 1
	word := line[start:pos]
	first := strings.TrimSpace(line[:start]) == "" || strings.ContainsAny(line[:start][len(strings.TrimRight(line[:start], " \t"))-1:], "|&;(")
	var found []string
	if first && !strings.Contains(word, "/") {
		list, _ := s.get("PATH")
		for dir := range strings.SplitSeq(list, ":") {
			entries, _ := os.ReadDir(dir)
			for _, e := range entries {
				if strings.HasPrefix(e.Name(), word) {
					found = append(found, e.Name()+" ")
				}
			}
		}
	} else {
		dir, base := filepath.Split(s.tilde(word))
		open := dir
		if open == "" {
			open = "."
		}
		entries, _ := os.ReadDir(open)
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), base) || e.Name()[0] == '.' && base == "" {
				continue
			}
			tail := " "
			if isDir(filepath.Join(open, e.Name())) {
				tail = "/"
			}
			found = append(found, word[:len(word)-len(base)]+e.Name()+tail)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if len(found) == 0 {
		return "", 0, false
	}
	common := found[0]
	for _, f := range found[1:] {
		for !strings.HasPrefix(f, common) {
			common = common[:len(common)-1]
		}
	}
	if len(common) <= len(word) {
		return "", 0, false
	}
	return line[:start] + common + line[pos:], start + len(common), true
}
