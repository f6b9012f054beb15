package ns

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// scanner is one List in progress.
type scanner struct {
	Scan
	proc    *os.File
	fd      int    // of proc
	dev     uint64 // of nsfs
	found   map[uint64]*Namespace
	where   map[uint64]string // a path to open each namespace by
	listing *Listing
	buf     [128]byte
}

func newScanner(s Scan) (*scanner, error) {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	own, err := Of(0, User)
	if err != nil {
		_ = proc.Close()
		return nil, err
	}
	return emptyScanner(s, proc, own.Dev), nil
}

func emptyScanner(s Scan, proc *os.File, dev uint64) *scanner {
	return &scanner{Scan: s, proc: proc, fd: int(proc.Fd()), dev: dev, found: map[uint64]*Namespace{}, where: map[uint64]string{}, listing: &Listing{}}
}

func (s *scanner) close() { _ = s.proc.Close() }

// processes walks /proc from a descriptor of it. It is all system calls, so every processor takes a share.
func (s *scanner) processes() error {
	pids, err := numbers(s.fd)
	if err != nil {
		return fmt.Errorf("list the processes: %w", err)
	}
	slices.Sort(pids)
	shares := make([]*scanner, min(runtime.GOMAXPROCS(0), 8))
	var wg sync.WaitGroup
	for i := range shares {
		shares[i] = emptyScanner(s.Scan, s.proc, s.dev)
		wg.Go(func() { shares[i].share(pids, i, len(shares)) })
	}
	wg.Wait()
	for _, share := range shares {
		s.merge(share)
	}
	slices.SortFunc(s.listing.Processes, func(a, b Process) int { return a.PID - b.PID })
	return nil
}

// share looks at every step-th process, in order.
func (s *scanner) share(pids []int, first, step int) {
	for i := first; i < len(pids); i += step {
		s.process(pids[i])
	}
}

// merge adds what another scanner found.
func (s *scanner) merge(other *scanner) {
	for ino, n := range other.found {
		have := s.found[ino]
		if have == nil {
			s.found[ino], s.where[ino] = n, other.where[ino]
			continue
		}
		have.Processes += n.Processes
		have.Holders = append(have.Holders, n.Holders...)
		if n.PID != 0 && (have.PID == 0 || n.PID < have.PID) {
			have.PID, s.where[ino] = n.PID, other.where[ino]
		}
	}
	s.listing.Processes = append(s.listing.Processes, other.listing.Processes...)
	s.listing.Unreadable += other.listing.Unreadable
}

func (s *scanner) process(pid int) {
	nsDir, err := s.dir(pid, "ns")
	if err != nil {
		if denied(err) {
			s.listing.Unreadable++
		}
		return
	}
	p := Process{PID: pid, dev: s.dev}
	seen, refused := false, false
	for i, k := range kinds {
		if s.Kinds&k.Flag == 0 {
			continue
		}
		ino, err := s.link(nsDir, k.Name)
		refused = refused || denied(err)
		if err != nil {
			continue
		}
		seen = true
		p.ids[i] = ino
		n := s.namespace(k, ino)
		n.Processes++
		if n.PID == 0 {
			n.PID = pid // they come in order
			s.where[ino] = procPath(pid, "ns/"+k.Name)
		}
	}
	if !s.Scan.Processes && seen {
		s.children(pid, nsDir, &p)
	}
	_ = unix.Close(nsDir)
	if refused && !seen {
		s.listing.Unreadable++
	}
	if !seen {
		return
	}
	s.listing.Processes = append(s.listing.Processes, p)
	if !s.Scan.Processes {
		s.threads(pid, &p)
		s.files(pid)
	}
}

// children looks where the process's next children will be.
func (s *scanner) children(pid, nsDir int, p *Process) {
	for i, k := range kinds {
		if k.Children == "" || s.Kinds&k.Flag == 0 {
			continue
		}
		if ino, err := s.link(nsDir, k.Children); err == nil && ino != p.ids[i] {
			s.hold(k, ino, procPath(pid, "ns/"+k.Children), Holder{Kind: HeldByChildren, PID: pid})
		}
	}
}

