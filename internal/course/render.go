package course

import (
	"fmt"
	"io"
	"strings"
)

// Page renders Markdown for a terminal: what lessons use of it, see docs/reference/lab-yaml.md.
type Page struct {
	Width    int    // of the terminal, in columns; 80 where it is 0
	Color    bool   // escape sequences for colours and weights
	Language string // of what lab itself says: zh, else English

	Task   func(name string) string            // the block of a task, Markdown; nil: none
	Inside func(words string) (string, string) // title and code of a box; nil: none
	Fill   func(ref string) (string, bool)     // variables; nil: none
	Here   string                              // "v1" or "v2": which version of control groups this machine has
}

// The styles of the terminal, by SGR number; see console_codes(4).
const (
	bold      = "1"
	faint     = "2"
	italic    = "3"
	underline = "4"
	green     = "32"
	yellow    = "33"
	cyan      = "36"
)

func (p *Page) style(code, text string) string {
	if !p.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Render writes the text.
func (p *Page) Render(w io.Writer, markdown string) error {
	if p.Width <= 0 {
		p.Width = 80
	}
	p.Width = min(p.Width, 100) // longer lines are no joy to read
	r := renderer{Page: p, lines: strings.Split(strings.ReplaceAll(markdown, "\r\n", "\n"), "\n")}
	r.blocks("")
	_, err := io.WriteString(w, plainSpaces(strings.TrimLeft(strings.TrimRight(r.out.String(), "\n"), "\n"))+"\n")
	return err
}

type renderer struct {
	*Page
	lines []string
	out   strings.Builder
}

// blocks renders all lines, each behind indent.
func (r *renderer) blocks(indent string) {
	for len(r.lines) > 0 {
		line := r.lines[0]
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
			r.lines = r.lines[1:]
		case strings.HasPrefix(trimmed, "<!--"):
			r.comment()
		case isFence(trimmed):
			r.fence(indent)
		case strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t"):
			r.indented(indent)
		case heading(trimmed) > 0:
			r.lines = r.lines[1:]
			r.heading(trimmed, indent)
		case isRule(trimmed):
			r.lines = r.lines[1:]
			r.gap()
			r.out.WriteString(indent + r.style(faint, strings.Repeat("─", max(3, r.Width-len(indent)))) + "\n")
		case strings.HasPrefix(trimmed, ">"):
			r.quote(indent)
		case strings.HasPrefix(trimmed, "|") && len(r.lines) > 1 && isTableRule(r.lines[1]):
			r.table(indent)
		case itemMark(line) != "":
			r.items(indent)
		default:
			r.paragraph(indent)
		}
	}
}

// gap leaves an empty line before a block.
func (r *renderer) gap() {
	if s := r.out.String(); s != "" && !strings.HasSuffix(s, "\n\n") {
		r.out.WriteByte('\n')
	}
}

// text fills in variables and renders what stands within a line.
func (r *renderer) text(s string) string {
	if r.Fill != nil {
		s = fillIn(s, r.Fill)
	}
	return r.inline(s)
}

func (r *renderer) comment() {
	if m := taskMark().FindStringSubmatch(r.lines[0]); m != nil && r.Task != nil {
		r.lines = r.lines[1:]
		inner := renderer{Page: r.Page, lines: strings.Split(r.Task(m[1]), "\n")}
		width := r.Width
		r.Page.Width -= 2
		inner.blocks("")
		r.Page.Width = width
		r.gap()
		bar := r.style(yellow, "┃") + " "
		if !r.Color {
			bar = "| "
		}
		for _, line := range strings.Split(strings.Trim(inner.out.String(), "\n"), "\n") {
			r.out.WriteString(strings.TrimRight(bar+line, " ") + "\n")
		}
		return
	}
	for len(r.lines) > 0 {
		end := strings.Contains(r.lines[0], "-->")
		r.lines = r.lines[1:]
		if end {
			return
		}
	}
}

func isFence(line string) bool { _, _, ok := codeFence(line); return ok }

func (r *renderer) fence(indent string) {
	lead := len(r.lines[0]) - len(strings.TrimLeft(r.lines[0], " "))
	mark, info, _ := codeFence(strings.TrimSpace(r.lines[0]))
	r.lines = r.lines[1:]
	var code []string
	for len(r.lines) > 0 {
		line := r.lines[0]
		r.lines = r.lines[1:]
		if end, rest, ok := codeFence(strings.TrimSpace(line)); ok && rest == "" && strings.HasPrefix(end, mark) {
			break
		}
		code = append(code, line[min(lead, len(line)-len(strings.TrimLeft(line, " "))):])
	}
	if words, ok := strings.CutPrefix(info, "inside"); ok && r.Inside != nil {
		r.box(indent, words)
		return
	}
	title := ""
	for _, version := range [...]string{"v1", "v2"} {
		if info == version || strings.HasSuffix(info, " "+version) {
			title = "cgroup " + version
			if r.Here == version {
				title = r.Say("cgroup %s, as on this machine", version)
			}
		}
	}
	r.gap()
	if title != "" {
		r.out.WriteString(indent + r.style(faint, title+":") + "\n")
	}
	color := green
	if info == "text" {
		color = "0"
	}
	r.code(indent+"    ", code, color, info != "text")
}

