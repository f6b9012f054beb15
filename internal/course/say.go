package course

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// Say is what lab itself says, in the page's language. format is the English words, with verbs as fmt has them; where there is no
// translation they stay.
func (p *Page) Say(format string, args ...any) string {
	if p.Language == "zh" {
		if words, ok := chinese()[format]; ok {
			format = words
		}
	}
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// Sentence is [Finding.String] in the page's language. What the kernel says stays as it is, and so does a sentence that has no
// translation.
func (p *Page) Sentence(f Finding) string {
	if p.Language != "zh" || f.OK {
		return f.String()
	}
	text := p.phrase(f.Found)
	if f.Expected != "" {
		text += "；任务要求：" + p.phrase(f.Expected)
	}
	if last, _ := utf8.DecodeLastRuneInString(text); !strings.ContainsRune("。.？?", last) {
		text += "。"
	}
	return text + p.phrase(f.Advice)
}

// phrase is a part of a finding in the page's language.
func (p *Page) phrase(text string) string {
	if p.Language != "zh" {
		return text
	}
	for _, one := range chinesePhrases() {
		if one.english.MatchString(text) {
			return one.english.ReplaceAllString(text, one.chinese)
		}
	}
	return text
}

type phrase struct {
	english *regexp.Regexp
	chinese string
}

// chinesePhrases are the sentences of findings that learners meet most: a * stands for what the machine says.
var chinesePhrases = sync.OnceValue(func() []phrase {
	var all []phrase
	for line := range strings.Lines(chinesePhraseList) {
		english, words, ok := strings.Cut(strings.TrimSpace(line), " = ")
		if !ok {
			continue
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(english), `\*`, `(.+)`)
		for n := 1; strings.Contains(words, "*"); n++ {
			words = strings.Replace(words, "*", fmt.Sprintf("${%d}", n), 1)
		}
		all = append(all, phrase{regexp.MustCompile("^" + pattern + "$"), words})
	}
	return all
})
