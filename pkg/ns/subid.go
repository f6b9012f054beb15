package ns

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// SubID is one line of /etc/subuid or /etc/subgid: ids that a user may hand out in user namespaces. See subuid(5).
type SubID struct{ First, Count uint32 }

// ErrNoSubIDs is wrapped by [SubIDs] where a user has no subordinate ids.
var ErrNoSubIDs = errors.New("no subordinate ids")

// SubIDs returns the subordinate user and group ids of a user, from /etc/subuid and /etc/subgid. The files name the
// user by name or by number; name may be "". The error wraps [ErrNoSubIDs] where either has no line for the user.
func SubIDs(name string, uid int) (uids, gids []SubID, err error) {
	if uids, err = subIDsIn("/etc/subuid", name, uid); err != nil {
		return nil, nil, err
	}
	gids, err = subIDsIn("/etc/subgid", name, uid)
	return uids, gids, err
}

func subIDsIn(file, name string, uid int) ([]SubID, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w for %s: there is no %s", ErrNoSubIDs, who(name, uid), file)
	}
	if err != nil {
		return nil, fmt.Errorf("read subordinate ids: %w", err)
	}
	defer f.Close()
	list, err := ReadSubIDs(f, name, uid)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w for %s: %s has no line %s:100000:65536", ErrNoSubIDs, who(name, uid), file, who(name, uid))
	}
	return list, nil
}

// ReadSubIDs reads the lines "user:first:count" of one user. Comments and lines that make no sense are passed over, as
// the tools of shadow do: a mistake in somebody else's line is not this user's.
func ReadSubIDs(r io.Reader, name string, uid int) ([]SubID, error) {
	var list []SubID
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		fields := strings.Split(strings.TrimSpace(scanner.Text()), ":")
		if len(fields) != 3 || fields[0] == "" || (fields[0] != name && fields[0] != strconv.Itoa(uid)) {
			continue
		}
		first, err1 := strconv.ParseUint(fields[1], 10, 32)
		count, err2 := strconv.ParseUint(fields[2], 10, 32)
		if err1 != nil || err2 != nil || checkLine(IDMap{0, uint32(first), uint32(count)}) != nil {
			continue
		}
		list = append(list, SubID{uint32(first), uint32(count)})
	}
	return list, scanner.Err()
}

// FromSubIDs maps subordinate ids to ids inside that begin at 0, one line after the other.
func FromSubIDs(list []SubID) []IDMap {
	var maps []IDMap
	inside := uint32(0)
	for _, s := range list {
		if s.Count > ^uint32(0)-1-inside {
			break // more than there are ids inside
		}
		maps = append(maps, IDMap{inside, s.First, s.Count})
		inside += s.Count
	}
	return maps
}

func who(name string, uid int) string {
	if name != "" {
		return name
	}
	return strconv.Itoa(uid)
}
