package box

import (
	"context"
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ping sends echo requests, see icmp(7). Its socket is a raw one where CAP_NET_RAW allows that, else an
// ICMP datagram socket, which net.ipv4.ping_group_range may forbid. The status is 1 without any answer.
func ping(c *call) {
	f := c.parse("46c:i:W:qn", "count=c", "interval=i", "quiet=q")
	c.operands(1, 1)
	p := &pinger{c: c, quiet: f.has('q'), name: c.args[0], id: uint16(os.Getpid()) ^ uint16(time.Now().UnixMicro()), sent: make(map[uint16]time.Time)}
	family := "ip"
	if f.has('4') {
		family = "ip4"
	} else if f.has('6') {
		family = "ip6"
	}
	list, err := net.DefaultResolver.LookupNetIP(context.Background(), family, p.name)
	if err != nil || len(list) == 0 {
		c.complain("%s: Name or service not known", p.name)
		c.exit(2)
	}
	p.addr = list[0].Unmap()
	for _, a := range list {
		if a.Unmap().Is4() && !f.has('6') {
			p.addr = a.Unmap()
			break
		}
	}
	p.open()
	defer unix.Close(p.fd)
	interval, patience := c.duration(f.value('i', "1")), c.duration(f.value('W', "10"))
	if interval < 2*time.Millisecond {
		c.fail("cannot flood, minimal interval is 2ms")
	}
	count := c.number(f.value('c', "0"))
	if f.has('c') && count < 1 {
		c.fail("invalid argument: '%d'", count)
	}
	c.printf("PING %s (%s) 56(84) bytes of data.\n", p.name, p.addr)
	c.out.Flush()
	p.run(count, interval, patience)
	p.summary()
}

type pinger struct {
	c     *call
	name  string
	addr  netip.Addr
	fd    int
	raw   bool
	quiet bool
	id    uint16

	begun    time.Time
	count    int
	sent     map[uint16]time.Time // not answered yet
	received int
	trips    []float64 // ms
}

func (p *pinger) open() {
	domain, proto := unix.AF_INET, unix.IPPROTO_ICMP
	if p.addr.Is6() {
		domain, proto = unix.AF_INET6, unix.IPPROTO_ICMPV6
	}
	var err error
	if p.fd, err = unix.Socket(domain, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, proto); err == nil {
		p.raw = true
	} else if p.fd, err = unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, proto); err != nil {
		p.c.complain("socket: %s (needs CAP_NET_RAW, or a group in net.ipv4.ping_group_range)", text(err))
		p.c.exit(2)
	}
	if p.addr.Is6() {
		unix.SetsockoptInt(p.fd, unix.IPPROTO_IPV6, unix.IPV6_RECVHOPLIMIT, 1)
	} else {
		unix.SetsockoptInt(p.fd, unix.IPPROTO_IP, unix.IP_RECVTTL, 1)
	}
}

// run sends and listens until all is answered, nobody has answered for long enough, or Ctrl-C.
func (p *pinger) run(count int, interval, patience time.Duration) {
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGINT)
	p.begun = time.Now()
	next := p.begun
	for {
		if now := time.Now(); !now.Before(next) && (count == 0 || p.count < count) {
			p.send(now)
			next = now.Add(interval)
		}
		all := count > 0 && p.count == count
		if all && (len(p.sent) == 0 || time.Since(next.Add(-interval)) > patience) {
			return
		}
		wait := 100 * time.Millisecond // to see Ctrl-C soon
		if left := time.Until(next); !all && left < wait {
			wait = max(left, time.Millisecond)
		}
		unix.Poll([]unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}, int((wait+time.Millisecond-1)/time.Millisecond))
		for p.receive() {
		}
		p.c.out.Flush()
		select {
		case <-stopped:
			p.c.printf("\n")
			return
		default:
		}
	}
}

