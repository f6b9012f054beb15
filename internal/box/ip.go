package box

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"
)

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
