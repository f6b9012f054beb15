package course

import (
	"strings"
)

func isTableRule(line string) bool {
	bare := strings.TrimSpace(line)
	return strings.HasPrefix(bare, "|") && strings.Contains(bare, "-") && strings.Trim(bare, "|-: ") == ""
}

// table lays columns out, and gives what is left of the width to the last one.
func (r *renderer) table(indent string) {
	var rows [][]string
	for len(r.lines) > 0 && strings.HasPrefix(strings.TrimSpace(r.lines[0]), "|") {
		if len(rows) != 1 || !isTableRule(r.lines[0]) {
			var cells []string
			for _, cell := range tableCells(r.lines[0]) {
				cells = append(cells, r.text(strings.TrimSpace(cell)))
			}
			rows = append(rows, cells)
		} else {
			rows = append(rows, nil)
		}
		r.lines = r.lines[1:]
	}
	var widths, least []int // least is a column's longest word: narrower it cannot be
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths, least = append(widths, 0), append(least, 0)
			}
			widths[i] = max(widths[i], columns(cell))
			for _, word := range splitWords(cell) {
				least[i] = max(least[i], columns(word))
			}
		}
	}
	room := r.Width - len(indent) - 2*(len(widths)-1)
	for sum(widths) > room {
		widest := 0
		for i := range widths {
			if widths[i]-least[i] > widths[widest]-least[widest] {
				widest = i
			}
		}
		if widths[widest] <= least[widest] {
			break
		}
		widths[widest]--
	}
	r.gap()
	for n, row := range rows {
		if row == nil {
			var rule []string
			for _, w := range widths {
				rule = append(rule, strings.Repeat("─", w))
			}
			r.out.WriteString(indent + r.style(faint, strings.Join(rule, "  ")) + "\n")
			continue
		}
		r.row(indent, row, widths, n == 0)
	}
}

func (r *renderer) row(indent string, row []string, widths []int, head bool) {
	cells, height := make([][]string, len(widths)), 1
	for i := range widths {
		if i < len(row) {
			cells[i] = wrap(row[i], widths[i])
			height = max(height, len(cells[i]))
		}
	}
	for line := range height {
		var b strings.Builder
		for i, w := range widths {
			text := ""
			if line < len(cells[i]) {
				text = cells[i][line]
			}
			pad := strings.Repeat(" ", max(0, w-columns(text)))
			if head {
				text = r.style(bold, text)
			}
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(text + pad)
		}
		r.out.WriteString(strings.TrimRight(indent+b.String(), " ") + "\n")
	}
}

// tableCells splits a row at | that is neither escaped nor in code.
func tableCells(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	var cells []string
	begin, code := 0, false
	for i := range len(line) {
		switch {
		case line[i] == '`':
			code = !code
		case line[i] == '|' && !code && (i == 0 || line[i-1] != '\\'):
			cells, begin = append(cells, line[begin:i]), i+1
		}
	}
	return append(cells, line[begin:])
}

func sum(list []int) int {
	n := 0
	for _, one := range list {
		n += one
	}
	return n
}
