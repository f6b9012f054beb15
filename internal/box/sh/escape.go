package sh

import (
	"strconv"
	"strings"
)

// dollarQuote reads $'…' after the quote.
func (p *parser) dollarQuote() string {
	start := p.pos
	for {
		c := p.next()
		if c == '\\' {
			p.next()
		} else if c == '\'' {
			return unescape(p.src[start:p.pos-1], false)
		}
	}
}

// unescape undoes the backslash escapes of printf and $'…'; octal0 wants \0nnn as echo -e does.
func unescape(s string, octal0 bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'a', 'b', 'f', 'n', 'r', 't', 'v':
			b.WriteByte("\a\b\f\n\r\t\v"[strings.IndexByte("abfnrtv", c)])
		case 'e':
			b.WriteByte(0x1b)
		case '\\', '\'', '"':
			b.WriteByte(c)
		case 'x':
			n := digits(s[i+1:], 16, 2)
			if n == 0 {
				b.WriteString("\\x")
				break
			}
			v, _ := strconv.ParseUint(s[i+1:i+1+n], 16, 8)
			b.WriteByte(byte(v))
			i += n
		case '0', '1', '2', '3', '4', '5', '6', '7':
			if octal0 {
				if c != '0' {
					b.WriteByte('\\')
					b.WriteByte(c)
					break
				}
				i++
			}
			n := digits(s[i:], 8, 3)
			v, _ := strconv.ParseUint("0"+s[i:i+n], 8, 16)
			b.WriteByte(byte(v))
			i += n - 1
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}

// digits counts the leading digits of a base, at most n.
func digits(s string, base, n int) int {
	i := 0
	for i < len(s) && i < n {
		if _, err := strconv.ParseUint(s[i:i+1], base, 8); err != nil {
			break
		}
		i++
	}
	return i
}
