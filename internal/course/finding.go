package course

import "strings"

// Finding is the answer to a check. Where it is no, the texts say what a learner wants to know.
type Finding struct {
	OK       bool   `json:"ok"`
	Found    string `json:"found,omitempty"`    // "process 4242 (sleep 60) is in net:[4026531840], the host's"
	Expected string `json:"expected,omitempty"` // "one in a namespace of its own"
	Advice   string `json:"advice,omitempty"`   // "`unshare` makes one only with -n."
	Meant    string `json:"meant,omitempty"`    // "process 4242 (sleep 60) is the likeliest of 2 that match; …"
	Look     string `json:"look,omitempty"`     // "`readlink /proc/4242/ns/net`"

	passed int // how many parts of the question were true: the one of several that came furthest is told
}

func yes() Finding { return Finding{OK: true} }

// no is a finding that the task is not content with.
func no(found, expected string) Finding { return Finding{Found: found, Expected: expected} }

func (f Finding) advise(advice string) Finding { f.Advice = advice; return f }
func (f Finding) at(look string) Finding       { f.Look = look; return f }

// String is the finding in sentences, without which process is meant and where to look.
func (f Finding) String() string {
	if f.OK {
		return "it is so"
	}
	var b strings.Builder
	b.WriteString(f.Found)
	if f.Expected != "" {
		b.WriteString("; the task wants " + f.Expected)
	}
	if !strings.HasSuffix(b.String(), "?") && !strings.HasSuffix(b.String(), ".") {
		b.WriteString(".")
	}
	if f.Advice != "" {
		b.WriteString(" " + f.Advice)
	}
	return b.String()
}
