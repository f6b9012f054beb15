package course

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

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
