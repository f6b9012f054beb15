package course

import (
	"strings"
	"time"
)

const minute = time.Minute

// builtin are the variables that every lab has, besides cgroup_CONTROLLER.
var builtin = [...]struct{ name, about string }{
	{"work", "the lab's work directory, where the learner's files are"},
	{"lab", "the lab's name: 010-chroot"},
	{"fence", "the lab's control group with limits, a path below the top of each tree; only where lab.yaml has a fence"},
	{"start", "a directory with the lab's start/; only where the learner writes Go"},
	{"solution", "a directory with the lab's solution/; only where the learner writes Go"},
}

// references lists the variables that a text uses: $work, ${work}, ${sleeper.net}. $$ is a dollar sign.
func references(s string) []string {
	var all []string
	expand(s, func(ref string) (string, bool) {
		all = append(all, ref)
		return "", true
	})
	return all
}

// expand puts values in place of variables, and a dollar sign in place of $$. What fill does not know stays as it is.
func expand(s string, fill func(ref string) (string, bool)) string { return replaced(s, "$", fill) }

// fillIn puts values in place of the variables that fill knows, and leaves all other dollar signs as they are: $$, $!, $(…).
func fillIn(s string, fill func(ref string) (string, bool)) string { return replaced(s, "$$", fill) }

func replaced(s, twoDollars string, fill func(ref string) (string, bool)) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		ref, length := reference(s)
		switch {
		case strings.HasPrefix(s, "$$"):
			b.WriteString(twoDollars)
			length = 2
		case length == 0:
			b.WriteString("$")
			length = 1
		default:
			value, ok := fill(ref)
			if !ok {
				value = s[:length]
			}
			b.WriteString(value)
		}
		s = s[length:]
	}
}

// reference reads the variable at the beginning of s, which is a dollar sign; its length is 0 where there is none.
func reference(s string) (ref string, length int) {
	body, end := s[1:], 0
	braces := strings.HasPrefix(body, "{")
	if braces {
		body = body[1:]
	}
	for end < len(body) && (body[end] >= 'a' && body[end] <= 'z' || body[end] == '_' && end > 0 ||
		body[end] >= '0' && body[end] <= '9' && end > 0 || braces && body[end] == '.' && end > 0) {
		end++
	}
	switch {
	case end == 0, braces && !strings.HasPrefix(body[end:], "}"):
		return "", 0
	case braces:
		return body[:end], end + 3
	}
	return body[:end], end + 1
}
