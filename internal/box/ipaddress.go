package box

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

func (c *call) showAddress(a dumped) {
	ad, ok := netip.AddrFromSlice(a.local())
	if !ok {
		return
	}
	word := "inet"
	if a.head[0] == unix.AF_INET6 {
		word = "inet6"
	}
	c.printf("    %s %s/%d", word, ad, a.head[1])
	if b, ok := netip.AddrFromSlice(a.attrs[unix.IFA_BROADCAST]); ok {
		c.printf(" brd %s", b)
	}
	c.printf(" scope %s", scope(a.head[3]))
	flags := uint32(a.head[2])
	if v, ok := a.u32(unix.IFA_FLAGS); ok {
		flags = v
	}
	if flags&unix.IFA_F_SECONDARY != 0 && word == "inet" {
		c.printf(" secondary")
	}
	if flags&unix.IFA_F_TENTATIVE != 0 {
		c.printf(" tentative")
	}
	if label := a.str(unix.IFA_LABEL); label != "" {
		c.printf(" %s", label)
	} else {
		c.printf(" ")
	}
	life := func(v []byte, at int) string {
		if len(v) < at+4 || binary.NativeEndian.Uint32(v[at:]) == 1<<32-1 {
			return "forever"
		}
		return strconv.Itoa(int(binary.NativeEndian.Uint32(v[at:]))) + "sec"
	}
	info := a.attrs[unix.IFA_CACHEINFO]
	c.printf("\n       valid_lft %s preferred_lft %s\n", life(info, 4), life(info, 0))
}

// of tells whether an address belongs to a device and to the wanted family.
func (d *dumped) of(index int, family byte) bool {
	return int(binary.NativeEndian.Uint32(d.head[4:])) == index && (family == 0 || d.head[0] == family)
}

func (d *dumped) local() []byte {
	if v := d.attrs[unix.IFA_LOCAL]; len(v) > 0 {
		return v
	}
	return d.attrs[unix.IFA_ADDRESS]
}

func scope(s byte) string {
	switch s {
	case 0:
		return "global"
	case 200:
		return "site"
	case 253:
		return "link"
	case 254:
		return "host"
	}
	return strconv.Itoa(int(s))
}

func (c *call) changeAddress(add bool) {
	rest, kv := c.words("dev", "brd", "broadcast", "scope", "label")
	if len(rest) != 1 || kv["dev"] == "" {
		c.misuse("address and dev are required")
	}
	p := c.prefix(rest[0])
	body := make([]byte, unix.SizeofIfAddrmsg)
	body[0], body[1] = familyOf(p.Addr()), byte(p.Bits())
	if p.Addr().IsLoopback() {
		body[3] = unix.RT_SCOPE_HOST
	}
	binary.NativeEndian.PutUint32(body[4:], uint32(c.device(kv["dev"])))
	kind, flags := uint16(unix.RTM_DELADDR), uint16(0)
	if add {
		kind, flags = unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL
	}
	r := newRequest(kind, flags, body)
	r.attr(unix.IFA_LOCAL, p.Addr().AsSlice())
	r.attr(unix.IFA_ADDRESS, p.Addr().AsSlice())
	c.netlink(r)
}
