package box

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

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
