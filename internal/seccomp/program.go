package seccomp

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// The few instructions of classic BPF that a filter needs. The machine has one
// 32-bit register, A, and a conditional jump names two targets: how many
// instructions to skip if the test holds (jt) and if not (jf).
const (
	opLoad = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS  // A = the 4 bytes of seccomp_data at offset k
	opAnd  = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K // A &= k
	opJump = unix.BPF_JMP | unix.BPF_JA               // skip k instructions; k has 32 bits
	opJeq  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K // A == k ?
	opJgt  = unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K // A > k ?
	opJge  = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K // A >= k ?
	opRet  = unix.BPF_RET | unix.BPF_K                // the verdict is k
)

// reach is how far a conditional jump can skip: jt and jf are single bytes.
// Two less than 255, because making one target reachable may put an
// instruction between the jump and the other.
const reach = 255 - 2

// program is written from its last instruction to its first. Jumps in classic
// BPF only go forward, so that every target is already there when the jump to
// it is written, and no second pass has to fill in distances.
type program struct {
	reversed []unix.SockFilter
	rets     map[uint32]label // the latest "ret k", to be shared
	near     map[label]label  // the latest stand-in for a target out of reach
}

// label is a place in the program: the number of instructions from there to the
// end, less one. It stays true while instructions are put in front.
type label int

func (p *program) put(code uint16, jt, jf uint8, k uint32) label {
	p.reversed = append(p.reversed, unix.SockFilter{Code: code, Jt: jt, Jf: jf, K: k})
	return label(len(p.reversed) - 1)
}

// skip is the distance to target of an instruction that is put next.
func (p *program) skip(target label) int {
	return len(p.reversed) - int(target) - 1
}

func (p *program) load(offset uint32) label { return p.put(opLoad, 0, 0, offset) }
func (p *program) and(mask uint32) label    { return p.put(opAnd, 0, 0, mask) }

// ret returns a place that ends the filter with verdict, an old one if it is near.
func (p *program) ret(verdict uint32) label {
	if l, ok := p.rets[verdict]; ok && p.skip(l) <= reach {
		return l
	}
	l := p.put(opRet, 0, 0, verdict)
	p.rets[verdict] = l
	return l
}

// branch goes to yes if "A op k" holds, else to no.
func (p *program) branch(op uint16, k uint32, yes, no label) label {
	if yes == no {
		return yes
	}
	yes, no = p.reachable(yes), p.reachable(no)
	if yes == no {
		return yes // two copies of one verdict
	}
	return p.put(op, uint8(p.skip(yes)), uint8(p.skip(no)), k)
}

// reachable returns target, or a stand-in for it that a conditional jump can
// reach: its own copy of a verdict, or else a long jump, whose distance has 32
// bits. Either costs one instruction of length; only the long jump costs one
// to execute.
func (p *program) reachable(target label) label {
	if p.skip(target) <= reach {
		return target
	}
	if l, ok := p.near[target]; ok && p.skip(l) <= reach {
		return l
	}
	var l label
	if end := p.reversed[target]; end.Code == opRet {
		l = p.ret(end.K)
	} else {
		l = p.put(opJump, 0, 0, uint32(p.skip(target)))
	}
	p.near[target] = l
	return l
}

// before makes sure that target is what comes next: instructions that do not
// jump, like load, fall through.
func (p *program) before(target label) {
	if p.skip(target) != 0 {
		p.put(opJump, 0, 0, uint32(p.skip(target)))
	}
}

// code turns the program the right way round, as bytes.
func (p *program) code() string {
	b := make([]byte, 0, len(p.reversed)*instructionSize)
	for i := len(p.reversed) - 1; i >= 0; i-- {
		in := p.reversed[i]
		b = binary.LittleEndian.AppendUint16(b, in.Code)
		b = append(b, in.Jt, in.Jf)
		b = binary.LittleEndian.AppendUint32(b, in.K)
	}
	return string(b)
}
