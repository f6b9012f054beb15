package course

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

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
