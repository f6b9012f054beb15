package seccomp

import (
	"encoding/binary"
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// call is struct seccomp_data.
type call struct {
	nr      uint32
	arch    uint32
	pointer uint64
	args    [6]uint64
}

func (c call) bytes() []byte {
	b := binary.LittleEndian.AppendUint32(nil, c.nr)
	b = binary.LittleEndian.AppendUint32(b, c.arch)
	b = binary.LittleEndian.AppendUint64(b, c.pointer)
	for _, a := range c.args {
		b = binary.LittleEndian.AppendUint64(b, a)
	}
	return b
}

// execute is the kernel's machine, with the checks that seccomp_check_filter
// and bpf_check_classic make. It returns the verdict and the instructions executed.
func execute(f Filter, c call) (verdict uint32, steps int, err error) {
	code, data := f.instructions(), c.bytes()
	a := uint32(0)
	for pc := 0; ; {
		if pc >= len(code) {
			return 0, steps, fmt.Errorf("ran off the end at %d", pc)
		}
		in := code[pc]
		steps++
		pc++
		holds := false
		switch in.Code {
		case opLoad:
			if in.K%4 != 0 || int(in.K)+4 > len(data) {
				return 0, steps, fmt.Errorf("load of offset %d at %d", in.K, pc-1)
			}
			a = binary.LittleEndian.Uint32(data[in.K:])
			continue
		case opAnd:
			a &= in.K
			continue
		case opJump:
			pc += int(in.K)
			continue
		case opRet:
			return in.K, steps, nil
		case opJeq:
			holds = a == in.K
		case opJgt:
			holds = a > in.K
		case opJge:
			holds = a >= in.K
		default:
			return 0, steps, fmt.Errorf("unknown code %#x at %d", in.Code, pc-1)
		}
		if holds {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
}

// reference says what the profile means for a call, straight from its text and
// as slowly as can be. It shares no code with the compiler but the tables.
func reference(p *specs.LinuxSeccomp, native Arch, c call) uint32 {
	var arch Arch
	for _, a := range []Arch{AMD64, I386, ARM64, ARM} {
		if a.facts().audit == c.arch {
			arch = a
		}
	}
	switch {
	case arch == native:
	case native == AMD64 && arch == I386 && lists(p, specs.ArchX86):
	case native == ARM64 && arch == ARM && lists(p, specs.ArchARM):
	default:
		return unix.SECCOMP_RET_KILL_PROCESS
	}
	if arch == AMD64 && c.nr >= 1<<30 {
		return unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	}
	name := arch.Name(c.nr)
	for _, rule := range p.Syscalls {
		for _, n := range rule.Names {
			if n == name && name != "" && argsMatch(rule.Args, c, arch == I386 || arch == ARM) {
				return spell(rule.Action, rule.ErrnoRet)
			}
			if arch != I386 || n == "" {
				continue
			}
			let := rule.Action == specs.ActAllow || rule.Action == specs.ActLog || rule.Action == specs.ActTrace
			if len(rule.Args) > 0 && let {
				continue
			}
			if name == "socketcall" && socketcall(n) > 0 && uint64(uint32(c.args[0])) == socketcall(n) || name == "ipc" && c.args[0]&0xffff == ipc(n) && ipc(n) > 0 {
				return spell(rule.Action, rule.ErrnoRet)
			}
		}
	}
	switch p.DefaultAction {
	case specs.ActAllow, specs.ActLog, specs.ActTrace:
	default:
		if name == "" {
			return unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
		}
	}
	return spell(p.DefaultAction, p.DefaultErrnoRet)
}

func lists(p *specs.LinuxSeccomp, arch specs.Arch) bool {
	for _, a := range p.Architectures {
		if a == arch {
			return true
		}
	}
	return false
}

func argsMatch(args []specs.LinuxSeccompArg, c call, narrow bool) bool {
	var count [6]int
	any, all, twice := false, true, false
	for _, arg := range args {
		v, want, mask := c.args[arg.Index], arg.Value, ^uint64(0)
		if arg.Op == specs.OpMaskedEqual {
			mask, want = arg.Value, arg.ValueTwo
		}
		if narrow {
			v, want, mask = v&0xffffffff, want&0xffffffff, mask&0xffffffff
		}
		ok := compares(arg.Op, v&mask, want&mask)
		any, all = any || ok, all && ok
		count[arg.Index]++
		twice = twice || count[arg.Index] > 1
	}
	if twice {
		return any
	}
	return all
}

func compares(op specs.LinuxSeccompOperator, v, want uint64) bool {
	switch op {
	case specs.OpEqualTo, specs.OpMaskedEqual:
		return v == want
	case specs.OpNotEqual:
		return v != want
	case specs.OpLessThan:
		return v < want
	case specs.OpLessEqual:
		return v <= want
	case specs.OpGreaterThan:
		return v > want
	case specs.OpGreaterEqual:
		return v >= want
	}
	panic(op)
}

func spell(action specs.LinuxSeccompAction, errno *uint) uint32 {
	e := uint32(1)
	if errno != nil {
		e = uint32(*errno)
	}
	switch action {
	case specs.ActAllow:
		return 0x7fff0000
	case specs.ActLog:
		return 0x7ffc0000
	case specs.ActTrace:
		return 0x7ff00000 | e
	case specs.ActErrno:
		return 0x00050000 | e
	case specs.ActTrap:
		return 0x00030000
	case specs.ActKillProcess:
		return 0x80000000
	}
	return 0
}
