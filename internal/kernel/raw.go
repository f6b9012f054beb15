package kernel

import "syscall"

// rawOp is an op as the child needs it: numbers only, nothing to allocate, nothing to look up.
type rawOp struct {
	nr     uintptr
	args   [6]uintptr
	slots  [6]uint8 // slots[i] != 0: argument i is the content of that slot
	out    uint8    // slot that keeps the result
	stop   bool     // tell the parent and wait before the call
	fault  uint16   // fail with this errno instead of making the call
	ignore [6]uint16
}

// compile turns an op into numbers. The op must outlive them.
func (o *Op) compile() rawOp {
	r := rawOp{nr: o.nr, out: uint8(o.Out)}
	for i := range o.Args {
		r.args[i] = o.Args[i].raw()
		r.slots[i] = uint8(o.Args[i].slot)
		if o.Args[i].cut {
			r.fault = uint16(syscall.EINVAL)
		}
	}
	for i, e := range o.Ignore {
		r.ignore[i] = uint16(e)
	}
	return r
}
