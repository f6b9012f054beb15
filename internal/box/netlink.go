package box

import (
	"encoding/binary"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// request is one rtnetlink message, see rtnetlink(7).
type request struct{ b []byte }

func newRequest(kind, flags uint16, body []byte) *request {
	r := &request{b: make([]byte, 16, 128)}
	binary.NativeEndian.PutUint16(r.b[4:], kind)
	binary.NativeEndian.PutUint16(r.b[6:], flags|unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	binary.NativeEndian.PutUint32(r.b[8:], 1)
	r.b = append(r.b, body...)
	return r
}

// attr adds an attribute; nested attributes are made by filling between open and shut.
func (r *request) attr(kind uint16, value []byte) {
	at := r.open(kind)
	r.b = append(r.b, value...)
	r.shut(at)
}

func (r *request) open(kind uint16) int {
	at := len(r.b)
	r.b = binary.NativeEndian.AppendUint16(append(r.b, 0, 0), kind)
	return at
}

func (r *request) shut(at int) {
	binary.NativeEndian.PutUint16(r.b[at:], uint16(len(r.b)-at))
	for len(r.b)%4 != 0 {
		r.b = append(r.b, 0)
	}
}

func u32(v uint32) []byte { return binary.NativeEndian.AppendUint32(nil, v) }

// do sends the message and waits for the kernel's answer.
func (r *request) do() error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	binary.NativeEndian.PutUint32(r.b, uint32(len(r.b)))
	if err := unix.Sendto(fd, r.b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	buf := make([]byte, 8192)
	n, _, err := unix.Recvfrom(fd, buf, 0)
	if err != nil {
		return err
	}
	if n >= 20 && binary.NativeEndian.Uint16(buf[4:]) == unix.NLMSG_ERROR {
		if code := int32(binary.NativeEndian.Uint32(buf[16:])); code != 0 {
			return syscall.Errno(-code)
		}
	}
	return nil
}

// dumped is one object of a dump: the fixed header and its attributes.
type dumped struct {
	head  []byte
	attrs map[uint16][]byte
}

// dump reads all links, addresses or routes.
func dump(kind, headLen int) ([]dumped, error) {
	rib, err := syscall.NetlinkRIB(kind, unix.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	msgs, err := syscall.ParseNetlinkMessage(rib)
	if err != nil {
		return nil, fmt.Errorf("parse netlink answer: %w", err)
	}
	var out []dumped
	for _, m := range msgs {
		if m.Header.Type == unix.NLMSG_DONE || len(m.Data) < headLen {
			continue
		}
		out = append(out, dumped{m.Data[:headLen], attributes(m.Data[headLen:])})
	}
	return out, nil
}

func attributes(b []byte) map[uint16][]byte {
	out := make(map[uint16][]byte)
	for len(b) >= 4 {
		n := int(binary.NativeEndian.Uint16(b))
		if n < 4 || n > len(b) {
			break
		}
		out[binary.NativeEndian.Uint16(b[2:])&0x3fff] = b[4:n]
		b = b[min((n+3)&^3, len(b)):]
	}
	return out
}

func (d *dumped) u32(kind uint16) (uint32, bool) {
	if v := d.attrs[kind]; len(v) >= 4 {
		return binary.NativeEndian.Uint32(v), true
	}
	return 0, false
}

func (d *dumped) str(kind uint16) string {
	v := d.attrs[kind]
	for i, c := range v {
		if c == 0 {
			return string(v[:i])
		}
	}
	return string(v)
}
