package course

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// network is what rtnetlink(7) tells of the network namespace of the calling thread.
type network struct {
	links  []link
	routes []route
}

type link struct {
	index, master, peer int
	name, kind          string
	up                  bool
	addresses           []netip.Prefix
}

type route struct {
	to, via string // "default" or a network; "" is no gateway
	dev     int
}

// name returns the name of the device with an index, "" for none.
func (n *network) name(index int) string {
	for _, l := range n.links {
		if l.index == index {
			return l.name
		}
	}
	return ""
}

// readNetwork asks for devices, addresses and routes. The socket is made by the calling thread, and so belongs to its
// namespace.
func readNetwork() (*network, error) {
	n := &network{}
	for _, ask := range []struct {
		what int
		take func(*syscall.NetlinkMessage) error
	}{{syscall.RTM_GETLINK, n.link}, {syscall.RTM_GETADDR, n.address}, {syscall.RTM_GETROUTE, n.route}} {
		data, err := syscall.NetlinkRIB(ask.what, syscall.AF_UNSPEC)
		if err != nil {
			return nil, err
		}
		messages, err := syscall.ParseNetlinkMessage(data)
		if err != nil {
			return nil, err
		}
		for i := range messages {
			if err := ask.take(&messages[i]); err != nil {
				return nil, err
			}
		}
	}
	return n, nil
}

func (n *network) link(m *syscall.NetlinkMessage) error {
	if m.Header.Type != syscall.RTM_NEWLINK || len(m.Data) < syscall.SizeofIfInfomsg {
		return nil
	}
	l := link{index: int(int32(binary.NativeEndian.Uint32(m.Data[4:]))), up: binary.NativeEndian.Uint32(m.Data[8:])&unix.IFF_UP != 0}
	if binary.NativeEndian.Uint32(m.Data[8:])&unix.IFF_LOOPBACK != 0 {
		l.kind = "loopback"
	}
	attributes, err := syscall.ParseNetlinkRouteAttr(m)
	for _, a := range attributes {
		switch a.Attr.Type {
		case unix.IFLA_IFNAME:
			l.name = strings.TrimRight(string(a.Value), "\x00")
		case unix.IFLA_MASTER:
			l.master = number(a.Value)
		case unix.IFLA_LINK:
			l.peer = number(a.Value)
		case unix.IFLA_LINKINFO:
			l.kind = infoKind(a.Value)
		}
	}
	n.links = append(n.links, l)
	return err
}

func number(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	return int(int32(binary.NativeEndian.Uint32(b)))
}

// infoKind finds IFLA_INFO_KIND among nested attributes.
func infoKind(b []byte) string {
	for len(b) >= 4 {
		size, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if size < 4 || size > len(b) {
			return ""
		}
		if kind == unix.IFLA_INFO_KIND {
			return strings.TrimRight(string(b[4:size]), "\x00")
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return ""
}

func (n *network) address(m *syscall.NetlinkMessage) error {
	if m.Header.Type != syscall.RTM_NEWADDR || len(m.Data) < syscall.SizeofIfAddrmsg {
		return nil
	}
	bits, index := int(m.Data[1]), int(binary.NativeEndian.Uint32(m.Data[4:]))
	attributes, err := syscall.ParseNetlinkRouteAttr(m)
	var own, peer netip.Addr
	for _, a := range attributes {
		switch a.Attr.Type {
		case unix.IFA_LOCAL:
			own, _ = netip.AddrFromSlice(a.Value)
		case unix.IFA_ADDRESS:
			peer, _ = netip.AddrFromSlice(a.Value)
		}
	}
	if !own.IsValid() {
		own = peer // IPv6 has no IFA_LOCAL
	}
	for i := range n.links {
		if n.links[i].index == index && own.IsValid() {
			n.links[i].addresses = append(n.links[i].addresses, netip.PrefixFrom(own, bits))
		}
	}
	return err
}

func (n *network) route(m *syscall.NetlinkMessage) error {
	if m.Header.Type != syscall.RTM_NEWROUTE || len(m.Data) < syscall.SizeofRtMsg {
		return nil
	}
	bits, table := int(m.Data[1]), int(m.Data[4])
	attributes, err := syscall.ParseNetlinkRouteAttr(m)
	r := route{to: "default"}
	for _, a := range attributes {
		switch a.Attr.Type {
		case unix.RTA_DST:
			if to, ok := netip.AddrFromSlice(a.Value); ok {
				r.to = netip.PrefixFrom(to, bits).String()
			}
		case unix.RTA_GATEWAY:
			if via, ok := netip.AddrFromSlice(a.Value); ok {
				r.via = via.String()
			}
		case unix.RTA_OIF:
			r.dev = number(a.Value)
		case unix.RTA_TABLE:
			table = number(a.Value)
		}
	}
	if table == unix.RT_TABLE_MAIN {
		n.routes = append(n.routes, r)
	}
	return err
}

// linkExists asks for a device of the calling thread's namespace. /sys would show those of whoever mounted it.
func linkExists(name string) bool {
	n, err := readNetwork()
	return err == nil && slices.ContainsFunc(n.links, func(l link) bool { return l.name == name })
}

// deleteLink removes a network device of the calling thread's namespace, and with one end of a veth the other.
//
// Kernel: RTM_DELLINK of rtnetlink(7).
func deleteLink(name string) error {
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	attribute := append(make([]byte, 4), name+"\x00"...)
	binary.NativeEndian.PutUint16(attribute, uint16(len(attribute)))
	binary.NativeEndian.PutUint16(attribute[2:], unix.IFLA_IFNAME)
	for len(attribute)%4 != 0 {
		attribute = append(attribute, 0)
	}
	message := make([]byte, unix.SizeofNlMsghdr+unix.SizeofIfInfomsg)
	message = append(message, attribute...)
	binary.NativeEndian.PutUint32(message, uint32(len(message)))
	binary.NativeEndian.PutUint16(message[4:], unix.RTM_DELLINK)
	binary.NativeEndian.PutUint16(message[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	if err := unix.Sendto(s, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(s, answer, 0)
	if err != nil {
		return err
	}
	if n >= unix.SizeofNlMsghdr+4 && binary.NativeEndian.Uint16(answer[4:]) == unix.NLMSG_ERROR {
		if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
			return unix.Errno(-code)
		}
	}
	return nil
}
