package box

import (
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func df(c *call) {
	f := c.parse("hkmTaPi", "human-readable=h", "print-type=T")
	list, err := mounts()
	if len(c.args) > 0 {
		var chosen []mounted
		for _, a := range c.args {
			abs, _ := filepath.Abs(a)
			if r, e := filepath.EvalSymlinks(abs); e == nil {
				abs = r
			} else {
				c.complain("%s: %s", a, text(e))
				continue
			}
			best := mounted{source: "-", target: abs, kind: "-"}
			for _, m := range list {
				if (m.target == "/" || abs == m.target || strings.HasPrefix(abs, m.target+"/")) && (best.kind == "-" || len(m.target) >= len(best.target)) {
					best = m
				}
			}
			chosen = append(chosen, best)
		}
		list = chosen
	} else if err != nil {
		c.fail("can't read /proc/self/mounts: %s", text(err))
	}
	rows := [][]string{{"Filesystem", "1K-blocks", "Used", "Available", "Use%", "Mounted on"}}
	unit := uint64(1 << 10)
	if f.has('m') {
		unit, rows[0][1] = 1<<20, "1M-blocks"
	}
	if f.has('h') {
		rows[0][1], rows[0][3] = "Size", "Avail"
	}
	seen := make(map[string]bool)
	for _, m := range list {
		var s unix.Statfs_t
		if unix.Statfs(m.target, &s) != nil || s.Blocks == 0 && !f.has('a') && len(c.args) == 0 || seen[m.target] {
			continue
		}
		seen[m.target] = true
		size := uint64(s.Bsize)
		used := s.Blocks - s.Bfree
		show := func(n uint64) string {
			if f.has('h') {
				return human(n * size)
			}
			return strconv.FormatUint(n*size/unit, 10)
		}
		pct := "-"
		if used+s.Bavail > 0 {
			pct = strconv.FormatUint((used*100+used+s.Bavail-1)/(used+s.Bavail), 10) + "%"
		}
		rows = append(rows, []string{m.source, show(s.Blocks), show(used), show(s.Bavail), pct, m.target})
		if f.has('T') {
			rows[len(rows)-1][0] += " " + m.kind
		}
	}
	var width [6]int
	for _, r := range rows {
		for i, v := range r {
			width[i] = max(width[i], len(v))
		}
	}
	for _, r := range rows {
		c.printf("%-*s %*s %*s %*s %*s %s\n", max(width[0], 14), r[0], width[1], r[1], width[2], r[2], width[3], r[3], width[4], r[4], r[5])
	}
}
