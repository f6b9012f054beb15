package ns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Mapping says which ids of the parent user namespace are which inside. The fields add up: Root and Auto
// together map the caller to 0 and subordinate ids behind it, which is what an unprivileged user wants for a container.
type Mapping struct {
	Root    bool    // -r: the caller's user and group are 0 inside
	Current bool    // -c: the caller's user and group keep their numbers
	Auto    bool    // the caller's lines in /etc/subuid and /etc/subgid, from 0 inside on
	UIDs    []IDMap // --map-users
	GIDs    []IDMap // --map-groups

	// Setgroups is "allow" or "deny": whether setgroups(2) works inside. A user without privileges can map a
	// group only after "deny", because dropping a group could open files to it. "" denies with Root and Current.
	Setgroups string
}

func (m Mapping) wanted() bool {
	return m.Root || m.Current || m.Auto || len(m.UIDs) > 0 || len(m.GIDs) > 0 || m.Setgroups != ""
}

// idMaps is a mapping with all numbers known.
type idMaps struct {
	uids, gids []IDMap
	setgroups  string
}

// resolve finds out the numbers for the calling process.
func (m Mapping) resolve() (*idMaps, error) {
	ids := &idMaps{uids: m.UIDs, gids: m.GIDs, setgroups: m.Setgroups}
	if m.Root && m.Current {
		return nil, errors.New("id map: the caller cannot be root and itself at once")
	}
	if m.Auto {
		if len(m.UIDs)+len(m.GIDs) > 0 {
			return nil, errors.New("id map: give ranges or have them found, not both")
		}
		uids, gids, err := SubIDs(userName(os.Geteuid()), os.Geteuid())
		if err != nil {
			return nil, err
		}
		ids.uids, ids.gids = FromSubIDs(uids), FromSubIDs(gids)
	}
	if m.Root || m.Current {
		uid, gid := uint32(os.Geteuid()), uint32(os.Getegid())
		insideUID, insideGID := uint32(0), uint32(0)
		if m.Current {
			insideUID, insideGID = uid, gid
		}
		ids.uids, ids.gids = withSingle(ids.uids, insideUID, uid), withSingle(ids.gids, insideGID, gid)
		if ids.setgroups == "" && len(ids.gids) == 1 {
			ids.setgroups = "deny"
		}
	}
	return ids, ids.check()
}

func (ids *idMaps) check() error {
	if s := ids.setgroups; s != "" && s != "allow" && s != "deny" {
		return fmt.Errorf("setgroups %q: want allow or deny", s)
	}
	if err := CheckIDMaps(ids.uids); err != nil {
		return err
	}
	return CheckIDMaps(ids.gids)
}

// write runs in the parent while the child waits in its new user namespace. The parent does it because only it may map
// more than its own id; and a process without privileges asks newuidmap(1), which may.
func (ids *idMaps) write(c *kernel.Child) error {
	pid, err := c.ProcPID()
	if err != nil {
		return err
	}
	dir := "/proc/" + strconv.Itoa(pid) + "/"
	setgroups := ids.setgroups
	if setgroups == "" && onlyOwn(ids.gids, os.Getegid()) && !capable(unix.CAP_SETGID) {
		setgroups = "deny"
	}
	if setgroups != "" {
		if err := writeWhole(dir+"setgroups", setgroups); err != nil {
			return err
		}
	}
	for _, m := range []struct {
		list    []IDMap
		file    string
		own     int
		cap     int
		program string
	}{
		{ids.uids, "uid_map", os.Geteuid(), unix.CAP_SETUID, "newuidmap"},
		{ids.gids, "gid_map", os.Getegid(), unix.CAP_SETGID, "newgidmap"},
	} {
		if len(m.list) == 0 {
			continue
		}
		var err error
		if onlyOwn(m.list, m.own) || capable(m.cap) {
			err = writeWhole(dir+m.file, Lines(m.list))
		} else {
			err = ask(m.program, pid, m.list)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func writeWhole(path, text string) error {
	return kernel.DoAll(kernel.WriteFile(fileSlot, path, text))
}

// onlyOwn is the one map that needs no privilege.
func onlyOwn(list []IDMap, id int) bool {
	return len(list) == 1 && list[0].Size == 1 && int64(list[0].Outside) == int64(id)
}

// capable says whether the calling thread has a capability in effect.
func capable(number int) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&header, &data[0]) == nil && data[number/32].Effective&(1<<(number%32)) != 0
}

// ask has the set-uid program of shadow write a map, after it has looked the range up in /etc/subuid.
func ask(program string, pid int, list []IDMap) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("map ranges of ids without CAP_SETUID: %w", err)
	}
	args := []string{strconv.Itoa(pid)}
	for _, m := range list {
		args = append(args, fmt.Sprint(m.Inside), fmt.Sprint(m.Outside), fmt.Sprint(m.Size))
	}
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %s: %w", program, strings.TrimSpace(string(out)), err)
	}
	return nil
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return ""
}
