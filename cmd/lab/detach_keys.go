package main

import (
	"bytes"
	"strings"
)

const defaultDetachKeys = "ctrl-p,ctrl-q"

// parseDetachKeys reads "ctrl-p,ctrl-q": letters, and ctrl- with a letter or one of @ [ \ ] ^ _.
func parseDetachKeys(text string) ([]byte, error) {
	if text == "" {
		text = defaultDetachKeys
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
			return nil, usage("invalid detach keys (%s) provided: want letters, and ctrl- with one, joined by commas", text)
		}
	}
	return keys, nil
}

// escape finds the detach keys in what is typed. Keys that may be the beginning of them are held back until the next shows.
type escape struct {
	keys []byte
	held int // so many of keys have come
}

// pass returns what goes on to the program, and whether the keys are complete; what comes after them is dropped.
func (e *escape) pass(typed []byte) (text []byte, complete bool) {
	for _, key := range typed {
		held := append(bytes.Clone(e.keys[:e.held]), key)
		for len(held) > 0 && !bytes.HasPrefix(e.keys, held) {
			text = append(text, held[0])
			held = held[1:]
		}
		e.held = len(held)
		if e.held == len(e.keys) && e.held > 0 {
			e.held = 0
			return text, true
		}
	}
	return text, false
}
