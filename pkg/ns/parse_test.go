package ns

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestKinds(t *testing.T) {
	assert.Equal(t, "mnt,uts,ipc,net,pid,user,cgroup,time", All.String())
	assert.Len(t, Kinds(), 8)
	for _, k := range Kinds() {
		for _, name := range []string{k.Name, k.Long} {
			set, err := Parse(name)
			require.NoError(t, err)
			assert.Equal(t, k.Flag, set)
		}
	}
	_, err := Parse("disk")
	assert.EqualError(t, err, `namespace kind "disk": want one of mnt,uts,ipc,net,pid,user,cgroup,time`)
	_, err = Of(0, Net|UTS)
	assert.EqualError(t, err, `namespace kind "uts,net": want exactly one`)
}

func TestParseLink(t *testing.T) {
	for link, want := range map[string]uint64{
		"net:[4026531840]": 4026531840, "pid_for_children:[7]": 7,
		"net:[]": 0, "net:[-1]": 0, "net:[1": 0, "socket:[123]": 0, "": 0, "/a:[1]": 0,
	} {
		_, ino, ok := parseLink(link)
		assert.Equal(t, want != 0, ok, link)
		assert.Equal(t, want, ino, link)
	}
}

func TestParseMountinfo(t *testing.T) {
	const text = `22 28 0:21 / /proc rw,nosuid - proc proc rw
560 28 0:4 net:[4026532289] /run/netns/blue rw shared:309 - nsfs nsfs rw
561 28 0:4 user:[4026532290] /run/a\040b\134c rw - nsfs nsfs rw
562 28 0:4 / /x rw - nsfs nsfs rw
563 - nsfs
`
	assert.Equal(t, []boundNS{
		{Net, 4026532289, "/run/netns/blue"},
		{User, 4026532290, `/run/a b\c`},
	}, parseMountinfo(text))
}

func FuzzParseMountinfo(f *testing.F) {
	f.Add(`560 28 0:4 net:[4026532289] /run/a\040b rw - nsfs nsfs rw`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, b := range parseMountinfo(text) {
			_, err := b.kind.one()
			assert.NoError(t, err)
		}
		assert.LessOrEqual(t, len(unescape(text)), len(text))
		assert.Equal(t, !strings.Contains(text, `\`), text == unescape(text) && !strings.Contains(text, `\`))
	})
}

func TestPlain(t *testing.T) {
	assert.Equal(t, "sh -c ?[2J?ü", plain([]byte("sh -c \x1b[2J\nü")))
	assert.Equal(t, "\uFFFD", plain([]byte{0x9b}), "not UTF-8, and an escape in Latin-1")
}

func TestOpenNSOpensNothingElse(t *testing.T) {
	for _, path := range []string{"/dev/null", "/etc", "/proc/self/stat"} {
		_, err := openNS(path)
		assert.ErrorIs(t, err, unix.ENOTTY, path)
	}
	fd, err := openNS("/proc/self/ns/net")
	require.NoError(t, err)
	assert.NoError(t, unix.Close(fd))
}

func TestOffsetLine(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour:                "boottime 3600 0",
		1500 * time.Millisecond:  "boottime 1 500000000",
		-1500 * time.Millisecond: "boottime -2 500000000",
		-2 * time.Second:         "boottime -2 0",
	} {
		assert.Equal(t, want, offsetLine("boottime", d))
	}
}

func TestWithSingle(t *testing.T) {
	assert.Equal(t, []IDMap{{0, 1000, 1}}, withSingle(nil, 0, 1000))
	assert.Equal(t, []IDMap{{0, 1000, 1}, {1, 100000, 65535}}, withSingle([]IDMap{{0, 100000, 65536}}, 0, 1000))
	assert.Equal(t, []IDMap{{5, 1000, 1}, {0, 100000, 5}, {6, 100005, 4}}, withSingle([]IDMap{{0, 100000, 10}}, 5, 1000))
	assert.Equal(t, []IDMap{{0, 1000, 1}}, withSingle([]IDMap{{0, 100000, 1}}, 0, 1000))
}

func TestUnshareLists(t *testing.T) {
	text := func(u Unshare) string {
		ops, err := u.Ops()
		require.NoError(t, err)
		var lines []string
		for _, op := range ops {
			lines = append(lines, op.String())
		}
		return strings.Join(lines, "\n")
	}
	args := []string{"/bin/sh"}
	assert.Equal(t, `unshare(CLONE_NEWUTS|CLONE_NEWNET)
sethostname("box", 3)
execve("/bin/sh", ["/bin/sh"], [])`, text(Unshare{Kinds: UTS | Net, Hostname: "box", Args: args}))
	assert.Equal(t, `mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)
execve("/bin/sh", ["/bin/sh"], [])`, text(Unshare{Kinds: PID, Fork: true, MountProc: "/proc", Args: args}))
	assert.Equal(t, `unshare(CLONE_NEWTIME)
openat(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY|O_CLOEXEC, 00)
write($1, "boottime 7 0", 12)
close($1)
openat(AT_FDCWD, "/proc/self/ns/time_for_children", O_CLOEXEC, 00)
setns($1, CLONE_NEWTIME)
close($1)
execve("/bin/sh", ["/bin/sh"], [])`, text(Unshare{Fork: true, Boottime: 7 * time.Second, Args: args}))
}

func TestUnshareCheck(t *testing.T) {
	args := []string{"sh"}
	for _, test := range []struct {
		unshare Unshare
		want    string
	}{
		{Unshare{}, "unshare: no program given"},
		{Unshare{Hostname: "x", Args: args}, "unshare: setting the host name needs a UTS namespace (-u), or it would be the host's"},
		{Unshare{Propagation: "up", Args: args}, `unshare: propagation "up": want private, slave, shared or unchanged`},
		{Unshare{Keep: map[Set]string{PID: "/x"}, Args: args}, "unshare: keeping a PID namespace needs a process in it (--fork)"},
		{Unshare{Kinds: 1, Args: args}, "unshare: flags 0x1 are no kind of namespace"},
		{Unshare{Args: []string{"a\x00"}}, `"a\x00" has a NUL byte, at which the kernel would cut it off`},
		{Unshare{Kinds: UTS, Hostname: strings.Repeat("x", 65), Args: args}, "unshare: the host name has 65 bytes, and the kernel takes 64"},
	} {
		assert.EqualError(t, test.unshare.Check(), test.want)
	}
}
