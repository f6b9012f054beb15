package course

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// process is what /proc tells of one process, as far as every check wants it.
type process struct {
	PID, Parent, Session int
	TTY                  int      // 0: none
	State                byte     // R S D T t Z X I
	Start                uint64   // clock ticks since the machine began
	Args                 []string // empty for a zombie
	Name                 string   // the kernel's short name for it, up to 15 bytes
}

// String is "process 4242 (sleep 60)".
func (p *process) String() string {
	text := strings.Join(p.Args, " ")
	if text == "" {
		text = p.Name
	}
	return fmt.Sprintf("process %d (%s)", p.PID, clip(oneLine(text), 60))
}

// listProcesses reads all processes, newest first. Those that end meanwhile are left out.
func listProcesses() []process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var all []process
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			if p, err := readProcess(pid); err == nil {
				all = append(all, p)
			}
		}
	}
	slices.SortFunc(all, func(a, b process) int {
		return cmp.Or(cmp.Compare(b.Start, a.Start), cmp.Compare(b.PID, a.PID))
	})
	return all
}

func readProcess(pid int) (process, error) {
	p := process{PID: pid}
	stat, err := os.ReadFile(procFile(pid, "stat"))
	if err != nil {
		return p, err
	}
	if err := p.parseStat(stat); err != nil {
		return p, err
	}
	line, err := os.ReadFile(procFile(pid, "cmdline"))
	if err == nil && len(line) > 0 {
		p.Args = strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
	}
	return p, nil
}

// parseStat reads /proc/PID/stat: the name stands in parentheses and may hold anything, parentheses too; see
// proc_pid_stat(5).
func (p *process) parseStat(stat []byte) error {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return fmt.Errorf("read the state of process %d: no name in it", p.PID)
	}
	f := bytes.Fields(stat[end+1:])
	if len(f) < 20 {
		return fmt.Errorf("read the state of process %d: %d fields", p.PID, len(f))
	}
	p.Name, p.State = string(stat[open+1:end]), f[0][0]
	p.Parent, _ = strconv.Atoi(string(f[1]))
	p.Session, _ = strconv.Atoi(string(f[3]))
	p.TTY, _ = strconv.Atoi(string(f[4]))
	p.Start, _ = strconv.ParseUint(string(f[19]), 10, 64)
	return nil
}

// status reads one field of /proc/PID/status.
func (p *process) status(field string) (string, error) {
	text, err := os.ReadFile(procFile(p.PID, "status"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && name == field {
			return strings.TrimSpace(value), nil
		}
	}
	return "", nil
}

// alive says whether it is still the same process under that number.
func (p *process) alive() bool {
	now, err := readProcess(p.PID)
	return err == nil && now.Start == p.Start && now.State != 'Z' && now.State != 'X'
}

// state is a state's name in lab.yaml.
func stateName(s byte) string {
	switch s {
	case 'R':
		return "running"
	case 'S', 'I':
		return "sleeping"
	case 'D':
		return "waiting"
	case 'T', 't':
		return "stopped"
	case 'Z', 'X':
		return "zombie"
	}
	return string(s)
}

func procFile(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }

// inode is the identity of a file.
type inode struct{ dev, ino uint64 }

func inodeOf(path string) (inode, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return inode{}, err
	}
	return inode{st.Dev, st.Ino}, nil
}

// sameCommand says whether a process was started by what a selector's command says.
func sameCommand(args []string, command string) bool {
	want := strings.Fields(command)
	if len(want) == 0 || len(args) == 0 {
		return false
	}
	more := want[len(want)-1] == "..."
	if more {
		want = want[:len(want)-1]
	}
	if len(args) < len(want) || len(args) > len(want) && !more {
		return false
	}
	for i, w := range want {
		arg := args[i]
		if i == 0 {
			// A login shell is called -sh.
			arg = strings.TrimPrefix(filepath.Base(arg), "-")
			w = filepath.Base(w)
		}
		if w != "*" && w != arg {
			return false
		}
	}
	return true
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// clip shortens a text to n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
