package course

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/ns"
)

// askNamespace answers a namespace check.
func (v *View) askNamespace(ctx context.Context, q *NamespaceCheck) Finding {
	if q.New != "" {
		if f := v.newNamespaces(q); !f.OK || q.Of == "" {
			return f
		}
	}
	if q.Kept != nil {
		if f := v.keptAt(ctx, q); !f.OK || !*q.Kept {
			return f
		}
	}
	n, path, err := v.nsRef(ctx, q.Of, q.Kind)
	if errors.Is(err, errNotKept) {
		return no("no namespace is kept at "+v.short(ctx, q.Of), "one").at("`findmnt -t nsfs`")
	}
	if err != nil {
		return cannot("the "+q.Kind+" namespace of "+v.nameOf(q.Of), err)
	}
	whose := v.nameOf(q.Of)
	if q.Own != nil && *q.Own == v.isHome(n) {
		if *q.Own {
			return no(fmt.Sprintf("the %s namespace of %s is %s", q.Kind, whose, v.whose(n)), "one of its own").
				advise(unshareAdvice(q.Kind)).at("`lsns -t " + q.Kind + "`")
		}
		return no(fmt.Sprintf("the %s namespace of %s is %s", q.Kind, whose, n), "the host's").at("`lsns -t " + q.Kind + "`")
	}
	for i, part := range []func(context.Context, *NamespaceCheck, nsID, string) Finding{
		v.namespaceMembers, v.namespaceOwner, v.namespaceInside,
	} {
		if f := part(ctx, q, n, path); !f.OK {
			f.passed = i + 1
			return f
		}
	}
	return yes()
}

// newNamespaces counts those that were not there when the lab was started.
func (v *View) newNamespaces(q *NamespaceCheck) Finding {
	want, _ := parseCount(q.New)
	var fresh []string
	for _, ino := range allNamespaces()[q.Kind] {
		if !slices.Contains(v.Home.Before[q.Kind], ino) {
			fresh = append(fresh, nsID{q.Kind, ino}.String())
		}
	}
	if want.holds(int64(len(fresh))) {
		return yes()
	}
	found := "there is no " + q.Kind + " namespace that was not there when the lab was started"
	if len(fresh) > 0 {
		found = fmt.Sprintf("there is %s more than when the lab was started (%s)", plural(len(fresh), q.Kind+" namespace", q.Kind+" namespaces"), strings.Join(fresh, " "))
	}
	return no(found, want.String()).advise(unshareAdvice(q.Kind)).at("`lsns -t " + q.Kind + "`")
}

func (v *View) keptAt(ctx context.Context, q *NamespaceCheck) Finding {
	path := v.short(ctx, q.Of)
	is := kept(path)
	switch {
	case is == *q.Kept:
		return yes()
	case is:
		return no("a namespace is still kept at "+path, "none there").advise("`umount` lets it go, and `rm` takes the file; `ip netns del` does both.").at("`findmnt -t nsfs`")
	case exists(path):
		return no(path+" is there, and no namespace is mounted on it", "one kept there").at("`findmnt -t nsfs`")
	}
	return no("there is no file "+path, "a namespace kept there").
		advise("`ip netns add NAME` makes /run/netns/NAME; `unshare --" + longName(q.Kind) + "=FILE` keeps one at a file that is there.").at("`findmnt -t nsfs`")
}

// longName is unshare(1)'s long option for a kind.
func longName(kind string) string {
	if kind == "mnt" {
		return "mount"
	}
	return kind
}

func (v *View) namespaceMembers(ctx context.Context, q *NamespaceCheck, n nsID, _ string) Finding {
	look := fmt.Sprintf("`lsns -t %s -o NS,NPROCS,PID,COMMAND`", q.Kind)
	if q.Members != "" {
		want, _ := parseCount(q.Members)
		in := v.membersOf(n)
		if !want.holds(int64(len(in))) {
			found := "nobody is in " + n.String()
			if len(in) > 0 {
				found = fmt.Sprintf("in %s there is %s, the newest is %s", n, plural(len(in), "process", "processes"), in[0])
			}
			return no(found, want.String()).at(look)
		}
	}
	for _, name := range q.Holds {
		p := v.bound[name]
		if p == nil {
			def, _ := v.Lab.Var(name)
			return cannot("the process", &missingProcess{v.describe(ctx, def)})
		}
		got, err := namespaceOf(p.PID, q.Kind)
		if err != nil {
			return cannot("the "+q.Kind+" namespace of "+p.String(), err)
		}
		if got != n {
			return no(fmt.Sprintf("%s is in %s", p, v.whose(got)), fmt.Sprintf("it in %s, that of %s", n, v.nameOf(q.Of))).at(look)
		}
	}
	return yes()
}

