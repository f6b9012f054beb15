package sh

import "strings"

func (p *parser) hereDoc(r *redir) {
	var b strings.Builder
	for {
		if p.eof() {
			panic(error(errIncomplete))
		}
		end := strings.IndexByte(p.src[p.pos:], '\n')
		last := end < 0
		if last {
			end = len(p.src) - p.pos
		}
		text := p.src[p.pos : p.pos+end]
		p.pos += end
		if !last {
			p.pos++
			p.line++
		}
		if r.strip {
			text = strings.TrimLeft(text, "\t")
		}
		if text == r.delim {
			break
		}
		if last {
			panic(error(errIncomplete))
		}
		b.WriteString(text)
		b.WriteByte('\n')
	}
	if r.quoted {
		r.body = word{{kind: literal, quoted: true, text: b.String()}}
		return
	}
	inner := &parser{src: b.String(), line: p.line, u: p.u, depth: p.depth + 1}
	r.body = inner.quotedParts(0)
}
