package monitor

import (
	"fmt"
	"strings"
)

// DetachKeys is what people type to leave a container that runs on.
const DetachKeys = "ctrl-p,ctrl-q"

// ParseKeys reads a sequence such as "ctrl-p,ctrl-q" or "ctrl-a,d" into the bytes that a terminal sends. An empty text is no
// sequence at all.
func ParseKeys(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	var keys []byte
	for _, name := range strings.Split(text, ",") {
		letter, control := strings.CutPrefix(strings.ToLower(name), "ctrl-")
		switch {
		case control && len(letter) == 1 && (letter[0] >= 'a' && letter[0] <= 'z' || strings.ContainsAny(letter, `@[\]^_`)):
			keys = append(keys, strings.ToUpper(letter)[0]&0x1f)
		case !control && len(name) == 1:
			keys = append(keys, name[0])
		default:
			return nil, fmt.Errorf("invalid detach keys %q: want keys such as ctrl-p,ctrl-q, with a to z or one of @[\\]^_ after ctrl-", text)
		}
	}
	return keys, nil
}

// keyWatch looks for the detach keys in what is typed.
type keyWatch struct {
	keys []byte
	seen int // how many of them have come, and were not passed on yet
}

// pass returns what the container is to get of the bytes typed, and whether the keys were among them. Keys that are not followed
// by the rest of the sequence are passed on late.
func (w *keyWatch) pass(typed []byte) (out []byte, detach bool) {
	if len(w.keys) == 0 {
		return typed, false
	}
	for _, b := range typed {
		if b == w.keys[w.seen] {
			if w.seen++; w.seen == len(w.keys) {
				w.seen = 0
				return out, true
			}
			continue
		}
		out = append(out, w.keys[:w.seen]...)
		w.seen = 0
		if b == w.keys[0] {
			w.seen = 1
			if len(w.keys) == 1 {
				return out, true
			}
			continue
		}
		out = append(out, b)
	}
	return out, false
}