// code writes lines as they are, with variables filled in where they are commands.
func (r *renderer) code(indent string, lines []string, color string, fill bool) {
	for _, line := range lines {
		if fill && r.Fill != nil {
			line = fillIn(line, r.Fill)
		}
		line = strings.ReplaceAll(line, "\t", "    ")
		r.out.WriteString(strings.TrimRight(indent+r.style(color, line), " ") + "\n")
	}
}

// box shows lab's own code.
func (r *renderer) box(indent, words string) {
	title, code := r.Inside(words)
	r.gap()
	r.out.WriteString(indent + r.style(cyan, "┌ "+r.Say("look inside: %s", title)) + "\n")
	for _, line := range strings.Split(strings.TrimRight(code, "\n"), "\n") {
		line = strings.ReplaceAll(line, "\t", "    ")
		r.out.WriteString(strings.TrimRight(indent+r.style(cyan, "│ ")+line, " ") + "\n")
	}
	r.out.WriteString(indent + r.style(cyan, "└") + "\n")
}

func (r *renderer) indented(indent string) {
	var code []string
	for len(r.lines) > 0 {
		line := r.lines[0]
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "\t") {
			break
		}
		code = append(code, strings.TrimPrefix(strings.TrimPrefix(line, "\t"), "    "))
		r.lines = r.lines[1:]
	}
	for len(code) > 0 && strings.TrimSpace(code[len(code)-1]) == "" {
		code = code[:len(code)-1]
	}
	r.gap()
	r.code(indent+"    ", code, green, true)
}

func heading(line string) int {
	n := len(line) - len(strings.TrimLeft(line, "#"))
	if n > 0 && n <= 6 && (len(line) == n || line[n] == ' ') {
		return n
	}
	return 0
}

func (r *renderer) heading(line, indent string) {
	n := heading(line)
	text := strings.TrimSpace(strings.TrimRight(line[n:], "#"))
	r.gap()
	plain := indent + r.text(text)
	switch {
	case r.Color && n == 1:
		r.out.WriteString(indent + r.style(bold+";"+underline, stripped(r.text(text))) + "\n")
	case r.Color:
		r.out.WriteString(indent + r.style(bold, stripped(r.text(text))) + "\n")
	case n == 1:
		r.out.WriteString(plain + "\n" + indent + strings.Repeat("=", columns(plain)-len(indent)) + "\n")
	default:
		r.out.WriteString(plain + "\n" + indent + strings.Repeat("-", columns(plain)-len(indent)) + "\n")
	}
}

func isRule(line string) bool {
	for _, c := range [...]string{"-", "*", "_"} {
		if bare := strings.ReplaceAll(line, " ", ""); len(bare) >= 3 && strings.Trim(bare, c) == "" {
			return true
		}
	}
	return false
}

func (r *renderer) quote(indent string) {
	var inner []string
	for len(r.lines) > 0 && strings.HasPrefix(strings.TrimSpace(r.lines[0]), ">") {
		line := strings.TrimPrefix(strings.TrimSpace(r.lines[0]), ">")
		inner = append(inner, strings.TrimPrefix(line, " "))
		r.lines = r.lines[1:]
	}
	sub := renderer{Page: r.Page, lines: inner}
	width := r.Width
	r.Page.Width -= 2
	sub.blocks("")
	r.Page.Width = width
	r.gap()
	for _, line := range strings.Split(strings.Trim(sub.out.String(), "\n"), "\n") {
		r.out.WriteString(strings.TrimRight(indent+r.style(faint, "▌")+" "+line, " ") + "\n")
	}
}

func (r *renderer) paragraph(indent string) {
	words := []string{strings.TrimSpace(r.lines[0])}
	r.lines = r.lines[1:]
	for len(r.lines) > 0 && !startsBlock(r.lines[0]) && itemMark(r.lines[0]) == "" {
		words = append(words, strings.TrimSpace(r.lines[0]))
		r.lines = r.lines[1:]
	}
	r.gap()
	for _, line := range wrap(r.text(strings.Join(words, "\n")), r.Width-len(indent)) {
		r.out.WriteString(indent + line + "\n")
	}
}

// Bar draws how much of something is done.
func (p *Page) Bar(done, all, width int) string {
	full := 0
	if all > 0 {
		full = width * done / all
	}
	if !p.Color {
		return "[" + strings.Repeat("#", full) + strings.Repeat(".", width-full) + "]"
	}
	return p.style(green, strings.Repeat("━", full)) + p.style(faint, strings.Repeat("─", width-full))
}

// Paragraph wraps a text of Markdown behind an indent.
func (p *Page) Paragraph(indent, text string) string {
	if p.Width <= 0 {
		p.Width = 80
	}
	r := renderer{Page: p, lines: strings.Split(text, "\n")}
	width := p.Width
	p.Width = min(p.Width, 100) - len(indent)
	r.blocks("")
	p.Width = width
	var b strings.Builder
	for _, line := range strings.Split(strings.Trim(r.out.String(), "\n"), "\n") {
		b.WriteString(strings.TrimRight(indent+plainSpaces(line), " ") + "\n")
	}
	return b.String()
}

// Style prints a text in one of the styles that lab has: "good", "bad", "faint", "bold".
func (p *Page) Style(name, text string) string {
	code := map[string]string{"good": green, "bad": "31", "faint": faint, "bold": bold, "warn": yellow}[name]
	if code == "" {
		panic(fmt.Sprintf("course: no style %q", name))
	}
	return p.style(code, text)
}
