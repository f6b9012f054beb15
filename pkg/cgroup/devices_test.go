package cgroup

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// runProgram is the kernel's BPF machine, as far as device programs need it.
func runProgram(t testing.TB, program []insn, kind byte, major, minor, access uint32) bool {
	t.Helper()
	types := map[byte]uint32{'b': devBlock, 'c': devChar}
	context := map[int16]uint64{0: uint64(access<<16 | types[kind]), 4: uint64(major), 8: uint64(minor)}
	var r [11]uint64
	for pc, steps := 0, 0; steps < 10000; pc, steps = pc+1, steps+1 {
		require.Less(t, pc, len(program), "ran off the end")
		i := program[pc]
		dst, src := &r[i.regs&15], r[i.regs>>4]
		jump := false
		switch i.code {
		case opLoadWord:
			*dst = context[i.off]
		case opMov:
			*dst = src
		case opMovImm:
			*dst = uint64(i.imm)
		case opAndImm:
			*dst &= uint64(i.imm)
		case opShiftImm:
			*dst >>= uint64(i.imm)
		case opNotEqImm:
			jump = *dst != uint64(i.imm)
		case opEqImm:
			jump = *dst == uint64(i.imm)
		case opNotEq:
			jump = *dst != src
		case opExit:
			return r[0] == 1
		default:
			require.Failf(t, "unknown instruction", "%#x", i.code)
		}
		if jump {
			require.GreaterOrEqual(t, i.off, int16(0), "loops are not allowed")
			pc += int(i.off)
		}
	}
	require.Fail(t, "no end")
	return false
}

func TestDefaultDevices(t *testing.T) {
	program, err := deviceProgram(DefaultDevices())
	require.NoError(t, err)
	for _, test := range []struct {
		kind         byte
		major, minor uint32
		access       uint32
		allowed      bool
	}{
		{'c', 1, 3, accessRead | accessWrite, true},
		{'c', 1, 3, accessAll, true},
		{'c', 1, 11, accessRead, false},
		{'c', 1, 11, accessMknod, true},
		{'c', 136, 77, accessRead | accessWrite, true},
		{'c', 5, 2, accessRead, true},
		{'b', 8, 0, accessMknod, true},
		{'b', 8, 0, accessRead, false},
		{'b', 1, 3, accessRead, false},
		{'c', 10, 229, accessRead, false}, // fuse
	} {
		assert.Equal(t, test.allowed, runProgram(t, program, test.kind, test.major, test.minor, test.access), "%+v", test)
	}
	assert.Equal(t, []setting{{"devices.deny", []string{"a"}}, {"devices.allow", []string{"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm",
		"c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm", "c 5:2 rwm", "c 136:* rwm"}}}, devicesV1(DefaultDevices(), false))
}

func TestReduce(t *testing.T) {
	deny, allow := DeviceRule{Type: 'a', Access: "rwm"}, DeviceRule{Allow: true, Type: 'a', Access: "rwm"}
	kmsg := func(allow bool, access string) DeviceRule {
		return DeviceRule{Allow: allow, Type: 'c', Major: 1, Minor: 11, Access: access}
	}
	for name, test := range map[string]struct {
		rules []DeviceRule
		allow bool
		want  []exception
		err   string
	}{
		"none":             {nil, true, nil, ""},
		"all":              {[]DeviceRule{deny, kmsg(true, "r"), allow}, true, nil, ""},
		"rights add up":    {[]DeviceRule{deny, kmsg(true, "r"), kmsg(true, "w")}, false, []exception{{'c', 1, 11, accessRead | accessWrite}}, ""},
		"and are taken":    {[]DeviceRule{deny, kmsg(true, "rw"), kmsg(false, "wm")}, false, []exception{{'c', 1, 11, accessRead}}, ""},
		"to the last":      {[]DeviceRule{deny, kmsg(true, "r"), kmsg(false, "rwm")}, false, []exception{}, ""},
		"all but one":      {[]DeviceRule{kmsg(false, "rwm")}, true, []exception{{'c', 1, 11, accessAll}}, ""},
		"part of wildcard": {[]DeviceRule{deny, {Allow: true, Type: 'c', Major: 1, Minor: Any, Access: "rw"}, kmsg(false, "w")}, false, nil, `device rule "c 1:11 w": it is about a part of "c 1:* rw" before it, which cannot be taken out again`},
		"no access":        {[]DeviceRule{kmsg(true, "")}, false, nil, `device rule "c 1:11 ": the access is made of r, w and m`},
		"access twice":     {[]DeviceRule{kmsg(true, "rr")}, false, nil, `device rule "c 1:11 rr": the access is made of r, w and m`},
		"no type":          {[]DeviceRule{{Access: "r"}}, false, nil, `device rule: the type is a, b or c, not '\x00'`},
		"part of all":      {[]DeviceRule{{Type: 'a', Access: "r"}}, false, nil, `device rule "a *:* r": a rule for all devices is for rwm`},
		"big numbers":      {[]DeviceRule{{Type: 'c', Major: 4096, Access: "r"}}, false, nil, `device rule "c 4096:0 r": major numbers end at 4095, minor at 1048575`},
	} {
		t.Run(name, func(t *testing.T) {
			allow, list, err := reduce(test.rules)
			if test.err != "" {
				assert.EqualError(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.allow, allow)
			assert.Equal(t, test.want, list)
		})
	}
}

// kernelV1 is what the v1 kernel does with the lines that devicesV1 writes (security/device_cgroup.c).
func kernelV1(allow bool, list []exception, kind byte, major, minor int64, access int) bool {
	for _, e := range list {
		if e.kind != kind || (e.major != Any && e.major != major) || (e.minor != Any && e.minor != minor) {
			continue
		}
		if allow && access&e.access != 0 {
			return false
		}
		if !allow && access&^e.access == 0 {
			return true
		}
	}
	return allow
}

// TestProgramJudgesAsV1 compares the program with the v1 kernel's rules for rules and requests by chance.
func TestProgramJudgesAsV1(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(list string) byte { return list[r.IntN(len(list))] }
	words := []string{"r", "w", "m", "rw", "wm", "rm", "rwm"}
	compared := 0
	for range 5000 {
		var rules []DeviceRule
		for range r.IntN(8) {
			rule := DeviceRule{Allow: r.IntN(2) == 0, Type: pick("aabbccc"), Major: int64(r.IntN(4) - 1), Minor: int64(r.IntN(4) - 1), Access: words[r.IntN(7)]}
			if rule.Type == 'a' {
				rule.Access = "rwm"
			}
			rules = append(rules, rule)
		}
		program, err := deviceProgram(rules)
		if err != nil {
			continue
		}
		allow, list, _ := reduce(rules)
		for range 20 {
			kind, major, minor, access := pick("bc"), r.Uint32N(4), r.Uint32N(4), 1+r.Uint32N(7)
			compared++
			require.Equal(t, kernelV1(allow, list, kind, int64(major), int64(minor), int(access)),
				runProgram(t, program, kind, major, minor, access), "%v: %c %d:%d %d", rules, kind, major, minor, access)
		}
	}
	assert.Greater(t, compared, 10000)
}
