package seccomp

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// String lists the program, an instruction a line, with jump targets as line
// numbers, and with the names of calls, architectures and errors:
//
//	 0  load arch
//	 1  if A == 0xc000003e amd64 goto 3 else 2
//	 2  return KILL_PROCESS
//	 3  load number
//	 4  if A >= 136 ustat goto 7 else 5
//	…
//
// For reading only; the format is not fixed.
func (f Filter) String() string {
	code := f.instructions()
	var b strings.Builder
	loaded := uint32(offsetArch)
	sections := map[int]Arch{} // where the part of an architecture starts
	var arch Arch
	for i, in := range code {
		if a, ok := sections[i]; ok {
			arch = a
		}
		fmt.Fprintf(&b, "%4d  ", i)
		switch in.Code {
		case opLoad:
			loaded = in.K
			fmt.Fprintf(&b, "load %s\n", field(in.K))
		case opAnd:
			fmt.Fprintf(&b, "A &= %#x\n", in.K)
		case opJump:
			fmt.Fprintf(&b, "goto %d\n", i+1+int(in.K))
		case opRet:
			fmt.Fprintf(&b, "return %s\n", verdictName(in.K))
		case opJeq, opJgt, opJge:
			yes, no := i+1+int(in.Jt), i+1+int(in.Jf)
			what := ""
			switch {
			case loaded == offsetArch:
				a := byAudit(in.K)
				sections[landing(code, yes)] = a
				what = " " + a.String()
			case loaded == offsetNumber && arch.Name(in.K) != "":
				what = " " + arch.Name(in.K)
			}
			fmt.Fprintf(&b, "if A %s %s%s goto %d else %d\n", comparison(in.Code), operand(loaded, in.K), what, yes, no)
		default:
			fmt.Fprintf(&b, "code %#x jt %d jf %d k %#x\n", in.Code, in.Jt, in.Jf, in.K)
		}
	}
	return b.String()
}

func (f Filter) instructions() []unix.SockFilter {
	code := make([]unix.SockFilter, 0, f.Len())
	for i := 0; i+instructionSize <= len(f.Code); i += instructionSize {
		b := []byte(f.Code[i : i+instructionSize])
		code = append(code, unix.SockFilter{
			Code: binary.LittleEndian.Uint16(b),
			Jt:   b[2],
			Jf:   b[3],
			K:    binary.LittleEndian.Uint32(b[4:]),
		})
	}
	return code
}

// landing follows a long jump.
func landing(code []unix.SockFilter, i int) int {
	if i < len(code) && code[i].Code == opJump {
		return i + 1 + int(code[i].K)
	}
	return i
}

// field names the bytes of struct seccomp_data at offset.
func field(offset uint32) string {
	switch {
	case offset == offsetNumber:
		return "number"
	case offset == offsetArch:
		return "arch"
	case offset >= offsetArguments && offset < offsetArguments+6*8 && offset%8 == 0:
		return fmt.Sprintf("argument %d, low half", (offset-offsetArguments)/8)
	case offset >= offsetArguments && offset < offsetArguments+6*8 && offset%8 == 4:
		return fmt.Sprintf("argument %d, high half", (offset-offsetArguments)/8)
	}
	return fmt.Sprintf("offset %d", offset)
}

// operand writes system call numbers as the tables do, all else in hex.
func operand(loaded, k uint32) string {
	if loaded == offsetNumber && k < x32Bit {
		return fmt.Sprint(k)
	}
	return fmt.Sprintf("%#x", k)
}

func comparison(op uint16) string {
	switch op {
	case opJeq:
		return "=="
	case opJgt:
		return ">"
	}
	return ">="
}

func byAudit(value uint32) Arch {
	for _, a := range [...]Arch{AMD64, I386, ARM64, ARM} {
		if a.facts().audit == value {
			return a
		}
	}
	return 0
}

func verdictName(v uint32) string {
	data := v & unix.SECCOMP_RET_DATA
	switch v & unix.SECCOMP_RET_ACTION_FULL {
	case unix.SECCOMP_RET_ALLOW:
		return "ALLOW"
	case unix.SECCOMP_RET_LOG:
		return "LOG"
	case unix.SECCOMP_RET_TRAP:
		return "TRAP"
	case unix.SECCOMP_RET_KILL_THREAD:
		return "KILL_THREAD"
	case unix.SECCOMP_RET_KILL_PROCESS:
		return "KILL_PROCESS"
	case unix.SECCOMP_RET_TRACE:
		return fmt.Sprintf("TRACE %d", data)
	case unix.SECCOMP_RET_ERRNO:
		if name := unix.ErrnoName(unix.Errno(data)); name != "" {
			return "ERRNO " + name
		}
		return fmt.Sprintf("ERRNO %d", data)
	}
	return fmt.Sprintf("%#x", v)
}
