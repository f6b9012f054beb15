package box

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/container-labs/lab/internal/testenv"
	"github.com/stretchr/testify/assert"
)

// TestOverLoopback lets httpd, wget and nc talk in a network namespace of their own.
func TestOverLoopback(t *testing.T) {
	testenv.Root(t)
	dir := bin(t)
	in := func(script string) ran {
		cmd := at(exec.Command(filepath.Join(dir, "sh"), "-c", "ip link set lo up; "+script), t.TempDir(), dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		return start(t, cmd, "")
	}
	// until asks again and again until a server is up.
	const until = "up() { i=0; until nc -z 127.0.0.1 $1 2>/dev/null; do sleep 0.02; i=$((i+1)); [ $i -lt 200 ] || exit 99; done; }; "
	serve := until + `mkdir www; echo page > www/a; seq 200000 > www/big; ln -s /etc/passwd www/out; httpd -p 127.0.0.1:80 -h www 2>/dev/null & up 80; `
	for _, c := range []struct {
		name, script string
		want         ran
	}{
		{"a page", serve + "wget -q -O - http://127.0.0.1/a; kill $!", ran{0, "page\n", ""}},
		{"a file with its name", serve + "wget -q localhost/big; cmp big www/big && echo same; kill $!", ran{0, "same\n", ""}},
		{"no page", serve + "wget -q http://127.0.0.1/b; echo $?; kill $!", ran{0, "1\n", "wget: server returned error: HTTP/1.0 404 Not Found\n"}},
		{"nothing outside of the directory", serve + "for p in ../../etc/passwd %2e%2e/%2e%2e/etc/passwd out; do wget -q -O - 127.0.0.1/$p 2>/dev/null; echo $?; done; kill $!", ran{0, "1\n1\n1\n", ""}},
		{"a listing", serve + "wget -q -O - 127.0.0.1/ | grep -o '\">[a-z]*'; kill $!", ran{0, "\">a\n\">big\n\">out\n", ""}},
		{"nobody there", "nc 127.0.0.1 81; echo $?; wget -q 127.0.0.1:81; echo $?", ran{0, "1\n1\n",
			"nc: Connection refused (127.0.0.1:81)\nwget: can't connect to remote host (127.0.0.1:81): Connection refused\n"}},
		{"all that both say arrives", until + "seq 100000 > in; nc -l -p 90 < in > a & sleep 0.2; seq 50000 | nc 127.0.0.1 90 > b; wait; cmp in b && wc -l < a", ran{0, "50000\n", ""}},
		{"a half that is closed first", "seq 100000 > in; nc -l -p 90 < in >/dev/null & sleep 0.2; nc 127.0.0.1 90 </dev/null > b; wait; cmp in b && echo whole", ran{0, "whole\n", ""}},
		{"datagrams", "echo pong | nc -u -l -w 1 -p 53 > a & sleep 0.2; echo ping | nc -u -w 1 127.0.0.1 53 > b; wait; cat a b", ran{0, "ping\npong\n", ""}},
		{"echo", "ping -c 2 -i 0.1 localhost | /bin/sed 's/[0-9.]* ms$/T/; s/time [0-9]*ms/T/; s/= .*/=/'; ping -q -c 1 ::1 | grep -c '1 received'; ping -c 1 10.9.9.9; echo $?", ran{0,
			"PING localhost (127.0.0.1) 56(84) bytes of data.\n64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=T\n64 bytes from 127.0.0.1: icmp_seq=2 ttl=64 time=T\n" +
				"\n--- localhost ping statistics ---\n2 packets transmitted, 2 received, 0% packet loss, T\nrtt min/avg/max/mdev =\n1\n" +
				"PING 10.9.9.9 (10.9.9.9) 56(84) bytes of data.\n2\n", "ping: sendmsg: Network is unreachable\n"}},
		{"a new link and route", "ip link add v0 type veth peer name v1; ip link set v1 up; ip addr add 10.1.2.3/24 dev v0; ip link set v0 up; ip route add default via 10.1.2.1; ip route; ip -br addr show v0 | cut -c1-8", ran{0,
			"default via 10.1.2.1 dev v0 \n10.1.2.0/24 dev v0 proto kernel scope link src 10.1.2.3 \nv0@v1   \n", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, in(c.script))
		})
	}
}
