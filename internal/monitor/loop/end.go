package loop

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// last takes what the container wrote before it ended, notes the end, and tells those who are attached.
func (l *loop) last() {
	for _, c := range l.clients { // all that is left must fit: nobody waits for a reader any more
		_ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 16<<20)
		c.flush()
	}
	for i := range l.out {
		l.drain(&l.out[i])
	}
	if l.journal != nil {
		l.journal.Close()
	}
}

// drain copies as much as is in the pipe now. Somebody outside the container may still hold the pipe, and write for ever.
func (l *loop) drain(s *source) {
	left := 1 << 20 // a terminal holds less, and does not know how much
	if !s.terminal {
		left, _ = unix.IoctlGetInt(s.fd, unix.TIOCINQ)
	}
	for left > 0 && s.fd >= 0 {
		n := l.copy(s)
		if n <= 0 {
			return
		}
		left -= n
	}
}

// leave notes how the container ended, and turns this process into a lab that does the rest.
func (l *loop) leave() int {
	code := l.wait()
	again := l.again(code)
	l.note(code, again)
	packet := append([]byte{Exited}, strconv.Itoa(code)...)
	for _, c := range l.clients {
		if c.output {
			c.send(packet)
		}
	}
	wish := read(StoppedFile)
	if wish == OthersRemove {
		return 0 // which lets go of the lock before the root
	}
	_ = unix.Close(l.root)
	if !again && wish == OthersFinish {
		return 0
	}
	args := []string{"lab", "--root", l.Root, "monitor", "end", l.ID}
	if again && l.rest() {
		args = []string{"lab", "--root", l.Root, "monitor", "again", l.ID, strconv.Itoa(l.Count + 1), strconv.Itoa(l.nextDelay())}
	} else {
		for _, c := range l.clients { // they see this process's end, when all has been put in order
			_, _ = unix.FcntlInt(uintptr(c.fd), unix.F_SETFD, 0)
		}
	}
	_ = unix.Exec(l.Lab, args, l.environment())
	return 1 // the next lab command finds that nobody has the lock, and does it
}

// wait returns the exit status of the container's first process: its own, or 128+n where signal n ended it.
func (l *loop) wait() int {
	var info unix.WaitStatus
	for {
		_, err := unix.Wait4(l.process.pid, &info, 0, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 255
		}
		if info.Signaled() {
			return 128 + int(info.Signal())
		}
		return info.ExitStatus()
	}
}

// again says whether the restart policy wants the container started once more.
func (l *loop) again(code int) bool {
	if l.stopped() {
		return false
	}
	if now := words(read(RestartFile)); len(now) == 2 { // lab update
		l.Restart = now[0]
		l.Retries, _ = strconv.Atoi(now[1])
	}
	switch l.Restart {
	case "always", "unless-stopped":
		return true
	case "on-failure":
		return code != 0 && (l.Retries == 0 || l.Count < l.Retries)
	}
	return false
}

func (l *loop) stopped() bool { return unix.Access(StoppedFile, unix.F_OK) == nil }

// rest waits before the next start, and returns false when somebody has asked the container to stop meanwhile.
func (l *loop) rest() bool {
	until := now() + int64(l.delay())*1e6
	for now() < until {
		if l.stopped() {
			l.note(l.ended, false)
			return false
		}
		left := (until - now()) / 1e6
		_, _ = unix.Poll(nil, int(min(max(left, 1), 50)))
	}
	return true
}

// delay doubles with each start, from 100 ms to a minute, until the container has once run for ten seconds.
func (l *loop) delay() int {
	if l.Delay == 0 || now()-l.start > 10e9 {
		return 100
	}
	return l.Delay
}

func (l *loop) nextDelay() int { return min(2*l.delay(), 60_000) }

// environment is ours without what was meant for this process alone.
func (l *loop) environment() []string {
	var env []string
	for _, e := range l.env {
		if len(e) < 5 || e[:5] != "GOGC=" {
			env = append(env, e)
		}
	}
	return env
}