func (p *pinger) send(now time.Time) {
	p.count++
	seq := uint16(p.count)
	b := make([]byte, 64)
	var to unix.Sockaddr
	if p.addr.Is6() {
		b[0], to = 128, &unix.SockaddrInet6{Addr: p.addr.As16()}
	} else {
		b[0], to = 8, &unix.SockaddrInet4{Addr: p.addr.As4()}
	}
	binary.BigEndian.PutUint16(b[4:], p.id)
	binary.BigEndian.PutUint16(b[6:], seq)
	for i := 8; i < len(b); i++ {
		b[i] = byte(i)
	}
	binary.BigEndian.PutUint16(b[2:], internetSum(b)) // the kernel makes it for version 6
	p.sent[seq] = now
	if err := unix.Sendto(p.fd, b, 0, to); err != nil {
		delete(p.sent, seq)
		p.c.complain("sendmsg: %s", text(err))
		if p.received == 0 && p.count == 1 {
			p.c.exit(2)
		}
	}
}

// receive takes one packet; false where there is none.
func (p *pinger) receive() bool {
	b, oob := make([]byte, 2048), make([]byte, 256)
	n, oobn, _, from, err := unix.Recvmsg(p.fd, b, oob, unix.MSG_DONTWAIT)
	if err != nil {
		return err == unix.EINTR
	}
	b = b[:n]
	if p.raw && !p.addr.Is6() {
		b = afterIPv4(b)
	}
	if len(b) < 8 {
		return true
	}
	reply, lost := byte(0), []byte{3, 11}
	if p.addr.Is6() {
		reply, lost = 129, []byte{1, 3}
	}
	switch b[0] {
	case reply:
		p.answered(b, ttlOf(oob[:oobn]), addrOf(from))
	case lost[0], lost[1]:
		p.refused(b, addrOf(from), b[0] == lost[0])
	}
	return true
}

func (p *pinger) answered(b []byte, ttl int, from netip.Addr) {
	seq := binary.BigEndian.Uint16(b[6:])
	at, known := p.sent[seq]
	if !known || p.raw && binary.BigEndian.Uint16(b[4:]) != p.id {
		return
	}
	delete(p.sent, seq)
	p.received++
	ms := float64(time.Since(at).Microseconds()) / 1000
	p.trips = append(p.trips, ms)
	if !p.quiet {
		p.c.printf("%d bytes from %s: icmp_seq=%d ttl=%d time=%s ms\n", len(b), from, seq, ttl, threeDigits(ms))
	}
}

// refused reads an ICMP error, which carries the beginning of our own packet.
func (p *pinger) refused(b []byte, from netip.Addr, unreachable bool) {
	mine := b[8:]
	if p.addr.Is6() {
		mine = mine[min(40, len(mine)):]
	} else {
		mine = afterIPv4(mine)
	}
	if len(mine) < 8 || binary.BigEndian.Uint16(mine[4:]) != p.id {
		return
	}
	seq := binary.BigEndian.Uint16(mine[6:])
	if _, known := p.sent[seq]; !known {
		return
	}
	delete(p.sent, seq)
	why := "Time to live exceeded"
	if unreachable {
		why = "Destination unreachable, code " + strconv.Itoa(int(b[1]))
		if !p.addr.Is6() && b[1] < 2 {
			why = [...]string{"Destination Net Unreachable", "Destination Host Unreachable"}[b[1]]
		}
	}
	p.c.printf("From %s icmp_seq=%d %s\n", from, seq, why)
}

func (p *pinger) summary() {
	lost := 0
	if p.count > 0 {
		lost = (p.count - p.received) * 100 / p.count
	}
	p.c.printf("\n--- %s ping statistics ---\n%d packets transmitted, %d received, %d%% packet loss, time %dms\n", p.name, p.count, p.received, lost,
		time.Since(p.begun).Milliseconds())
	if p.received == 0 {
		p.c.code = 1
		return
	}
	low, high, sum, squares := p.trips[0], p.trips[0], 0.0, 0.0
	for _, t := range p.trips {
		low, high, sum, squares = min(low, t), max(high, t), sum+t, squares+t*t
	}
	n := float64(len(p.trips))
	p.c.printf("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", low, sum/n, high, math.Sqrt(max(squares/n-sum/n*sum/n, 0)))
}
