package kernel

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// shellLine derives what a person would type instead of the call.
func shellLine(o Op) string {
	arg := func(i int) string { return shellQuote(o.Args[i].Text()) }
	switch o.Call {
	case "mount":
		return mountLine(o)
	case "umount2":
		if o.Args[1].Word()&unix.MNT_DETACH != 0 {
			return "umount -l " + arg(0)
		}
		return "umount " + arg(0)
	case "pivot_root":
		return "pivot_root " + arg(0) + " " + arg(1)
	case "chroot":
		return "chroot " + arg(0)
	case "chdir":
		return "cd " + arg(0)
	case "mkdirat":
		return fmt.Sprintf("mkdir -m %o %s", o.Args[2].Word(), arg(1))
	case "unlinkat":
		if o.Args[2].Word()&unix.AT_REMOVEDIR != 0 {
			return "rmdir " + arg(1)
		}
		return "rm " + arg(1)
	case "symlinkat":
		return "ln -s " + arg(0) + " " + arg(2)
	case "mknodat":
		return mknodLine(o)
	case "fchownat":
		return fmt.Sprintf("chown -h %s:%s %s", o.Args[2], o.Args[3], arg(1))
	case "unshare":
		return "unshare " + namespaceOptions(o.Args[0].Word())
	case "setns":
		return "nsenter " + namespaceOptions(o.Args[1].Word())
	case "sethostname":
		return "hostname " + arg(0)
	case "setsid":
		return "setsid"
	case "umask":
		return "umask " + o.Args[0].String()
	case "execve":
		return "exec " + strings.Join(quoteAll(o.Args[1].Strings()), " ")
	}
	return ""
}

func mountLine(o Op) string {
	source, target, fstype, flag, data := o.Args[0].Text(), o.Args[1].Text(), o.Args[2].Text(), o.Args[3].Word(), o.Args[4].Text()
	line := "mount"
	options := mountOptions(flag)
	switch {
	case flag&(unix.MS_PRIVATE|unix.MS_SLAVE|unix.MS_SHARED|unix.MS_UNBINDABLE) != 0:
		return line + " --make-" + propagation(flag) + " " + shellQuote(target)
	case flag&unix.MS_MOVE != 0:
		return line + " --move " + shellQuote(source) + " " + shellQuote(target)
	case flag&unix.MS_REMOUNT != 0:
		options = append([]string{"remount"}, options...)
		if flag&unix.MS_BIND != 0 {
			options = append([]string{"bind"}, options...)
		}
	case flag&unix.MS_BIND != 0 && flag&unix.MS_REC != 0:
		line += " --rbind"
	case flag&unix.MS_BIND != 0:
		line += " --bind"
	}
	if fstype != "" {
		line += " -t " + fstype
	}
	if data != "" {
		options = append(options, data)
	}
	if len(options) > 0 {
		line += " -o " + shellQuote(strings.Join(options, ","))
	}
	if source == "" && flag&unix.MS_REMOUNT == 0 {
		source = fstype
	}
	if source != "" {
		line += " " + shellQuote(source)
	}
	return line + " " + shellQuote(target)
}

func mountOptions(flag uintptr) []string {
	var list []string
	for _, f := range [...]flagName{
		{unix.MS_RDONLY, "ro"}, {unix.MS_NOSUID, "nosuid"}, {unix.MS_NODEV, "nodev"}, {unix.MS_NOEXEC, "noexec"},
		{unix.MS_NOATIME, "noatime"}, {unix.MS_RELATIME, "relatime"}, {unix.MS_STRICTATIME, "strictatime"},
	} {
		if flag&f.bits != 0 {
			list = append(list, f.name)
		}
	}
	return list
}

func propagation(flag uintptr) string {
	word := "private"
	switch {
	case flag&unix.MS_SLAVE != 0:
		word = "slave"
	case flag&unix.MS_SHARED != 0:
		word = "shared"
	case flag&unix.MS_UNBINDABLE != 0:
		word = "unbindable"
	}
	if flag&unix.MS_REC != 0 {
		return "r" + word
	}
	return word
}

func mknodLine(o Op) string {
	perm, dev := o.Args[2].Word(), uint64(o.Args[3].Word())
	kind := map[uintptr]string{unix.S_IFCHR: "c", unix.S_IFBLK: "b", unix.S_IFIFO: "p"}[perm&unix.S_IFMT]
	line := fmt.Sprintf("mknod -m %o %s %s", perm&0o7777, shellQuote(o.Args[1].Text()), kind)
	if kind == "p" {
		return line
	}
	return fmt.Sprintf("%s %d %d", line, unix.Major(dev), unix.Minor(dev))
}

// namespaceOptions are the long options of unshare(1) and nsenter(1).
func namespaceOptions(flag uintptr) string {
	var list []string
	for _, f := range [...]flagName{
		{unix.CLONE_NEWUSER, "--user"}, {unix.CLONE_NEWNS, "--mount"}, {unix.CLONE_NEWUTS, "--uts"}, {unix.CLONE_NEWIPC, "--ipc"},
		{unix.CLONE_NEWNET, "--net"}, {unix.CLONE_NEWPID, "--pid --fork"}, {unix.CLONE_NEWCGROUP, "--cgroup"}, {unix.CLONE_NEWTIME, "--time"},
	} {
		if flag&f.bits != 0 {
			list = append(list, f.name)
		}
	}
	return strings.Join(list, " ")
}

func quoteAll(list []string) []string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = shellQuote(s)
	}
	return quoted
}

// shellQuote quotes a word for a POSIX shell, if it needs it.
func shellQuote(s string) string {
	plain := s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./,:=+@%^~", r))
	}) < 0
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
