package doctor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// message is one netlink message; see netlink(7).
type message struct {
	b   []byte
	why string // what it asks for, for the error
}

func newMessage(why string, kind, flags uint16, seq uint32, body []byte) *message {
	m := &message{b: make([]byte, unix.SizeofNlMsghdr, 128), why: why}
	binary.NativeEndian.PutUint16(m.b[4:], kind)
	binary.NativeEndian.PutUint16(m.b[6:], flags|unix.NLM_F_REQUEST)
	binary.NativeEndian.PutUint32(m.b[8:], seq)
	m.b = append(m.b, body...)
	return m
}

// attr adds an attribute: its length, its kind, its value, and zeros up to the next multiple of four.
func (m *message) attr(kind uint16, value []byte) {
	m.nest(kind, func() { m.b = append(m.b, value...) })
}

// nest adds an attribute that is made of those that fill adds.
func (m *message) nest(kind uint16, fill func()) {
	at := len(m.b)
	m.b = binary.NativeEndian.AppendUint16(append(m.b, 0, 0), kind)
	fill()
	binary.NativeEndian.PutUint16(m.b[at:], uint16(len(m.b)-at))
	for len(m.b)%4 != 0 {
		m.b = append(m.b, 0)
	}
}

func (m *message) text(kind uint16, s string) { m.attr(kind, append([]byte(s), 0)) }
func (m *message) big(kind uint16, n uint32)  { m.attr(kind, binary.BigEndian.AppendUint32(nil, n)) }
func (m *message) number(kind uint16, n uint32) {
	m.attr(kind, binary.NativeEndian.AppendUint32(nil, n))
}

// bytes closes the message.
func (m *message) bytes() []byte {
	binary.NativeEndian.PutUint32(m.b, uint32(len(m.b)))
	return m.b
}

func (m *message) acked() bool { return binary.NativeEndian.Uint16(m.b[6:])&unix.NLM_F_ACK != 0 }
func (m *message) seq() uint32 { return binary.NativeEndian.Uint32(m.b[8:]) }

// exchange sends messages in one piece and waits for the answer to each that asked for one.
func exchange(fd int, messages []*message) error {
	var all []byte
	want := map[uint32]string{}
	for _, m := range messages {
		all = append(all, m.bytes()...)
		if m.acked() {
			want[m.seq()] = m.why
		}
	}
	if err := unix.Sendto(fd, all, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("%s: %w", messages[0].why, err)
	}
	buffer := make([]byte, 16<<10)
	for len(want) > 0 {
		n, _, err := unix.Recvfrom(fd, buffer, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.EAGAIN) {
			return errSlow
		}
		if err != nil {
			return fmt.Errorf("wait for an answer: %w", err)
		}
		if err := settle(buffer[:n], want); err != nil {
			return err
		}
	}
	return nil
}

// settle crosses the answered messages off, and returns the first answer that is an error.
func settle(answer []byte, want map[uint32]string) error {
	for len(answer) >= unix.SizeofNlMsghdr {
		length := int(binary.NativeEndian.Uint32(answer))
		if length < unix.SizeofNlMsghdr || length > len(answer) {
			return errors.New("read an answer: it is cut off")
		}
		kind, seq := binary.NativeEndian.Uint16(answer[4:]), binary.NativeEndian.Uint32(answer[8:])
		if kind == unix.NLMSG_ERROR && length >= unix.SizeofNlMsghdr+4 {
			if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
				why := want[seq]
				if why == "" {
					why = "change the network"
				}
				return fmt.Errorf("%s: %w", why, syscall.Errno(-code))
			}
			delete(want, seq)
		}
		answer = answer[min((length+3)&^3, len(answer)):]
	}
	return nil
}
