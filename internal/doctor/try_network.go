package doctor

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// inNetwork sends netlink messages in a new network namespace. The child makes the socket, which so belongs to its namespace,
// and lab takes hold of it: a child that may not allocate cannot read answers.
//
// Kernel: clone3(2) CLONE_NEWNET, socket(2), pidfd_getfd(2).
func (b *Bench) inNetwork(family int, messages ...*message) Finding {
	return b.tried("", unix.CLONE_NEWNET, func(bool) []kernel.Op {
		const socket kernel.Slot = 1
		return []kernel.Op{
			kernel.Socket(unix.AF_NETLINK, unix.SOCK_RAW, family, "AF_NETLINK").Into(socket).For("make a netlink socket"),
			kernel.Meet("have its socket used", func(c *kernel.Child) error {
				fd, err := unix.PidfdGetfd(c.PIDFD, c.Slot(socket), 0)
				if err != nil {
					return fmt.Errorf("take hold of the child's socket: %w", err)
				}
				defer unix.Close(fd)
				_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1})
				return exchange(fd, messages)
			}),
		}
	})
}

// link is `ip link add NAME index INDEX type KIND`; more adds to the message.
func link(seq uint32, name string, index int32, kind string, more func(*message)) *message {
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], uint32(index))
	m := newMessage("make a "+kind+" device", unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK, seq, body)
	m.text(unix.IFLA_IFNAME, name)
	m.nest(unix.IFLA_LINKINFO, func() {
		m.text(unix.IFLA_INFO_KIND, kind)
		if kind == "vxlan" {
			m.nest(unix.IFLA_INFO_DATA, func() {
				m.number(unix.IFLA_VXLAN_ID, 42)
				m.attr(unix.IFLA_VXLAN_PORT, binary.BigEndian.AppendUint16(nil, 4789))
			})
		}
	})
	if more != nil {
		more(m)
	}
	return m
}

func tryVeth(b *Bench) Finding {
	return b.inNetwork(unix.NETLINK_ROUTE, link(1, "lab0", 0, "veth", nil))
}
func tryVxlan(b *Bench) Finding {
	return b.inNetwork(unix.NETLINK_ROUTE, link(1, "lab0", 0, "vxlan", nil))
}

// tryBridge makes a bridge with a port. Where there is no veth to be the port, the bridge alone is the answer.
func tryBridge(b *Bench) Finding {
	const index = 100
	bridge := func() *message { return link(1, "lab0", index, "bridge", nil) }
	port := link(2, "lab1", 0, "veth", func(m *message) { m.number(unix.IFLA_MASTER, index) })
	f := b.inNetwork(unix.NETLINK_ROUTE, bridge(), port)
	if f.State == No {
		return b.inNetwork(unix.NETLINK_ROUTE, bridge())
	}
	return f
}

// The numbers of nf_tables that golang.org/x/sys/unix has under other names, or not; see linux/netfilter/nf_tables.h.
const (
	nftSubsystem = 10 << 8 // NFNL_SUBSYS_NFTABLES, in the upper half of a message's type
	batchBegin   = 0x10    // NFNL_MSG_BATCH_BEGIN
	batchEnd     = 0x11    // NFNL_MSG_BATCH_END
	hookOut      = 4       // NF_INET_POST_ROUTING
	sourceNAT    = 100     // NF_IP_PRI_NAT_SRC
)

// tryNftables makes a table, a nat chain and a masquerading rule: what a container's way out and its published ports take. All
// three or nothing: it is a transaction.
//
//	nft add table ip lab
//	nft add chain ip lab out '{ type nat hook postrouting priority srcnat; }'
//	nft add rule ip lab out masquerade
func tryNftables(b *Bench) Finding {
	f := b.inNetwork(unix.NETLINK_NETFILTER, masquerade()...)
	if f.State == No {
		f.Text = "nftables: " + f.Text
	}
	return f
}

func masquerade() []*message {
	ipv4 := []byte{unix.NFPROTO_IPV4, 0, 0, 0}               // struct nfgenmsg
	whole := []byte{unix.AF_UNSPEC, 0, 0, nftSubsystem >> 8} // its last two bytes, big-endian, name the subsystem
	const create = unix.NLM_F_CREATE | unix.NLM_F_ACK

	table := newMessage("make a table", nftSubsystem|unix.NFT_MSG_NEWTABLE, create, 2, ipv4)
	table.text(unix.NFTA_TABLE_NAME, "lab")

	chain := newMessage("make a nat chain", nftSubsystem|unix.NFT_MSG_NEWCHAIN, create, 3, ipv4)
	chain.text(unix.NFTA_CHAIN_TABLE, "lab")
	chain.text(unix.NFTA_CHAIN_NAME, "out")
	chain.nest(unix.NFTA_CHAIN_HOOK|unix.NLA_F_NESTED, func() {
		chain.big(unix.NFTA_HOOK_HOOKNUM, hookOut)
		chain.big(unix.NFTA_HOOK_PRIORITY, sourceNAT)
	})
	chain.text(unix.NFTA_CHAIN_TYPE, "nat")

	rule := newMessage("make a masquerading rule", nftSubsystem|unix.NFT_MSG_NEWRULE, create|unix.NLM_F_APPEND, 4, ipv4)
	rule.text(unix.NFTA_RULE_TABLE, "lab")
	rule.text(unix.NFTA_RULE_CHAIN, "out")
	rule.nest(unix.NFTA_RULE_EXPRESSIONS|unix.NLA_F_NESTED, func() {
		rule.nest(unix.NFTA_LIST_ELEM|unix.NLA_F_NESTED, func() { rule.text(unix.NFTA_EXPR_NAME, "masq") })
	})

	return []*message{
		newMessage("begin a change of the firewall", batchBegin, 0, 1, whole), table, chain, rule,
		newMessage("end a change of the firewall", batchEnd, 0, 5, whole),
	}
}
