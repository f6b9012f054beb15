package box

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// link is one network device as the kernel tells it.
type link struct {
	dumped
	index int
	name  string
	flags uint32
}

func links() ([]link, error) {
	list, err := dump(unix.RTM_GETLINK, unix.SizeofIfInfomsg)
	var out []link
	for _, d := range list {
		out = append(out, link{d, int(binary.NativeEndian.Uint32(d.head[4:])), d.str(unix.IFLA_IFNAME), binary.NativeEndian.Uint32(d.head[8:])})
	}
	return out, err
}

// ownAddresses gives the addresses of all devices but lo.
func ownAddresses() []string {
	list, _ := dump(unix.RTM_GETADDR, unix.SizeofIfAddrmsg)
	var out []string
	for _, d := range list {
		if a, ok := netip.AddrFromSlice(d.attrs[unix.IFA_ADDRESS]); ok && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			out = append(out, a.String())
		}
	}
	return out
}

func (l *link) flagNames() string {
	var out []string
	if l.flags&unix.IFF_UP != 0 && l.flags&unix.IFF_RUNNING == 0 {
		out = append(out, "NO-CARRIER")
	}
	for _, f := range [...]struct {
		bit  uint32
		name string
	}{{unix.IFF_LOOPBACK, "LOOPBACK"}, {unix.IFF_BROADCAST, "BROADCAST"}, {unix.IFF_POINTOPOINT, "POINTOPOINT"}, {unix.IFF_MULTICAST, "MULTICAST"},
		{unix.IFF_NOARP, "NOARP"}, {unix.IFF_PROMISC, "PROMISC"}, {unix.IFF_UP, "UP"}, {unix.IFF_LOWER_UP, "LOWER_UP"}} {
		if l.flags&f.bit != 0 {
			out = append(out, f.name)
		}
	}
	return strings.Join(out, ",")
}

func (l *link) state() string {
	names := [...]string{"UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP"}
	if v := l.attrs[unix.IFLA_OPERSTATE]; len(v) > 0 && int(v[0]) < len(names) {
		return names[v[0]]
	}
	return "UNKNOWN"
}

func mac(b []byte) string {
	var s []string
	for _, x := range b {
		s = append(s, string("0123456789abcdef"[x>>4])+string("0123456789abcdef"[x&15]))
	}
	return strings.Join(s, ":")
}

func (c *call) showLinks(withAddrs bool, family byte, brief bool) {
	list, err := links()
	if err != nil {
		c.fail("%s", text(err))
	}
	var addrs []dumped
	if withAddrs {
		if addrs, err = dump(unix.RTM_GETADDR, unix.SizeofIfAddrmsg); err != nil {
			c.fail("%s", text(err))
		}
	}
	names := make(map[uint32]string)
	for _, l := range list {
		names[uint32(l.index)] = l.name
	}
	if len(c.args) > 0 && c.args[0] != "up" {
		c.device(c.args[0])
	}
	for _, l := range list {
		if len(c.args) > 0 && c.args[0] != "up" && l.name != c.args[0] {
			continue
		}
		full := l.name
		peer, hasPeer := l.u32(unix.IFLA_LINK)
		_, other := l.attrs[unix.IFLA_LINK_NETNSID]
		switch {
		case hasPeer && peer != 0 && (other || names[peer] == ""):
			full += "@if" + strconv.Itoa(int(peer))
		case hasPeer && peer != 0 && peer != uint32(l.index):
			full += "@" + names[peer]
		case hasPeer && peer == 0:
			full += "@NONE"
		}
		if brief {
			c.printf("%-16s %-14s ", full, l.state())
			if !withAddrs {
				c.printf("%s <%s>", mac(l.attrs[unix.IFLA_ADDRESS]), l.flagNames())
			}
			for _, a := range addrs {
				if ad, ok := netip.AddrFromSlice(a.local()); ok && a.of(l.index, family) {
					c.printf("%s/%d ", ad, a.head[1])
				}
			}
			c.printf("\n")
			continue
		}
		mtu, _ := l.u32(unix.IFLA_MTU)
		c.printf("%d: %s: <%s> mtu %d qdisc %s ", l.index, full, l.flagNames(), mtu, l.str(unix.IFLA_QDISC))
		if m, ok := l.u32(unix.IFLA_MASTER); ok {
			c.printf("master %s ", names[m])
		}
		c.printf("state %s ", l.state())
		if !withAddrs {
			c.printf("mode DEFAULT ")
		}
		c.printf("group default")
		if q, ok := l.u32(unix.IFLA_TXQLEN); ok && q > 0 {
			c.printf(" qlen %d", q)
		}
		c.printf("\n    link/%s", linkType(binary.NativeEndian.Uint16(l.head[2:])))
		if a := l.attrs[unix.IFLA_ADDRESS]; len(a) > 0 {
			if len(a) == 4 {
				c.printf(" %d.%d.%d.%d", a[0], a[1], a[2], a[3])
			} else {
				c.printf(" %s", mac(a))
			}
		}
		if b := l.attrs[unix.IFLA_BROADCAST]; len(b) > 0 {
			if len(b) == 4 {
				c.printf(" brd %d.%d.%d.%d", b[0], b[1], b[2], b[3])
			} else {
				c.printf(" brd %s", mac(b))
			}
		}
		if id, ok := l.u32(unix.IFLA_LINK_NETNSID); ok {
			c.printf(" link-netnsid %d", id)
		}
		c.printf("\n")
		for _, a := range addrs {
			if a.of(l.index, family) {
				c.showAddress(a)
			}
		}
	}
}

func linkType(t uint16) string {
	switch t {
	case unix.ARPHRD_LOOPBACK:
		return "loopback"
	case unix.ARPHRD_ETHER:
		return "ether"
	case unix.ARPHRD_NONE:
		return "none"
	case unix.ARPHRD_TUNNEL:
		return "ipip"
	case unix.ARPHRD_SIT:
		return "sit"
	case unix.ARPHRD_TUNNEL6:
		return "tunnel6"
	case unix.ARPHRD_IPGRE:
		return "gre"
	}
	return strconv.Itoa(int(t))
}