func (v *View) namespaceOwner(ctx context.Context, q *NamespaceCheck, n nsID, path string) Finding {
	if q.Owner == "" {
		return yes()
	}
	want, _, err := v.nsRef(ctx, q.Owner, "user")
	if err != nil && want.ino == 0 {
		return cannot("the user namespace of "+v.nameOf(q.Owner), err)
	}
	got, err := ns.Owner(path)
	if err != nil {
		return cannot("the owner of "+n.String(), err)
	}
	if got.Ino == want.ino {
		return yes()
	}
	return no(fmt.Sprintf("%s is owned by %s", n, v.whose(nsID{"user", got.Ino})), fmt.Sprintf("%s, that of %s", want, v.nameOf(q.Owner))).
		advise("A namespace is owned by the user namespace in which it is made: make both at once, or the user namespace first.").
		at("`lsns -o NS,TYPE,PID,ONS`")
}

// namespaceInside looks at what is in the namespace, from within.
func (v *View) namespaceInside(ctx context.Context, q *NamespaceCheck, n nsID, path string) Finding {
	if q.Hostname != "" {
		var got string
		err := within(map[string]string{"uts": path}, func() error {
			var u unix.Utsname
			err := unix.Uname(&u)
			got = unix.ByteSliceToString(u.Nodename[:])
			return err
		})
		if err != nil {
			return cannot("the host name in "+n.String(), err)
		}
		if want := v.expand(ctx, q.Hostname); got != want {
			f := no(fmt.Sprintf("the host name in %s is %q", v.whose(n), got), fmt.Sprintf("%q", want)).
				at("`nsenter -t PID -u hostname`")
			if v.isHome(n) {
				f.Advice = unshareAdvice("uts")
			}
			return f
		}
	}
	if q.Queues != "" {
		want, _ := parseCount(q.Queues)
		var lines int
		err := within(map[string]string{"ipc": path}, func() error {
			text, err := os.ReadFile("/proc/sysvipc/msg")
			lines = strings.Count(string(text), "\n") - 1
			return err
		})
		if err != nil {
			return cannot("the message queues in "+n.String(), err)
		}
		if !want.holds(int64(lines)) {
			return no(fmt.Sprintf("%s has %s", v.whose(n), plural(lines, "message queue", "message queues")), want.String()).
				advise("`ipcmk -Q` makes one in the namespace that it runs in.").at("`nsenter -t PID -i ipcs -q`")
		}
	}
	return yes()
}

// within calls do on a thread that is in the namespaces of the given files, by kind, and is thrown away. A namespace that
// the caller is in already asks for no rights.
func within(files map[string]string, do func() error) error {
	type entry struct {
		fd   int
		kind string
	}
	var join []entry
	defer func() {
		for _, e := range join {
			_ = unix.Close(e.fd)
		}
	}()
	for kind, path := range files {
		if path == "" {
			return os.ErrNotExist
		}
		here, err1 := namespaceAt("/proc/thread-self/ns/"+kind, kind)
		there, err2 := namespaceAt(path, kind)
		if err1 == nil && err2 == nil && here == there {
			continue
		}
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		join = append(join, entry{fd, kind})
	}
	if len(join) == 0 {
		return do()
	}
	var err error
	kernel.Apart(func() {
		for _, e := range join {
			if e.kind == "mnt" {
				if err = unix.Unshare(unix.CLONE_FS); err != nil {
					return
				}
			}
			if err = unix.Setns(e.fd, 0); err != nil {
				return
			}
		}
		err = do()
	})
	return err
}
