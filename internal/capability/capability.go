package capability

import "strconv"

// Cap is the number of a capability, as in linux/capability.h.
type Cap uint8

// The capabilities, in the kernel's order and with the kernel's words.
// capabilities(7) says what each allows.
const (
	CHOWN Cap = iota
	DAC_OVERRIDE
	DAC_READ_SEARCH
	FOWNER
	FSETID
	KILL
	SETGID
	SETUID
	SETPCAP
	LINUX_IMMUTABLE
	NET_BIND_SERVICE
	NET_BROADCAST
	NET_ADMIN
	NET_RAW
	IPC_LOCK
	IPC_OWNER
	SYS_MODULE
	SYS_RAWIO
	SYS_CHROOT
	SYS_PTRACE
	SYS_PACCT
	SYS_ADMIN
	SYS_BOOT
	SYS_NICE
	SYS_RESOURCE
	SYS_TIME
	SYS_TTY_CONFIG
	MKNOD
	LEASE
	AUDIT_WRITE
	AUDIT_CONTROL
	SETFCAP
	MAC_OVERRIDE
	MAC_ADMIN
	SYSLOG
	WAKE_ALARM
	BLOCK_SUSPEND
	AUDIT_READ
	PERFMON            // since Linux 5.8
	BPF                // since Linux 5.8
	CHECKPOINT_RESTORE // since Linux 5.9

	count = iota
)

// names is an array and not a map, so that it costs nothing at start.
var names = [count]string{
	CHOWN:              "CAP_CHOWN",
	DAC_OVERRIDE:       "CAP_DAC_OVERRIDE",
	DAC_READ_SEARCH:    "CAP_DAC_READ_SEARCH",
	FOWNER:             "CAP_FOWNER",
	FSETID:             "CAP_FSETID",
	KILL:               "CAP_KILL",
	SETGID:             "CAP_SETGID",
	SETUID:             "CAP_SETUID",
	SETPCAP:            "CAP_SETPCAP",
	LINUX_IMMUTABLE:    "CAP_LINUX_IMMUTABLE",
	NET_BIND_SERVICE:   "CAP_NET_BIND_SERVICE",
	NET_BROADCAST:      "CAP_NET_BROADCAST",
	NET_ADMIN:          "CAP_NET_ADMIN",
	NET_RAW:            "CAP_NET_RAW",
	IPC_LOCK:           "CAP_IPC_LOCK",
	IPC_OWNER:          "CAP_IPC_OWNER",
	SYS_MODULE:         "CAP_SYS_MODULE",
	SYS_RAWIO:          "CAP_SYS_RAWIO",
	SYS_CHROOT:         "CAP_SYS_CHROOT",
	SYS_PTRACE:         "CAP_SYS_PTRACE",
	SYS_PACCT:          "CAP_SYS_PACCT",
	SYS_ADMIN:          "CAP_SYS_ADMIN",
	SYS_BOOT:           "CAP_SYS_BOOT",
	SYS_NICE:           "CAP_SYS_NICE",
	SYS_RESOURCE:       "CAP_SYS_RESOURCE",
	SYS_TIME:           "CAP_SYS_TIME",
	SYS_TTY_CONFIG:     "CAP_SYS_TTY_CONFIG",
	MKNOD:              "CAP_MKNOD",
	LEASE:              "CAP_LEASE",
	AUDIT_WRITE:        "CAP_AUDIT_WRITE",
	AUDIT_CONTROL:      "CAP_AUDIT_CONTROL",
	SETFCAP:            "CAP_SETFCAP",
	MAC_OVERRIDE:       "CAP_MAC_OVERRIDE",
	MAC_ADMIN:          "CAP_MAC_ADMIN",
	SYSLOG:             "CAP_SYSLOG",
	WAKE_ALARM:         "CAP_WAKE_ALARM",
	BLOCK_SUSPEND:      "CAP_BLOCK_SUSPEND",
	AUDIT_READ:         "CAP_AUDIT_READ",
	PERFMON:            "CAP_PERFMON",
	BPF:                "CAP_BPF",
	CHECKPOINT_RESTORE: "CAP_CHECKPOINT_RESTORE",
}

// String returns the kernel's name, "CAP_CHOWN". A capability that is newer
// than this package is written as its number, "CAP_41".
func (c Cap) String() string {
	if int(c) < len(names) {
		return names[c]
	}
	return "CAP_" + strconv.Itoa(int(c))
}
