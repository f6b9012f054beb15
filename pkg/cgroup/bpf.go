package cgroup

// insn is one instruction of the kernel's BPF machine, as struct bpf_insn of linux/bpf.h lays it out: 8 bytes.
type insn struct {
	code uint8
	regs uint8 // destination in the low four bits, source in the high four
	off  int16 // of a jump: how many instructions to pass over
	imm  int32
}

// The few instructions that a device program is made of (bpf(2), "eBPF instruction set").
const (
	opLoadWord = 0x61 // BPF_LDX|BPF_MEM|BPF_W:  dst = *(u32 *)(src + off)
	opMov      = 0xbf // BPF_ALU64|BPF_MOV|BPF_X: dst = src
	opMovImm   = 0xb7 // BPF_ALU64|BPF_MOV|BPF_K: dst = imm
	opAndImm   = 0x57 // BPF_ALU64|BPF_AND|BPF_K: dst &= imm
	opShiftImm = 0x77 // BPF_ALU64|BPF_RSH|BPF_K: dst >>= imm
	opNotEqImm = 0x55 // BPF_JMP|BPF_JNE|BPF_K:   if dst != imm, jump
	opNotEq    = 0x5d // BPF_JMP|BPF_JNE|BPF_X:   if dst != src, jump
	opEqImm    = 0x15 // BPF_JMP|BPF_JEQ|BPF_K:   if dst == imm, jump
	opExit     = 0x95 // BPF_JMP|BPF_EXIT:        return r0
)

// The device types of struct bpf_cgroup_dev_ctx.
const (
	devBlock = 1
	devChar  = 2
)

// deviceProgram compiles rules. The kernel runs the program for each open and mknod of a device with, in r1, the address of
//
//	struct bpf_cgroup_dev_ctx { u32 access_type /* access << 16 | type */, major, minor; }
//
// and takes r0 for the answer: 1 allows, 0 is EPERM. The first exception that fits decides, else the default:
//
//	r2 = access   r3 = type   r4 = major   r5 = minor
//	for each exception:  if type, access, major and minor fit: return !default
//	return default
//
// "Fits" is v1's: under a default that denies, the exception must cover all of the asked access; under one that allows,
// any of it.
func deviceProgram(rules []DeviceRule) ([]insn, error) {
	allow, list, err := reduce(rules)
	if err != nil {
		return nil, err
	}
	program := prologue()
	for _, e := range list {
		program = append(program, e.program(allow)...)
	}
	return append(program, verdict(allow)...), nil
}

// prologue takes the request apart.
func prologue() []insn {
	return []insn{
		{opLoadWord, 2 | 1<<4, 0, 0},
		{opMov, 3 | 2<<4, 0, 0},
		{opAndImm, 3, 0, 0xffff},
		{opShiftImm, 2, 0, 16},
		{opLoadWord, 4 | 1<<4, 4, 0},
		{opLoadWord, 5 | 1<<4, 8, 0},
	}
}

func allowAll() []insn { return append(prologue(), verdict(true)...) }

// program is the block of one exception: tests that jump past its end, and the verdict.
func (e exception) program(allow bool) []insn {
	kind := int32(devChar)
	if e.kind == 'b' {
		kind = devBlock
	}
	block := []insn{{opNotEqImm, 3, 0, kind}}
	if e.access != accessAll {
		block = append(block, insn{opMov, 1 | 2<<4, 0, 0}, insn{opAndImm, 1, 0, int32(e.access)})
		if allow {
			block = append(block, insn{opEqImm, 1, 0, 0})
		} else {
			block = append(block, insn{opNotEq, 1 | 2<<4, 0, 0})
		}
	}
	if e.major != Any {
		block = append(block, insn{opNotEqImm, 4, 0, int32(e.major)})
	}
	if e.minor != Any {
		block = append(block, insn{opNotEqImm, 5, 0, int32(e.minor)})
	}
	block = append(block, verdict(!allow)...)
	for i := range block {
		switch block[i].code {
		case opNotEqImm, opNotEq, opEqImm:
			block[i].off = int16(len(block) - i - 1)
		}
	}
	return block
}

func verdict(allow bool) []insn {
	answer := int32(0)
	if allow {
		answer = 1
	}
	return []insn{{opMovImm, 0, 0, answer}, {opExit, 0, 0, 0}}
}
