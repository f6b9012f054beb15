package course

import (
	"regexp"
	"strings"
	"sync"
)

var itemPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^( {0,8})([-*+]|\d{1,3}[.)]) +`) })

// itemMark returns what begins an item of a list, with the spaces before it.
func itemMark(line string) string { return itemPattern().FindString(line) }

// items renders a list: an item is its first line, and all lines below that are indented or belong to its paragraph.
func (r *renderer) items(indent string) {
	r.gap()
	for len(r.lines) > 0 {
		mark := itemMark(r.lines[0])
		if mark == "" {
			return
		}
		item := []string{r.lines[0][len(mark):]}
		base := len(mark) - len(strings.TrimLeft(mark, " "))
		r.lines = r.lines[1:]
		for len(r.lines) > 0 {
			line := r.lines[0]
			lead := len(line) - len(strings.TrimLeft(line, " "))
			if strings.TrimSpace(line) == "" {
				// An empty line goes on with the item only if what follows is indented.
				if len(r.lines) < 2 || len(r.lines[1])-len(strings.TrimLeft(r.lines[1], " ")) <= base || strings.TrimSpace(r.lines[1]) == "" {
					break
				}
			} else if lead <= base && (itemMark(line) != "" || startsBlock(line)) {
				break
			}
			item = append(item, line[min(lead, len(mark)):])
			r.lines = r.lines[1:]
		}
		sub := renderer{Page: r.Page, lines: item}
		width := r.Width
		shown := strings.TrimSpace(mark)
		if strings.ContainsAny(shown, "-*+") {
			shown = "•"
			if !r.Color {
				shown = "-"
			}
		}
		hang := strings.Repeat(" ", columns(shown)+1)
		r.Page.Width -= len(indent) + len(hang)
		sub.blocks("")
		r.Page.Width = width
		for i, line := range strings.Split(strings.Trim(sub.out.String(), "\n"), "\n") {
			begin := hang
			if i == 0 {
				begin = r.style(yellow, shown) + " "
			}
			r.out.WriteString(strings.TrimRight(indent+begin+line, " ") + "\n")
		}
		for len(r.lines) > 1 && strings.TrimSpace(r.lines[0]) == "" && itemMark(r.lines[1]) != "" {
			r.lines = r.lines[1:]
		}
	}
}

// startsBlock says whether a line ends the paragraph above it.
func startsBlock(line string) bool {
	trimmed := strings.TrimSpace(line)
	return trimmed == "" || isFence(trimmed) || heading(trimmed) > 0 || isRule(trimmed) || strings.HasPrefix(trimmed, ">") ||
		strings.HasPrefix(trimmed, "<!--") || strings.HasPrefix(trimmed, "|")
}
