package box

import (
	"os"
	"strconv"
	"strings"
)

// capabilityNames in the order of their bits, see capabilities(7) and linux/capability.h.
var capabilityNames = [...]string{"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid",
	"setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
	"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
	"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
	"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore"}

func capNames(mask uint64) []string {
	var out []string
	for i := range 64 {
		if mask>>i&1 == 0 {
			continue
		}
		name := "cap_" + strconv.Itoa(i)
		if i < len(capabilityNames) {
			name = "cap_" + capabilityNames[i]
		}
		out = append(out, name)
	}
	return out
}

// statusField reads one line of /proc/PID/status.
func statusField(pid, name string) string {
	b, _ := os.ReadFile("/proc/" + pid + "/status")
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// caps shows the capability sets of a process, as capsh --print does, and what else confines it.
func caps(c *call) {
	c.parse("")
	c.operands(0, 1)
	pid := "self"
	if len(c.args) > 0 {
		pid = strconv.Itoa(c.number(c.args[0]))
	}
	if statusField(pid, "CapEff") == "" {
		c.fail("can't read /proc/%s/status", pid)
	}
	for _, set := range [...][2]string{{"Effective", "CapEff"}, {"Permitted", "CapPrm"}, {"Inheritable", "CapInh"}, {"Bounding", "CapBnd"}, {"Ambient", "CapAmb"}} {
		mask, _ := strconv.ParseUint(statusField(pid, set[1]), 16, 64)
		c.printf("%-12s %016x  ", set[0]+":", mask)
		wrap(c, 31, capNames(mask))
	}
	c.printf("%-12s %s\n%-12s %s\n", "NoNewPrivs:", statusField(pid, "NoNewPrivs"), "Seccomp:", seccompMode(statusField(pid, "Seccomp")))
}

func seccompMode(v string) string {
	switch v {
	case "0":
		return "0 (off)"
	case "1":
		return "1 (strict)"
	case "2":
		return "2 (filter)"
	}
	return v
}

// wrap prints words in lines of 80 columns, indented after the first.
func wrap(c *call, indent int, words []string) {
	if len(words) == 0 {
		words = []string{"-"}
	}
	col := indent
	for i, w := range words {
		if i < len(words)-1 {
			w += ","
		}
		if col+len(w) > 79 && col > indent {
			c.printf("\n%s", strings.Repeat(" ", indent))
			col = indent
		}
		c.printf("%s", w)
		col += len(w)
	}
	c.printf("\n")
}
