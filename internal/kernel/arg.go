package kernel

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"
)

// Arg is one argument of a system call: a number, flags, a string, bytes, or a descriptor. It knows
// both the machine word that the kernel gets and the text that a person reads.
type Arg struct {
	word  uintptr        // the value, where it is a number
	mem   []byte         // what the word points to, where it is memory
	vec   []*byte        // a NULL-terminated vector of strings (argv, envp)
	slot  Slot           // the word is this slot's content
	names []flagName     // the bits' names, where it is a set of flags
	text  string         // a ready text
	kind  byte           // one of the kinds below
	cut   bool           // a string with a NUL in it
	ptr   unsafe.Pointer // a struct; keeps it alive
}

const (
	kindInt = iota
	kindFlags
	kindString
	kindBytes
	kindVec
	kindFD
	kindText
	kindMode
	kindNull
)

func num(n int) Arg                 { return Arg{word: uintptr(n), kind: kindInt} }
func mode(m uint32) Arg             { return Arg{word: uintptr(m), kind: kindMode} }
func null() Arg                     { return Arg{kind: kindNull} }
func named(n uintptr, t string) Arg { return Arg{word: n, text: t, kind: kindText} }

func flags(n uintptr, names []flagName) Arg {
	return Arg{word: n, names: names, kind: kindFlags}
}

// str is a C string. The kernel would stop at a NUL in the middle and mean another file: an op with such a string is not made and
// fails with EINVAL.
func str(s string) Arg {
	return Arg{mem: append([]byte(s), 0), cut: strings.IndexByte(s, 0) >= 0, kind: kindString}
}

// strOrNull is str, or NULL where s is empty.
func strOrNull(s string) Arg {
	if s == "" {
		return null()
	}
	return str(s)
}

func bytesArg(b []byte) Arg { return Arg{mem: b, kind: kindBytes} }

func structArg(p unsafe.Pointer, text string) Arg {
	return Arg{ptr: p, text: text, kind: kindText}
}

func ref(r Ref) Arg {
	if r.slot != 0 {
		return Arg{slot: r.slot, kind: kindFD}
	}
	return Arg{word: uintptr(r.fd), kind: kindFD}
}

func vec(list []string) Arg {
	v := make([]*byte, len(list)+1)
	size := 0
	for _, s := range list {
		size += len(s) + 1
	}
	mem := make([]byte, 0, size)
	cut := false
	for i, s := range list {
		cut = cut || strings.IndexByte(s, 0) >= 0
		at := len(mem)
		mem = append(append(mem, s...), 0)
		v[i] = &mem[at : at+1][0]
	}
	return Arg{vec: v, mem: mem, cut: cut, kind: kindVec}
}

// raw returns the machine word. The Arg must outlive its use.
func (a Arg) raw() uintptr {
	switch {
	case a.ptr != nil:
		return uintptr(a.ptr)
	case a.vec != nil:
		return uintptr(unsafe.Pointer(&a.vec[0]))
	case len(a.mem) > 0:
		return uintptr(unsafe.Pointer(&a.mem[0]))
	}
	return a.word
}

// String returns the argument as strace(1) would print it.
func (a Arg) String() string {
	switch a.kind {
	case kindFlags:
		return flagText(a.word, a.names)
	case kindString:
		return strconv.Quote(a.Text())
	case kindBytes:
		return quoteShort(a.mem)
	case kindVec:
		return vecText(a.Strings())
	case kindFD:
		return a.fdText()
	case kindMode:
		return "0" + strconv.FormatUint(uint64(a.word), 8)
	case kindNull:
		return "NULL"
	case kindText:
		return a.text
	}
	return itoa(int(a.word))
}

// Text returns a string argument without quotes, and "" for other kinds.
func (a Arg) Text() string {
	if a.kind != kindString || len(a.mem) == 0 {
		return ""
	}
	return string(a.mem[:len(a.mem)-1])
}

// Strings returns the elements of a vector argument.
func (a Arg) Strings() []string {
	if a.kind != kindVec || len(a.mem) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(a.mem), "\x00"), "\x00")
}

// Word returns the number of an argument that is one: flags, a mode, a count.
func (a Arg) Word() uintptr { return a.word }

func (a Arg) fdText() string {
	switch {
	case a.slot != 0:
		return "$" + itoa(int(a.slot))
	case int(a.word) == -100:
		return "AT_FDCWD"
	}
	return itoa(int(a.word))
}

func vecText(list []string) string {
	if len(list) > 6 {
		return fmt.Sprintf("[%d strings]", len(list))
	}
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func quoteShort(b []byte) string {
	if len(b) > 48 {
		return strconv.Quote(string(b[:45])) + "..."
	}
	return strconv.Quote(string(b))
}

func itoa(n int) string { return strconv.Itoa(n) }
