package course

import (
	"io/fs"
	"regexp"
	"strings"
	"sync"
)

// longest is how many lines of code a box may show: more is not looked into but skipped.
const longest = 80

// Lint finds what [Load] cannot: what is wrong with a lesson, its boxes, its links and translations. source is the
// module's source, see [Inside.Find]. All problems are joined in one error.
func (l *Lab) Lint(source fs.FS) error {
	p := &problems{file: l.Where + "/README.md"}
	text, err := fs.ReadFile(l.Files, "README.md")
	if err != nil {
		p.add(0, "the lesson cannot be read: %v", reason(err))
	} else {
		l.lintLesson(p, string(text), source)
	}
	if l.Go() {
		if _, err := fs.Stat(l.Files, "solution"); err != nil {
			p.file = l.Where
			p.add(0, "there is start/ and no solution/")
		}
	}
	errs := p.list
	for _, language := range l.Languages() {
		q := &problems{file: l.Where + "/README." + language + ".md"}
		if text, err := fs.ReadFile(l.Files, "README."+language+".md"); err == nil {
			l.lintLesson(q, string(text), source)
		} else {
			q.add(0, "lab.%s.yaml is translated, and the lesson is not: %v", language, reason(err))
		}
		if _, err := l.translation(language); err != nil {
			q.list = append(q.list, err)
		}
		errs = append(errs, q.list...)
	}
	return (&problems{list: errs}).err()
}

var taskMark = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*<!--\s*task\s+(\S+)\s*-->\s*$`) })

func (l *Lab) lintLesson(p *problems, text string, source fs.FS) {
	if !strings.HasPrefix(text, "# ") {
		p.add(1, "a lesson begins with its title: \"# …\"")
	}
	next, fence := 0, ""
	for i, line := range strings.Split(text, "\n") {
		number := i + 1
		trimmed := strings.TrimSpace(line)
		if mark, info, ok := codeFence(trimmed); ok {
			switch {
			case fence == "":
				fence = mark
				if words, is := strings.CutPrefix(info, "inside"); is {
					l.lintInside(p, number, words, source)
				}
			case info == "" && strings.HasPrefix(mark, fence):
				fence = ""
			}
			continue
		}
		if fence != "" {
			continue
		}
		if m := taskMark().FindStringSubmatch(line); m != nil {
			switch _, known := l.Task(m[1]); {
			case !known:
				p.add(number, "there is no task %q in lab.yaml", m[1])
			case next >= len(l.Tasks) || l.Tasks[next].Name != m[1]:
				p.add(number, "the task %q is not the next one; tasks stand in the lesson in the order of lab.yaml, each once", m[1])
			default:
				next++
			}
			continue
		}
		if strings.HasPrefix(trimmed, "<!--") {
			continue
		}
		for _, link := range links(line) {
			if strings.Contains(link, ":") || strings.HasPrefix(link, "#") || strings.HasPrefix(link, "..") {
				continue
			}
			file, _, _ := strings.Cut(link, "#")
			if _, err := fs.Stat(l.Files, file); err != nil {
				p.add(number, "the link leads to %q, which is not in the lab", file)
			}
		}
	}
	if fence != "" {
		p.add(strings.Count(text, "\n"), "a block of code is not closed")
	}
	for _, t := range l.Tasks[min(next, len(l.Tasks)):] {
		p.add(0, "the task %q has no place in the lesson: a line <!-- task %s -->", t.Name, t.Name)
	}
}

func (l *Lab) lintInside(p *problems, line int, words string, source fs.FS) {
	in, err := ParseInside(words)
	if err != nil {
		p.add(line, "%v", err)
		return
	}
	quote, err := in.Find(source)
	if err != nil {
		p.add(line, "%v", err)
		return
	}
	if n := strings.Count(quote.Text, "\n") + 1; n > longest {
		p.add(line, "%s is %d lines long, and a box shows %d at most; quote a part of it that has a name", in.Symbol, n, longest)
	}
}

// codeFence says whether a line opens or closes a block of code.
func codeFence(line string) (mark, info string, ok bool) {
	for _, c := range [...]string{"`", "~"} {
		if rest := strings.TrimLeft(line, c); len(line)-len(rest) >= 3 {
			return line[:len(line)-len(rest)], strings.TrimSpace(rest), true
		}
	}
	return "", "", false
}

// links lists where the links and pictures of a line lead.
func links(line string) []string {
	var all []string
	for code, part := range strings.Split(line, "`") {
		if code%2 == 1 {
			continue
		}
		for {
			_, rest, ok := strings.Cut(part, "](")
			if !ok {
				break
			}
			link, after, ok := strings.Cut(rest, ")")
			if !ok {
				break
			}
			all, part = append(all, link), after
		}
	}
	return all
}
