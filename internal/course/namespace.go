package course

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/pkg/ns"
)

// nsID is a namespace: its kind, and the inode that is its only name.
type nsID struct {
	kind string
	ino  uint64
}

// String is what the link in /proc/PID/ns says: "net:[4026531840]".
func (n nsID) String() string { return fmt.Sprintf("%s:[%d]", n.kind, n.ino) }

// namespaceOf returns the namespace of a process.
func namespaceOf(pid int, kind string) (nsID, error) {
	return namespaceAt(procFile(pid, "ns/"+kind), kind)
}

// namespaceAt returns the namespace that a file stands for.
func namespaceAt(path, kind string) (nsID, error) {
	id, err := ns.OfFile(path)
	if err != nil {
		return nsID{}, err
	}
	if strings.HasPrefix(path, "/proc/") {
		return nsID{kind, id.Ino}, nil
	}
	if !kept(path) {
		return nsID{}, errNotKept
	}
	file, err := os.Open(path)
	if err != nil {
		return nsID{}, err
	}
	defer file.Close()
	if k, err := ns.KindOf(int(file.Fd())); err != nil || k.Name != kind {
		return nsID{}, fmt.Errorf("it is a namespace of another kind, %s", k.Name)
	}
	return nsID{kind, id.Ino}, nil
}

var errNotKept = errors.New("the file is there, and no namespace is kept at it")

// LookHome notes where the caller is, and which namespaces there are.
func LookHome() Home {
	h := Home{Namespaces: map[string]uint64{}, Before: map[string][]uint64{}}
	for _, kind := range kinds {
		if id, err := namespaceAt("/proc/thread-self/ns/"+kind, kind); err == nil {
			h.Namespaces[kind] = id.ino
		}
	}
	for kind, list := range allNamespaces() {
		h.Before[kind] = list
	}
	return h
}

// allNamespaces lists those that a process is in or that are kept at a file, by kind.
func allNamespaces() map[string][]uint64 {
	all := map[string][]uint64{}
	listing, err := ns.List()
	if err != nil {
		return all
	}
	for _, n := range listing.Namespaces {
		kind := n.Kind.Name
		if !slices.Contains(all[kind], n.ID.Ino) {
			all[kind] = append(all[kind], n.ID.Ino)
		}
	}
	return all
}

// isHome says whether a namespace is the one in which the lab was started.
func (v *View) isHome(n nsID) bool { return v.Home.Namespaces[n.kind] == n.ino }

// whose says "the host's" or "not the host's" of a namespace.
func (v *View) whose(n nsID) string {
	if v.isHome(n) {
		return n.String() + ", the host's"
	}
	return n.String()
}

// nsRef resolves what lab.yaml says of a namespace: a variable, a file, host. path can be opened for setns(2); it is "" for
// the host's when the caller is not there.
func (v *View) nsRef(ctx context.Context, ref, kind string) (n nsID, path string, err error) {
	if ref == "host" || ref == "" {
		n = nsID{kind, v.Home.Namespaces[kind]}
		here, err := namespaceAt("/proc/thread-self/ns/"+kind, kind)
		if err == nil && here == n {
			return n, "/proc/thread-self/ns/" + kind, nil
		}
		if p := v.inHome(kind, n); p != nil {
			return n, procFile(p.PID, "ns/"+kind), nil
		}
		return n, "", errors.New("the host's namespace is not where this terminal is")
	}
	if def, ok := v.Lab.Var(ref); ok && def.Process != nil {
		p := v.bound[ref]
		if p == nil {
			return n, "", &missingProcess{v.describe(ctx, def)}
		}
		path = procFile(p.PID, "ns/"+kind)
		n, err = namespaceAt(path, kind)
		return n, path, err
	}
	path = v.path(ctx, ref)
	n, err = namespaceAt(path, kind)
	return n, path, err
}

// inHome finds a process that is in the host's namespace of a kind.
func (v *View) inHome(kind string, n nsID) *process {
	for i := range v.all() {
		if id, err := namespaceOf(v.processes[i].PID, kind); err == nil && id == n {
			return &v.processes[i]
		}
	}
	return nil
}

// missingProcess is the error for a variable that names no process now.
type missingProcess struct{ what string }

func (e *missingProcess) Error() string { return "there is no " + e.what }

// cannot is the finding for what could not be looked at.
func cannot(what string, err error) Finding {
	var missing *missingProcess
	if errors.As(err, &missing) {
		return no(missing.Error(), "it running")
	}
	f := Finding{Found: fmt.Sprintf("%s cannot be seen: %v", what, reason(err))}
	if errors.Is(err, fs.ErrPermission) {
		return f.advise("Only root may look there: run `sudo lab course check`.")
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return f.advise("It is not there, or has just ended.")
	}
	return f
}

// kept says whether a namespace is kept at a file: whether nsfs is mounted there.
func kept(path string) bool {
	var st unix.Statfs_t
	return unix.Statfs(path, &st) == nil && int64(st.Type) == unix.NSFS_MAGIC
}

// membersOf lists the processes in a namespace.
func (v *View) membersOf(n nsID) []*process {
	var in []*process
	for i := range v.all() {
		p := &v.processes[i]
		if p.State == 'Z' || p.State == 'X' {
			continue // has left its namespaces
		}
		if id, err := namespaceOf(p.PID, n.kind); err == nil && id == n {
			in = append(in, p)
		}
	}
	return in
}

// sameFile says whether two paths are one file.
func sameFile(a, b string) bool {
	x, err1 := inodeOf(a)
	y, err2 := inodeOf(b)
	return err1 == nil && err2 == nil && x == y
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
