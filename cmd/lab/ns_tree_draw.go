package main

import (
	"fmt"
	"strings"

	"github.com/container-labs/lab/pkg/ns"
)

// drawing is a tree as it is drawn: in a terminal no line is longer than that is wide.
type drawing struct {
	strings.Builder
	width int // 0: no end
}

// line prints one line, and cuts off what does not fit.
func (d *drawing) line(text string) {
	d.WriteString(cutOff(text, d.width) + "\n")
}

// list prints words behind a heading, and goes on below the first where a line is full. gap stands between two.
func (d *drawing) list(bar, heading, gap string, words []string) {
	line := bar + heading
	rest := bar + strings.Repeat(" ", len([]rune(heading)))
	for i, word := range words {
		switch {
		case i == 0:
		case d.width > 0 && len([]rune(line+gap+word)) > d.width:
			d.line(line)
			line = rest
		default:
			line += gap
		}
		line += word
	}
	d.line(line)
}

func (c *crowd) title(host bool) string {
	switch {
	case host:
		return "host"
	case c.container != "":
		return "container " + c.container
	}
	return fmt.Sprintf("process %d", c.PIDs[0])
}

// crowd draws a crowd behind the lines of those above it.
func (d *drawing) crowd(c *crowd, first, rest string) {
	host := first == "" && rest == ""
	d.line(fmt.Sprintf("%s%s: %s", first, c.title(host), c.members()))
	bar := rest + "    "
	if len(c.below) > 0 {
		bar = rest + "│   "
	}
	if host {
		d.list(bar, "", "  ", c.numbers(ns.All))
	} else {
		if c.own != 0 {
			d.list(bar, "its own: ", "  ", c.numbers(c.own))
		}
		for _, k := range ns.Kinds() {
			if with := c.shared[k.Name]; len(with) > 0 {
				text := strings.Join(c.numbers(k.Flag), "") + " with that of process " + joinNumbers(with)
				d.list(bar, "shared:  ", " ", strings.Fields(text))
			}
		}
		if c.host != 0 {
			d.list(bar, "host's:  ", " ", strings.Split(c.host.String(), ","))
		}
	}
	for i, b := range c.below {
		if i == len(c.below)-1 {
			d.crowd(b, rest+"└── ", rest+"    ")
		} else {
			d.crowd(b, rest+"├── ", rest+"│   ")
		}
	}
}

func joinNumbers(pids []int) string {
	var words []string
	for _, pid := range pids {
		words = append(words, fmt.Sprint(pid))
	}
	return strings.Join(words, ", ")
}

// members names the first few processes.
func (c *crowd) members() string {
	const most = 3
	var names []string
	for i, p := range c.processes {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, fmt.Sprintf("%d %.40s", p.PID, p.Command))
	}
	return counted(len(c.PIDs), "process", "processes") + " (" + strings.Join(names, ", ") + ")"
}

func (c *crowd) numbers(set ns.Set) (words []string) {
	for _, k := range set.Kinds() {
		if id := c.ID(k.Flag); id.Ino != 0 {
			words = append(words, fmt.Sprintf("%s %d", k.Name, id.Ino))
		}
	}
	return words
}
