package seccomp

// span is a run of system call numbers that share one fate: from first up to
// the first of the next span.
type span struct {
	first uint32
	fate  label
}

// search writes a binary search for the number in A: each test halves the
// spans that are left.
//
// A list of "is it 0? is it 1? …", which is what the first filters were, asks
// up to 350 questions before it reaches a call with a high number. Neighbours
// mostly share a fate: Docker's profile turns the 385 calls of amd64 into 68
// spans, which need at most 7 questions.
func (p *program) search(spans []span) label {
	if len(spans) == 1 {
		return spans[0].fate
	}
	if odd, ok := oneOut(spans); ok {
		return p.branch(opJeq, odd.first, odd.fate, spans[0].fate)
	}
	middle := len(spans) / 2
	above := p.search(spans[middle:])
	below := p.search(spans[:middle])
	return p.branch(opJge, spans[middle].first, above, below)
}

// oneOut recognises a single number between two spans of equal fate, which
// takes one question instead of two.
func oneOut(s []span) (odd span, ok bool) {
	if len(s) == 3 && s[0].fate == s[2].fate && s[2].first == s[1].first+1 {
		return s[1], true
	}
	return span{}, false
}

// spans lays out the whole range of numbers. Those in known have the fate that
// fateOf tells; the gaps between and all above have the fate unknown.
func spans(known []uint32, fateOf func(nr uint32) label, unknown label) []span {
	var list []span
	add := func(first uint32, fate label) {
		if len(list) == 0 || list[len(list)-1].fate != fate {
			list = append(list, span{first, fate})
		}
	}
	next := uint32(0)
	for _, nr := range known {
		if nr != next {
			add(next, unknown)
		}
		add(nr, fateOf(nr))
		next = nr + 1
	}
	add(next, unknown)
	return list
}
