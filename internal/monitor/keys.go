package monitor

import (
	"bytes"
	"fmt"
	"strings"
)

// DetachKeys is what people type to leave a container that runs on.
const DetachKeys = "ctrl-p,ctrl-q"

// ParseKeys reads a sequence such as "ctrl-p,ctrl-q" or "ctrl-a,d" into the bytes that a terminal sends. An empty text is
// [DetachKeys].
func ParseKeys(text string) ([]byte, error) {
	if text == "" {
		text = DetachKeys
	}
	var keys []byte
	for word := range strings.SplitSeq(text, ",") {
		letter, control := strings.CutPrefix(strings.ToLower(word), "ctrl-")
		switch {
		case control && len(letter) == 1 && letter[0] >= 'a' && letter[0] <= 'z':
			keys = append(keys, letter[0]-'a'+1)
		case control && len(letter) == 1 && (letter[0] == '@' || letter[0] >= '[' && letter[0] <= '_'):
			keys = append(keys, letter[0]-'@')
		case !control && len(word) == 1:
			keys = append(keys, word[0])
		default:
			return nil, fmt.Errorf("invalid detach keys (%s) provided: want letters, and ctrl- with one, joined by commas", text)
		}
	}
	return keys, nil
}

// Escape finds the detach keys in what is typed. Keys that may be the beginning of them are held back until the next shows.
type Escape struct {
	Keys []byte // none: nothing is found
	held int    // so many of them have come
}

// Pass returns what goes on to the program, and whether the keys are complete; what comes after them is dropped.
func (e *Escape) Pass(typed []byte) (text []byte, complete bool) {
	for _, key := range typed {
		held := append(bytes.Clone(e.Keys[:e.held]), key)
		for len(held) > 0 && !bytes.HasPrefix(e.Keys, held) {
			text = append(text, held[0])
			held = held[1:]
		}
		e.held = len(held)
		if e.held == len(e.Keys) && e.held > 0 {
			e.held = 0
			return text, true
		}
	}
	return text, false
}
