package course

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

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

// listening lists the sockets that wait, from /proc/net of the calling thread's namespace; see proc_pid_net(5).
func listening(protocol string) ([]netip.AddrPort, error) {
	state := "0A" // TCP_LISTEN
	if protocol == "udp" {
		state = "07" // TCP_CLOSE: bound, and connected to nobody
	}
	var all []netip.AddrPort
	for _, file := range []string{protocol, protocol + "6"} {
		text, err := os.ReadFile("/proc/thread-self/net/" + file)
		if errors.Is(err, os.ErrNotExist) && file != protocol {
			continue // without IPv6
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 3 && f[3] == state {
				if a, ok := parseSocket(f[1]); ok {
					all = append(all, a)
				}
			}
		}
	}
	return all, nil
}

// parseSocket reads 0100007F:1F90: the address in words of the machine's byte order, and the port.
func parseSocket(s string) (netip.AddrPort, bool) {
	address, port, ok := strings.Cut(s, ":")
	b, err := hex.DecodeString(address)
	n, err2 := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || err2 != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i+4 <= len(b); i += 4 {
		binary.BigEndian.PutUint32(b[i:], binary.NativeEndian.Uint32(b[i:]))
	}
	a, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), ok
}

func sockaddr(to netip.Addr, port int) (unix.Sockaddr, int) {
	if to.Is4() {
		return &unix.SockaddrInet4{Port: port, Addr: to.As4()}, unix.AF_INET
	}
	return &unix.SockaddrInet6{Port: port, Addr: to.As16()}, unix.AF_INET6
}

// connect makes a TCP connection and ends it. The Go library's own would use other threads, which are in other namespaces.
func connect(to netip.Addr, port int, patience time.Duration) error {
	address, family := sockaddr(to, port)
	s, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	if err := unix.Connect(s, address); err != unix.EINPROGRESS {
		return err
	}
	if err := ready(s, unix.POLLOUT, time.Now().Add(patience)); err != nil {
		return err
	}
	code, err := unix.GetsockoptInt(s, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	return err
}

// ready waits until a socket is, or time is up.
func ready(s int, events int16, end time.Time) error {
	for {
		left := time.Until(end)
		if left <= 0 {
			return errors.New("nothing came back in time")
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(s), Events: events}}, int(left.Milliseconds())+1)
		switch {
		case err == unix.EINTR || err == nil && n == 0:
		case err != nil:
			return err
		default:
			return nil
		}
	}
}

// echo sends an ICMP echo request and waits for the reply; see icmp(7) and raw(7).
func echo(to netip.Addr, patience time.Duration) error {
	address, family := sockaddr(to, 0)
	protocol, request, reply := unix.IPPROTO_ICMP, byte(8), byte(0)
	if !to.Is4() {
		protocol, request, reply = unix.IPPROTO_ICMPV6, 128, 129
	}
	s, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	if err != nil { // without CAP_NET_RAW, where net.ipv4.ping_group_range allows it
		s, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	}
	if err != nil {
		return err
	}
	defer unix.Close(s)
	id := uint16(os.Getpid())
	message := []byte{request, 0, 0, 0, byte(id >> 8), byte(id), 0, 1, 'l', 'a', 'b', '?'}
	binary.BigEndian.PutUint16(message[2:], checksum(message)) // ICMPv6's the kernel fills in
	end := time.Now().Add(patience)
	if err := unix.Sendto(s, message, 0, address); err != nil {
		return err
	}
	buffer := make([]byte, 1500)
	for {
		if err := ready(s, unix.POLLIN, end); err != nil {
			return err
		}
		n, _, err := unix.Recvfrom(s, buffer, 0)
		if err == unix.EAGAIN || err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		got := buffer[:n]
		if to.Is4() && len(got) > 20 && got[0]>>4 == 4 { // a raw socket shows the IPv4 header
			got = got[min(len(got), int(got[0]&15)*4):]
		}
		if len(got) >= 12 && string(got[8:12]) == "lab?" {
			if got[0] == reply {
				return nil
			}
		} else if to.Is4() && len(got) > 0 && got[0] == 3 {
			return fmt.Errorf("destination unreachable (ICMP code %d)", got[1])
		}
	}
}

// checksum is the Internet checksum, RFC 1071.
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
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
