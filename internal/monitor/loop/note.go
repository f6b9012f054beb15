package loop

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// prepare makes the file that the end is noted in, and takes room for it: the container may fill the disk.
func (l *loop) prepare() {
	fd, err := unix.Open(EndFile+".new", unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_CLOEXEC, 0o640)
	if l.endFile = fd; err == nil {
		_ = unix.Fallocate(fd, 0, 0, 256) // where the file system cannot, the write has to find room
	}
}

// holdRoot keeps the container's root file system mounted beyond its last process. Unmounting an overlay writes all of the file system
// below it to the disk (syncfs(2)), and whoever waits for the container's end would wait for that; nobody needs it for one that is to
// be removed. The number is a high one: of a process that ends, the kernel closes the low ones first. A low limit of open files leaves only
// lower ones.
func (l *loop) holdRoot() {
	l.root = -1
	fd, err := unix.Open("/proc/"+strconv.Itoa(l.process.pid)+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	if l.root, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, min(MaxClients+64, l.files-1)); err != nil {
		l.root = -1
	}
	_ = unix.Close(fd)
}

// note writes the file end: who ended (pid, start time, boot), how, and when. A reader sees a whole line or none.
func (l *loop) note(code int, again bool) {
	l.ended = code
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_REALTIME, &t)
	line := strconv.Itoa(l.process.pid) + " " + l.process.started + " " + l.process.boot + " " + strconv.Itoa(code) + " " + strconv.FormatInt(t.Nano(), 10)
	if again {
		line += " restarting"
	}
	line += "\n"
	if l.endFile < 0 {
		l.prepare()
	}
	_, err := unix.Pwrite(l.endFile, []byte(line), 0)
	if err == nil {
		err = unix.Ftruncate(l.endFile, int64(len(line)))
	}
	if err == nil {
		_ = unix.Rename(EndFile+".new", EndFile)
	} else {
		_ = unix.Unlink(EndFile + ".new")
		overwriteEnd(line)
	}
	_ = unix.Close(l.endFile)
	l.endFile = -1
}

// overwriteEnd writes the line over that of an earlier run, in the room that it has: the container has filled the disk, in one of its
// runs before this one. What is left of a longer old line becomes blanks.
func overwriteEnd(line string) {
	fd, err := unix.Open(EndFile, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil {
		text := []byte(line)
		for int64(len(text)) < st.Size {
			text = append(text[:len(text)-1], ' ', '\n')
		}
		_, _ = unix.Pwrite(fd, text, 0)
	}
	_ = unix.Close(fd)
}

// process says which one the pidfd is: its pid, when it started in clock ticks since boot, and in which boot.
type process struct {
	pid           int
	started, boot string
}

// whoIs reads the pidfd's entry in /proc/self/fdinfo, and field 22 of /proc/PID/stat (proc(5)).
func whoIs(pidfd int) process {
	p := process{started: "0", boot: "-"}
	if pid := field(read("/proc/self/fdinfo/"+strconv.Itoa(pidfd)), "Pid:"); pid != "" {
		p.pid, _ = strconv.Atoi(pid)
	}
	stat := words(afterName(read("/proc/" + strconv.Itoa(p.pid) + "/stat")))
	if len(stat) > 19 {
		p.started = stat[19]
	}
	if boot := words(read("/proc/sys/kernel/random/boot_id")); len(boot) > 0 {
		p.boot = boot[0]
	}
	return p
}

func read(file string) string {
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	buf := make([]byte, 1024)
	n, _ := unix.Read(fd, buf)
	return string(buf[:max(n, 0)])
}

// field returns the word after name.
func field(text, name string) string {
	list := words(text)
	for i := 0; i+1 < len(list); i++ {
		if list[i] == name {
			return list[i+1]
		}
	}
	return ""
}

// afterName cuts the command's name off, which stands in parentheses and may hold anything.
func afterName(stat string) string {
	for i := len(stat) - 1; i >= 0; i-- {
		if stat[i] == ')' {
			return stat[i+1:]
		}
	}
	return ""
}

func words(text string) []string {
	var list []string
	start := -1
	for i := 0; i <= len(text); i++ {
		blank := i == len(text) || text[i] == ' ' || text[i] == '\n' || text[i] == '\t'
		if blank && start >= 0 {
			list, start = append(list, text[start:i]), -1
		} else if !blank && start < 0 {
			start = i
		}
	}
	return list
}
