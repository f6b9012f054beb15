package box

import (
	"encoding/binary"
	"net/netip"
	"os"
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

// ip shows and changes devices, addresses and routes, with the words and the output of iproute2.
func ip(c *call) {
	family := byte(0)
	brief := false
	for len(c.args) > 0 && strings.HasPrefix(c.args[0], "-") {
		switch c.args[0] {
		case "-4":
			family = unix.AF_INET
		case "-6":
			family = unix.AF_INET6
		case "-br", "-brief":
			brief = true
		case "-o", "-d", "-c", "-color", "-s":
		default:
			c.misuse("unrecognized option: %s", c.args[0])
		}
		c.args = c.args[1:]
	}
	if len(c.args) == 0 {
		c.misuse("missing object")
	}
	object, verb := c.args[0], "show"
	if c.args = c.args[1:]; len(c.args) > 0 {
		verb, c.args = c.args[0], c.args[1:]
	}
	is := func(word, full string) bool { return word != "" && strings.HasPrefix(full, word) }
	show := is(verb, "show") || is(verb, "list") || verb == "ls"
	if show && len(c.args) > 0 && c.args[0] == "dev" {
		c.args = c.args[1:]
	}
	switch {
	case is(object, "address") && show:
		c.showLinks(true, family, brief)
	case is(object, "link") && show:
		c.showLinks(false, family, brief)
	case is(object, "route") && show:
		c.showRoutes(family)
	case is(object, "address") && (is(verb, "add") || is(verb, "delete")):
		c.changeAddress(is(verb, "add"))
	case is(object, "link") && is(verb, "set"):
		c.setLink()
	case is(object, "link") && is(verb, "add"):
		c.addLink()
	case is(object, "link") && is(verb, "delete"):
		c.operands(1, -1)
		body := make([]byte, unix.SizeofIfInfomsg)
		binary.NativeEndian.PutUint32(body[4:], uint32(c.device(c.args[len(c.args)-1])))
		c.netlink(newRequest(unix.RTM_DELLINK, 0, body))
	case is(object, "route") && (is(verb, "add") || is(verb, "delete") || is(verb, "replace")):
		c.changeRoute(verb)
	default:
		c.misuse("unknown command '%s %s'", object, verb)
	}
}

func (c *call) netlink(r *request) {
	if err := r.do(); err != nil {
		c.out.Flush()
		c.err.Write([]byte("RTNETLINK answers: " + text(err) + "\n"))
		c.exit(2)
	}
}

func (c *call) device(name string) int {
	list, err := links()
	if err != nil {
		c.fail("%s", text(err))
	}
	for _, l := range list {
		if l.name == name {
			return l.index
		}
	}
	c.err.Write([]byte("Cannot find device \"" + name + "\"\n"))
	c.exit(1)
	return 0
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

// words takes "key value" pairs off the operands; what has no key is the first result.
func (c *call) words(keys ...string) (rest []string, kv map[string]string) {
	kv = make(map[string]string)
next:
	for i := 0; i < len(c.args); i++ {
		for _, k := range keys {
			if c.args[i] == k {
				if i+1 >= len(c.args) {
					c.misuse("\"%s\" needs a value", k)
				}
				i++
				kv[k] = c.args[i]
				continue next
			}
		}
		rest = append(rest, c.args[i])
	}
	return rest, kv
}

func (c *call) prefix(s string) netip.Prefix {
	if !strings.Contains(s, "/") {
		if a, err := netip.ParseAddr(s); err == nil {
			return netip.PrefixFrom(a, a.BitLen())
		}
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		c.fail("any valid prefix is expected rather than \"%s\"", s)
	}
	return p
}

func familyOf(a netip.Addr) byte {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
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

func (c *call) setLink() {
	rest, kv := c.words("dev", "mtu", "name", "netns", "master", "address", "txqlen")
	dev := kv["dev"]
	if dev == "" && len(rest) > 0 {
		dev, rest = rest[0], rest[1:]
	}
	if dev == "" {
		c.misuse("device is required")
	}
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], uint32(c.device(dev)))
	var after []func(r *request)
	for _, w := range rest {
		switch w {
		case "up", "down":
			binary.NativeEndian.PutUint32(body[12:], unix.IFF_UP)
			binary.NativeEndian.PutUint32(body[8:], uint32(b2i(w == "up"))*unix.IFF_UP)
		case "nomaster":
			after = append(after, func(r *request) { r.attr(unix.IFLA_MASTER, u32(0)) })
		default:
			c.misuse("unknown word '%s'", w)
		}
	}
	r := newRequest(unix.RTM_NEWLINK, 0, body)
	for _, f := range after {
		f(r)
	}
	if v := kv["mtu"]; v != "" {
		r.attr(unix.IFLA_MTU, u32(uint32(c.number(v))))
	}
	if v := kv["name"]; v != "" {
		r.attr(unix.IFLA_IFNAME, append([]byte(v), 0))
	}
	if v := kv["master"]; v != "" {
		r.attr(unix.IFLA_MASTER, u32(uint32(c.device(v))))
	}
	if v := kv["netns"]; v != "" {
		c.netns(r, v)
	}
	if v := kv["address"]; v != "" {
		var b []byte
		for h := range strings.SplitSeq(v, ":") {
			x, err := strconv.ParseUint(h, 16, 8)
			if err != nil {
				c.fail("\"%s\" is invalid lladdr", v)
			}
			b = append(b, byte(x))
		}
		r.attr(unix.IFLA_ADDRESS, b)
	}
	c.netlink(r)
}

// netns adds the name space of a pid, or of a file under /run/netns.
func (c *call) netns(r *request, v string) {
	if pid, err := strconv.Atoi(v); err == nil {
		r.attr(unix.IFLA_NET_NS_PID, u32(uint32(pid)))
		return
	}
	f, err := os.Open("/run/netns/" + v)
	if err != nil {
		c.fail("Invalid \"netns\" value \"%s\"", v)
	}
	r.attr(unix.IFLA_NET_NS_FD, u32(uint32(f.Fd())))
}

// addLink makes a veth pair, a bridge or a dummy device.
func (c *call) addLink() {
	rest, kv := c.words("type", "name", "dev", "netns")
	name := kv["name"] + kv["dev"]
	if name == "" && len(rest) > 0 {
		name, rest = rest[0], rest[1:]
	}
	kind := kv["type"]
	if name == "" || kind == "" {
		c.misuse("name and type are required")
	}
	r := newRequest(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, make([]byte, unix.SizeofIfInfomsg))
	peer := ""
	for i, w := range rest {
		if w == "peer" && i+1 < len(rest) {
			peer = rest[i+1]
		}
	}
	// "veth0 type veth peer name veth1": the words above took the second name.
	if kind == "veth" {
		if first := c.args[0]; first != "name" && first != "dev" && kv["name"] != "" {
			peer, name = kv["name"], first
		}
	}
	r.attr(unix.IFLA_IFNAME, append([]byte(name), 0))
	info := r.open(unix.IFLA_LINKINFO)
	r.attr(unix.IFLA_INFO_KIND, []byte(kind))
	if kind == "veth" && peer != "" {
		data := r.open(unix.IFLA_INFO_DATA)
		at := r.open(1) // VETH_INFO_PEER
		r.b = append(r.b, make([]byte, unix.SizeofIfInfomsg)...)
		r.attr(unix.IFLA_IFNAME, append([]byte(peer), 0))
		if v := kv["netns"]; v != "" {
			c.netns(r, v)
		}
		r.shut(at)
		r.shut(data)
	}
	r.shut(info)
	c.netlink(r)
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
