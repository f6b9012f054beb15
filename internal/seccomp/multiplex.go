package seccomp

import "github.com/opencontainers/runtime-spec/specs-go"

// multiplexed returns the rule that r, for the named call, means for the old
// doors of 32-bit x86: socketcall(2) and ipc(2), whose first argument says
// which call is meant. A profile that forbids bind must forbid
// socketcall(SYS_BIND, …) too, or it forbids nothing.
//
// The real arguments lie in memory behind a pointer, where a filter cannot
// look. So a rule with conditions that lets the call through does not open the
// old door, and one that refuses it closes the old door for all arguments.
func multiplexed(name string, r rule) (nr uint32, through rule, ok bool) {
	const socketcallNumber, ipcNumber = 102, 117
	if len(r.conditions) > 0 && permissive(r.verdict) {
		return 0, rule{}, false
	}
	if call := socketcall(name); call != 0 {
		return socketcallNumber, rule{r.verdict, []condition{{0, specs.OpEqualTo, call, ^uint64(0)}}}, true
	}
	if call := ipc(name); call != 0 {
		// The upper half is a version, which the kernel cuts off.
		return ipcNumber, rule{r.verdict, []condition{{0, specs.OpMaskedEqual, call, 0xffff}}}, true
	}
	return 0, rule{}, false
}

// socketcall returns the SYS_* number of linux/net.h, or 0.
func socketcall(name string) uint64 {
	switch name {
	case "socket":
		return 1
	case "bind":
		return 2
	case "connect":
		return 3
	case "listen":
		return 4
	case "accept":
		return 5
	case "getsockname":
		return 6
	case "getpeername":
		return 7
	case "socketpair":
		return 8
	case "send":
		return 9
	case "recv":
		return 10
	case "sendto":
		return 11
	case "recvfrom":
		return 12
	case "shutdown":
		return 13
	case "setsockopt":
		return 14
	case "getsockopt":
		return 15
	case "sendmsg":
		return 16
	case "recvmsg":
		return 17
	case "accept4":
		return 18
	case "recvmmsg":
		return 19
	case "sendmmsg":
		return 20
	}
	return 0
}

// ipc returns the number of linux/ipc.h (SEMOP, MSGSND, SHMAT, …), or 0.
func ipc(name string) uint64 {
	switch name {
	case "semop":
		return 1
	case "semget":
		return 2
	case "semctl":
		return 3
	case "semtimedop":
		return 4
	case "msgsnd":
		return 11
	case "msgrcv":
		return 12
	case "msgget":
		return 13
	case "msgctl":
		return 14
	case "shmat":
		return 21
	case "shmdt":
		return 22
	case "shmget":
		return 23
	case "shmctl":
		return 24
	}
	return 0
}
