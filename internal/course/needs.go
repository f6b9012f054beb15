package course

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/doctor"
	"github.com/container-labs/lab/pkg/cgroup"
)

// Unmet is something that a lab needs and this machine does not have, with the way to get it.
type Unmet struct {
	What string `json:"what"` // "the program nsenter"
	Mend string `json:"mend"` // "apt-get install util-linux"
}

// UnmetError is returned by [Session.Start] where a lab cannot be done here.
type UnmetError struct {
	Lab  string
	List []Unmet
}

func (e *UnmetError) Error() string {
	var all []string
	for _, u := range e.List {
		text := u.What
		if u.Mend != "" {
			text += " (" + strings.ReplaceAll(u.Mend, "\n", "; ") + ")"
		}
		all = append(all, text)
	}
	return "the lab " + e.Lab + " cannot be done here: it needs " + strings.Join(all, ", and ")
}

// Unmet lists what the lab needs and this machine does not have.
func (n *Needs) Unmet(ctx context.Context, root string) []Unmet {
	var list []Unmet
	if n.Root && os.Geteuid() != 0 {
		list = append(list, Unmet{"root", "sudo lab course start …"})
	}
	if n.Kernel != "" && olderThan(n.Kernel) {
		list = append(list, Unmet{"Linux " + n.Kernel + " or newer", "a newer distribution, or the course's virtual machine"})
	}
	list = append(list, n.groups()...)
	for _, name := range n.Programs {
		if _, err := exec.LookPath(name); err != nil {
			list = append(list, Unmet{"the program " + name, packageOf(name)})
		}
	}
	for _, name := range n.Features {
		if u, ok := feature(ctx, name, root); !ok {
			list = append(list, u)
		}
	}
	return list
}

func (n *Needs) groups() []Unmet {
	if len(n.Controllers) == 0 {
		return nil
	}
	m, err := cgroup.Detect()
	if err != nil {
		return []Unmet{{"control groups", err.Error()}}
	}
	var list []Unmet
	for _, c := range n.Controllers {
		if !m.Has(c) {
			list = append(list, Unmet{"the cgroup controller " + c, "`lab doctor` says how to mend it"})
		}
	}
	h := m.Where(n.Controllers[0])
	if n.Cgroup != "" && h != nil && fmt.Sprintf("v%d", h.Version) != n.Cgroup {
		mend := "boot with systemd.unified_cgroup_hierarchy=1, or use the course's virtual machine"
		if n.Cgroup == "v1" {
			mend = "boot with systemd.unified_cgroup_hierarchy=0; `lab course show` tells the rest without"
		}
		list = append(list, Unmet{fmt.Sprintf("the controller %s in cgroup %s, and it is in v%d", n.Controllers[0], n.Cgroup, h.Version), mend})
	}
	return list
}

// olderThan says whether the running kernel is older than "5.12".
func olderThan(version string) bool {
	var u unix.Utsname
	var a, b, wantA, wantB int
	if unix.Uname(&u) != nil {
		return false
	}
	_, err1 := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &a, &b)
	_, err2 := fmt.Sscanf(version, "%d.%d", &wantA, &wantB)
	return err1 == nil && err2 == nil && (a < wantA || a == wantA && b < wantB)
}

// feature makes one of the doctor's checks.
func feature(ctx context.Context, name, root string) (Unmet, bool) {
	checks := doctor.Checks()
	i := slices.IndexFunc(checks, func(c doctor.Check) bool { return c.Name == name })
	if i < 0 {
		return Unmet{What: fmt.Sprintf("%q, which is no check of lab doctor", name)}, false
	}
	report, err := doctorReport(ctx, root)
	if err != nil {
		return Unmet{}, true // it could not be told; the lab itself will
	}
	for _, r := range report.Results {
		if r.Name == name && r.State == doctor.No {
			return Unmet{name + ": " + r.Found, r.Here}, false
		}
	}
	return Unmet{}, true
}

func doctorReport(ctx context.Context, root string) (*doctor.Report, error) {
	if root == "" {
		root = "/var/lib/lab"
	}
	return doctor.Run(ctx, doctor.Options{Store: root, Parent: os.Getenv("LAB_CGROUP_PARENT")})
}

// packageOf says which package has a program; distributions agree on these.
func packageOf(program string) string {
	for name, programs := range map[string][]string{
		"util-linux":     {"unshare", "nsenter", "lsns", "ipcs", "ipcmk", "ipcrm", "findmnt", "taskset", "setpriv", "mount", "umount", "kill"},
		"iproute2":       {"ip", "ss", "bridge", "tc"},
		"iputils-ping":   {"ping"},
		"procps":         {"ps", "pgrep", "pkill", "sysctl", "top", "free"},
		"attr":           {"getfattr", "setfattr"},
		"libcap2-bin":    {"capsh", "setcap", "getcap"},
		"busybox-static": {"busybox"},
		"uidmap":         {"newuidmap", "newgidmap"},
		"golang":         {"go"},
		"coreutils":      {"sleep", "chroot", "readlink", "stat", "mkfifo", "timeout"},
	} {
		if slices.Contains(programs, program) {
			return "the package " + name + ", or one that is called alike"
		}
	}
	return "install it"
}
