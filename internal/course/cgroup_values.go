package course

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/container-labs/lab/pkg/cgroup"
)

// judge compares the value of a file, in either version's words.
func (w word) judge(s seat, want string) Finding {
	file := w.v2
	if s.version == 1 {
		file = w.v1
	}
	got, err := s.read(file)
	if err != nil {
		return s.unread(file, err)
	}
	look := "`cat " + s.dir + "/" + file + "`"
	found := fmt.Sprintf("%s of the group %s is %s", file, s.path, got)
	switch w.v2 {
	case "cpu.max":
		return w.judgeQuota(s, got, want, found, look)
	case "cpu.weight":
		n, _ := strconv.ParseUint(got, 10, 64)
		in := "cpu.weight " + want
		if s.version == 1 {
			n = cgroup.Weight(n)
			if c, err := parseCount(want); err == nil {
				in = fmt.Sprintf("about %d (%s on v2)", c.n*1024/100, in)
			}
		}
		if c, err := parseCount(want); err == nil && c.op == "" && 50*abs(int64(n)-c.n) <= c.n || c.holds(int64(n)) {
			return yes()
		}
		return no(found, in).at(look)
	case "cpuset.cpus", "cpuset.mems":
		if sameSet(got, want) {
			return yes()
		}
		if got == "" {
			found = fmt.Sprintf("%s of the group %s is empty", file, s.path)
		}
		return no(found, want).at(look)
	case "cgroup.freeze":
		if got == want || got == map[string]string{"1": "FROZEN", "0": "THAWED"}[want] {
			return yes()
		}
		if s.version == 1 {
			want = map[string]string{"1": "FROZEN", "0": "THAWED"}[want]
		}
		return no(found, want).at(look)
	}
	return judgeNumber(got, want, found, look)
}

func abs(n int64) int64 { return max(n, -n) }

// judgeQuota compares parts of a CPU: 50000 of 100000 is 25000 of 50000.
func (w word) judgeQuota(s seat, got, want, found, look string) Finding {
	if s.version == 1 {
		period, _ := s.read("cpu.cfs_period_us")
		if got == "-1" {
			got = "max"
			found += " (no quota)"
		} else {
			found += " (of each " + period + " µs)"
		}
		got += " " + period
	}
	a, b := part(got), part(want)
	if a == b || a > 0 && b > 0 && a/b > 0.99 && a/b < 1.01 {
		return yes()
	}
	expected := fmt.Sprintf("%q", want)
	if s.version == 1 {
		quota, period, _ := strings.Cut(want, " ")
		if period == "" {
			period = "100000"
		}
		expected = fmt.Sprintf("%s of each %s µs", quota, period)
		if quota == "max" {
			expected = "-1, no quota"
		}
	}
	return no(found, expected).at(look)
}

// part is "50000 100000" as 0.5, and "max" as 0.
func part(s string) float64 {
	f := strings.Fields(s)
	if len(f) == 0 || f[0] == "max" {
		return 0
	}
	quota, _ := strconv.ParseFloat(f[0], 64)
	period := 100000.0
	if len(f) > 1 {
		period, _ = strconv.ParseFloat(f[1], 64)
	}
	if period == 0 {
		return 0
	}
	return quota / period
}

// judgeNumber compares a number, "max", or the number at the end of "default 100".
func judgeNumber(got, want, found, look string) Finding {
	f := strings.Fields(got)
	text := ""
	if len(f) > 0 {
		text = f[len(f)-1]
	}
	unlimited := text == "max" || len(text) > 18
	if want == "max" {
		if unlimited {
			return yes()
		}
		return no(found, "no limit").at(look)
	}
	if unlimited {
		found = strings.TrimSuffix(found, got) + got + " (no limit)"
	}
	bound, err := parseCount(want)
	n, err2 := strconv.ParseInt(text, 10, 64)
	page := int64(os.Getpagesize()) // the kernel rounds memory down to pages
	if err == nil && err2 == nil && (bound.holds(n) || bound.op == "" && n <= bound.n && bound.n-n < page && bound.n > page) {
		return yes()
	}
	if err == nil {
		want = bound.String()
	}
	return no(found, want).at(look)
}
