package ns

import (
	"os"
	"strings"
)

// boundNS is a namespace's file that is mounted somewhere.
type boundNS struct {
	kind Set
	ino  uint64
	path string
}

// parseMountinfo finds the bind mounts of namespaces in the text of /proc/PID/mountinfo; see proc_pid_mountinfo(5). Their
// lines have the file system type nsfs and the namespace where others have the directory that is mounted:
//
//	560 28 0:4 net:[4026532289] /run/netns/blue rw shared:309 - nsfs nsfs rw
func parseMountinfo(text string) []boundNS {
	var list []boundNS
	for line := range strings.Lines(text) {
		if !strings.Contains(line, " - nsfs ") {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 6 {
			continue
		}
		if kind, ino, ok := parseLink(fields[3]); ok {
			list = append(list, boundNS{kind, ino, unescape(fields[4])})
		}
	}
	return list
}

// unescape undoes the octal escapes of mountinfo: a blank in a path is \040.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && octal(s[i+1:i+4]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func octal(s string) bool {
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' && s[2] >= '0' && s[2] <= '7'
}

// mounts looks for bind mounts of namespaces in every mount namespace: they are different trees, and one
// process in each can show its own. A mount namespace that no process is in cannot be looked into.
func (s *scanner) mounts() {
	shown := map[uint64]bool{}
	at := Mount.index()
	for _, p := range s.listing.Processes {
		ino := p.ids[at]
		if ino == 0 {
			ino, _ = s.inoOf(p.PID)
		}
		if ino == 0 || shown[ino] {
			continue
		}
		text, err := os.ReadFile(procPath(p.PID, "mountinfo"))
		if err != nil || len(text) == 0 {
			continue // ended: the next one in there will do
		}
		shown[ino] = true
		for _, b := range parseMountinfo(string(text)) {
			if s.Kinds&b.kind != 0 {
				s.hold(kinds[b.kind.index()], b.ino, procPath(p.PID, "root"+b.path),
					Holder{Kind: HeldByMount, PID: p.PID, Path: b.path})
			}
		}
	}
}

// inoOf is for a scan that leaves mount namespaces out.
func (s *scanner) inoOf(pid int) (uint64, error) {
	id, err := Of(pid, Mount)
	return id.Ino, err
}
