package box

import (
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

func (c *call) showRoutes(family byte) {
	list, err := dump(unix.RTM_GETROUTE, unix.SizeofRtMsg)
	if err != nil {
		c.fail("%s", text(err))
	}
	all, _ := links()
	names := make(map[uint32]string)
	for _, l := range all {
		names[uint32(l.index)] = l.name
	}
	if family == 0 {
		family = unix.AF_INET
	}
	protos := map[byte]string{2: "kernel", 3: "boot", 4: "static", 9: "ra", 16: "dhcp"}
	for _, r := range list {
		table := uint32(r.head[4])
		if v, ok := r.u32(unix.RTA_TABLE); ok {
			table = v
		}
		if r.head[0] != family || table != unix.RT_TABLE_MAIN {
			continue
		}
		dst := "default"
		if a, ok := netip.AddrFromSlice(r.attrs[unix.RTA_DST]); ok {
			dst = a.String()
			if int(r.head[1]) != a.BitLen() {
				dst += "/" + strconv.Itoa(int(r.head[1]))
			}
		}
		if r.head[7] == unix.RTN_BLACKHOLE {
			dst = "blackhole " + dst
		}
		c.printf("%s ", dst)
		if a, ok := netip.AddrFromSlice(r.attrs[unix.RTA_GATEWAY]); ok {
			c.printf("via %s ", a)
		}
		if o, ok := r.u32(unix.RTA_OIF); ok {
			c.printf("dev %s ", names[o])
		}
		if p := r.head[5]; p != 3 {
			name := protos[p]
			if name == "" {
				name = strconv.Itoa(int(p))
			}
			c.printf("proto %s ", name)
		}
		if s := r.head[6]; s != 0 && family == unix.AF_INET {
			c.printf("scope %s ", scope(s))
		}
		if a, ok := netip.AddrFromSlice(r.attrs[unix.RTA_PREFSRC]); ok {
			c.printf("src %s ", a)
		}
		if m, ok := r.u32(unix.RTA_PRIORITY); ok {
			c.printf("metric %d ", m)
		}
		c.printf("\n")
	}
}

func (c *call) changeRoute(verb string) {
	rest, kv := c.words("via", "dev", "src", "metric")
	if len(rest) != 1 {
		c.misuse("one destination is required")
	}
	var gw netip.Addr
	if v := kv["via"]; v != "" {
		var err error
		if gw, err = netip.ParseAddr(v); err != nil {
			c.fail("any valid address is expected rather than \"%s\"", v)
		}
	}
	body := make([]byte, unix.SizeofRtMsg)
	body[0] = unix.AF_INET
	var dst []byte
	if rest[0] != "default" {
		p := c.prefix(rest[0])
		body[0], body[1] = familyOf(p.Addr()), byte(p.Bits())
		dst = p.Masked().Addr().AsSlice()
	} else if gw.Is6() {
		body[0] = unix.AF_INET6
	}
	body[4], body[5], body[7] = unix.RT_TABLE_MAIN, unix.RTPROT_BOOT, unix.RTN_UNICAST
	if !gw.IsValid() && body[0] == unix.AF_INET {
		body[6] = unix.RT_SCOPE_LINK
	}
	kind, flags := uint16(unix.RTM_NEWROUTE), uint16(unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	switch verb[0] {
	case 'd':
		kind, flags, body[5], body[6] = unix.RTM_DELROUTE, 0, 0, unix.RT_SCOPE_NOWHERE
	case 'r':
		flags = unix.NLM_F_CREATE | unix.NLM_F_REPLACE
	}
	r := newRequest(kind, flags, body)
	if dst != nil {
		r.attr(unix.RTA_DST, dst)
	}
	if gw.IsValid() {
		r.attr(unix.RTA_GATEWAY, gw.AsSlice())
	}
	if v := kv["dev"]; v != "" {
		r.attr(unix.RTA_OIF, u32(uint32(c.device(v))))
	}
	if v := kv["src"]; v != "" {
		if a, err := netip.ParseAddr(v); err == nil {
			r.attr(unix.RTA_PREFSRC, a.AsSlice())
		}
	}
	if v := kv["metric"]; v != "" {
		r.attr(unix.RTA_PRIORITY, u32(uint32(c.number(v))))
	}
	c.netlink(r)
}