// threads looks for threads that are elsewhere than their process.
func (s *scanner) threads(pid int, p *Process) {
	var st unix.Stat_t
	if unix.Fstatat(s.fd, strconv.Itoa(pid)+"/task", &st, 0) != nil || st.Nlink <= 3 {
		return // one thread: the directory, its dot, and one entry
	}
	tasks, err := s.dir(pid, "task")
	if err != nil {
		return
	}
	defer unix.Close(tasks)
	tids, _ := numbers(tasks)
	for _, tid := range tids {
		if tid == pid {
			continue
		}
		name := strconv.Itoa(tid) + "/ns"
		nsDir, err := openDirAt(tasks, name)
		if err != nil {
			continue
		}
		for i, k := range kinds {
			if s.Kinds&k.Flag == 0 || k.Flag == User || k.Flag == PID {
				continue // threads of a process share these two
			}
			if ino, err := s.link(nsDir, k.Name); err == nil && ino != p.ids[i] {
				s.hold(k, ino, procPath(pid, "task/"+name+"/"+k.Name), Holder{Kind: HeldByThread, PID: pid, TID: tid})
			}
		}
		_ = unix.Close(nsDir)
	}
}

// files looks for descriptors of namespaces. Only nsfs names a file "net:[4026531840]"; one that was opened where a mount kept it
// has that place for a name instead, and "/" when the mount is gone.
func (s *scanner) files(pid int) {
	fds, err := s.dir(pid, "fd")
	if err != nil {
		return
	}
	defer unix.Close(fds)
	list, _ := numbers(fds)
	for _, fd := range list {
		name := strconv.Itoa(fd)
		link, err := s.readlink(fds, name)
		if err != nil {
			continue
		}
		flag, ino, ok := parseLink(link)
		if link == "/" {
			flag, ino, ok = s.detached(fds, name, procPath(pid, "fd/"+name))
		}
		if ok && s.Kinds&flag != 0 {
			s.hold(kinds[flag.index()], ino, procPath(pid, "fd/"+name), Holder{Kind: HeldByFile, PID: pid, FD: fd})
		}
	}
}

// detached looks whether a descriptor named "/" is of a namespace. Mostly it is of the root directory.
func (s *scanner) detached(fds int, name, path string) (flag Set, ino uint64, ok bool) {
	var st unix.Stat_t
	if unix.Fstatat(fds, name, &st, 0) != nil || uint64(st.Dev) != s.dev {
		return 0, 0, false
	}
	fd, err := openNS(path)
	if err != nil {
		return 0, 0, false
	}
	defer unix.Close(fd)
	kind, err := KindOf(fd)
	id, same := idOf(fd)
	if err != nil || same != nil || id.Ino != st.Ino {
		return 0, 0, false
	}
	return kind.Flag, id.Ino, true
}

func (s *scanner) hold(k Kind, ino uint64, path string, h Holder) {
	n := s.namespace(k, ino)
	n.Holders = append(n.Holders, h)
	if s.where[ino] == "" {
		s.where[ino] = path
	}
}

func (s *scanner) namespace(k Kind, ino uint64) *Namespace {
	n := s.found[ino]
	if n == nil {
		n = &Namespace{Kind: k, ID: ID{Dev: s.dev, Ino: ino}}
		s.found[ino] = n
	}
	return n
}

func (s *scanner) link(dir int, name string) (uint64, error) {
	link, err := s.readlink(dir, name)
	if err != nil {
		return 0, err
	}
	_, ino, ok := parseLink(link)
	if !ok {
		return 0, unix.EINVAL
	}
	return ino, nil
}

func (s *scanner) readlink(dir int, name string) (string, error) {
	n, err := unix.Readlinkat(dir, name, s.buf[:])
	if err != nil {
		return "", err
	}
	return string(s.buf[:n]), nil
}

// dir opens a directory of a process.
func (s *scanner) dir(pid int, name string) (int, error) {
	return openDirAt(s.fd, strconv.Itoa(pid)+"/"+name)
}

func openDirAt(dir int, name string) (int, error) {
	return unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// numbers reads the entries of a directory that are numbers.
func numbers(dir int) ([]int, error) {
	var list []int
	buf := make([]byte, 16<<10)
	for {
		n, err := unix.ReadDirent(dir, buf)
		if err != nil {
			return list, err
		}
		if n == 0 {
			return list, nil
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			if v, err := strconv.Atoi(name); err == nil {
				list = append(list, v)
			}
		}
	}
}

func denied(err error) bool { return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) }
