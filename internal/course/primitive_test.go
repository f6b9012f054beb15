package course

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// bench is a lab of one task on a machine as it is, for asking one question.
type bench struct {
	t    *testing.T
	work string
	vars string
	view *View
}

func newBench(t *testing.T, vars string) *bench {
	t.Helper()
	b := &bench{t: t, work: t.TempDir(), vars: vars}
	b.view = &View{Work: b.work, Home: LookHome(), Parent: os.Getenv("LAB_CGROUP_PARENT")}
	return b
}

// ask returns the sentence, with what differs from run to run taken out; "" where the answer is yes.
func (b *bench) ask(check string) string {
	b.t.Helper()
	f := b.finding(check)
	if f.OK {
		return ""
	}
	return b.plain(f.String())
}

func (b *bench) finding(check string) Finding {
	b.t.Helper()
	text := "title: A\nsummary: A.\nminutes: 5\nneeds: {root: true}\nfence: {pids: 9}\n"
	if b.vars != "" {
		text += "vars:\n" + indent(b.vars, "  ")
	}
	text += "tasks:\n- name: one\n  title: One\n  text: One.\n  hints: [One]\n  solution: x\n  check:\n" + indent(check, "    ")
	files := fstest.MapFS{"lab.yaml": {Data: []byte(text)}}
	for _, name := range []string{"testdata/x_test.go", "start/x.go"} {
		if own, err := os.ReadFile(filepath.Join(b.work, "..", "lab", name)); err == nil {
			files[name] = &fstest.MapFile{Data: own}
		}
	}
	lab, err := Load(files, "010-a", "lab")
	require.NoError(b.t, err, text)
	b.view.Lab = lab
	return b.view.Ask(b.t.Context(), lab.Tasks[0].Check)
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+by) + "\n"
}

func (b *bench) plain(text string) string {
	text = strings.ReplaceAll(text, b.work, "$work")
	for _, r := range [][2]string{
		{`process \d+ \(`, "process PID ("}, {`:\[\d+\]`, ":[N]"}, {`inode \d+`, "inode N"}, {`device \d+:\d+`, "device N"},
		{`/proc/\d+`, "/proc/PID"}, {`the parent of (.*?) is \d+`, "the parent of $1 is PID"}, {`echo \d+`, "echo PID"},
	} {
		text = regexp.MustCompile(r[0]).ReplaceAllString(text, r[1])
	}
	return text
}

// start runs a program in the background and ends it with the test.
func (b *bench) start(line string) *exec.Cmd {
	b.t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "exec "+line)
	cmd.Dir = b.work
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // no Pdeathsig: it comes when a thread ends, and checks throw threads away
	require.NoError(b.t, cmd.Start())
	b.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return cmd
}

// until waits for what a background process does.
func (b *bench) until(check string) {
	b.t.Helper()
	var said string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if said = b.ask(check); said == "" {
			return
		}
	}
	require.Empty(b.t, said, check)
}

func (b *bench) shell(script string) {
	b.t.Helper()
	cmd := exec.Command("/bin/sh", "-eu", "-c", script)
	cmd.Dir = b.work
	out, err := cmd.CombinedOutput()
	require.NoError(b.t, err, "%s\n%s", script, out)
}

type mistake struct{ check, want string }

func (b *bench) table(list []mistake) {
	b.t.Helper()
	for _, m := range list {
		got := b.ask(m.check)
		if pattern, ok := strings.CutPrefix(m.want, "regexp:"); ok {
			assert.Regexp(b.t, pattern, got, m.check)
			continue
		}
		assert.Equal(b.t, m.want, got, m.check)
	}
}

func TestProcessMistakes(t *testing.T) {
	testenv.Root(t)
	testenv.Have(t, "unshare")
	b := newBench(t, `
plain: {process: {command: sleep 47001}}
own: {process: {command: sleep 47002}}
gone: {about: the one that is not there, process: {command: sleep 47003}}
child: {process: {command: sleep 47004}}
jailed: {process: {root: $work/root}}`)
	b.start("sleep 47001")
	b.start("unshare -nupf --kill-child sleep 47002")
	b.start("sh -c 'sleep 47004 & wait'")
	b.until("process: {of: plain}")
	b.until("process: {of: own, own: [net, uts, pid], pid-inside: 1}")
	b.until("process: {of: child}")
	b.table([]mistake{
		{"process: {of: gone}", "there is no process `sleep 47003` (the one that is not there); the task wants it running. Was it put in the background with `&`, and is it still running?"},
		{"process: {of: plain, exists: false}", "process PID (sleep 47001) is there; the task wants no process `sleep 47001`."},
		{"process: {of: plain, own: net}", "process PID (sleep 47001) is in net:[N], the host's; the task wants one in a namespace of its own. `unshare` makes one only with -n."},
		{"process: {of: plain, own: [pid]}", "process PID (sleep 47001) is in pid:[N], the host's; the task wants one in a namespace of its own. `unshare` makes one only with -p, and only children get into it: -f starts one."},
		{"process: {of: own, own: all}", "process PID (sleep 47002) is in mnt:[N], the host's; the task wants one in a namespace of its own. `unshare` makes one only with -m."},
		{"process: {of: own, shared: [mnt, net]}", "process PID (sleep 47002) is in net:[N]; the task wants it in the host's, net:[N]. Start it without making a namespace of this kind."},
		{"process: {of: plain, same: {net: own}}", "process PID (sleep 47001) is in net:[N], the host's; the task wants it in net:[N], that of process PID (sleep 47002). `nsenter` joins a namespace: -t PID with the letter of the kind, or a file."},
		{"process: {of: plain, differs: {net: child}}", "process PID (sleep 47001) is in net:[N], the host's, as process PID (sleep 47004) is; the task wants another one for it. `unshare` makes one only with -n."},
		{"process: {of: plain, pid-inside: 1}", "regexp:^process PID \\(sleep 47001\\) is number \\d+ in its own PID namespace; the task wants it to be number 1 there. It is in the host's PID namespace. `unshare`"},
		{"process: {of: plain, state: stopped}", "process PID (sleep 47001) is sleeping (state S); the task wants it stopped. SIGSTOP stops a process (`kill -STOP`), or a freezer does."},
		{"process: {of: plain, cwd: /}", "process PID (sleep 47001) has the current directory $work; the task wants /. A process begins where its parent is: `cd` first, then start it."},
		{"process: {of: plain, root: $work}", "process PID (sleep 47001) has the host's root directory (inode N); the task wants $work (inode N). `chroot DIRECTORY PROGRAM` starts a program with another one; the program must be in it."},
		{"process: {of: plain, root: $work/no}", "there is no directory $work/no; the task wants it to be a root directory."},
		{"process: {of: plain, exe: /bin/false}", "regexp:^process PID \\(sleep 47001\\) runs \\S+; the task wants it to run /bin/false.$"},
		{"process: {of: plain, uid: 1234}", "process PID (sleep 47001) runs as user 0, seen from the host; the task wants user 1234."},
		{"process: {of: plain, uid-map: [0 1000 1]}", `process PID (sleep 47001) has the uid_map "0 0 4294967295"; the task wants "0 1000 1". A line is: first number inside, first number outside, how many.`},
		{"process: {of: plain, parent: own}", "regexp:^the parent of process PID \\(sleep 47001\\) is PID \\(.*\\); the task wants process PID \\(sleep 47002\\)\\.$"},
		{"process: {of: plain, lacks: sys_admin}", "regexp:^process PID \\(sleep 47001\\) has the capability sys_admin \\(CapEff [0-9a-f]+\\); the task wants it without\\.$"},
		{"process: {of: plain, seccomp: strict}", "regexp:^process PID \\(sleep 47001\\) has the seccomp mode \\w+; the task wants strict\\.$"},
		{"process: {of: plain, no-new-privileges: true}", "process PID (sleep 47001) has no_new_privs 0; the task wants 1."},
		{"process: {of: plain, cpus: 0-900}", "regexp:^process PID \\(sleep 47001\\) may run on the CPUs [0-9,-]+; the task wants 0-900\\. A cpuset"},
		{"process: {of: plain, cgroup: no/such}", "regexp:^process PID \\(sleep 47001\\) is in the group /.*; the task wants it in /no/such\\. Writing"},
		{"process: {find: {command: sleep 47001, own: net, shared: uts}}", "process PID (sleep 47001) is there, but there is no process `sleep 47001` with namespaces of its own (net) and with the host's namespaces (uts); the task wants one."},
		{"process: {find: {command: sleep 47001}, count: '>= 2'}", "regexp:^there is no such number of process `sleep 47001`: 1 process, \\d+; the task wants at least 2\\.$"},
	})
}

func TestProcessIsNotFooledByNames(t *testing.T) {
	testenv.Root(t)
	b := newBench(t, "it: {process: {command: sleep 47010}}")
	// A shell that calls itself so, and one that only speaks of it.
	b.start(`sh -c 'sleep 47011 # sleep 47010'`)
	assert.Contains(t, b.ask("process: {of: it}"), "there is no process")
	old := b.start("sleep 47010")
	b.until("process: {of: it}")
	b.start("unshare -n sleep 47010")
	b.until("process: {of: it, own: net}") // one of two is enough
	assert.Empty(t, b.ask("process: {of: it, shared: net}"), "so is the other")
	assert.Contains(t, b.ask("process: {of: it, own: [net, uts]}"), "uts:[N], the host's")
	b.view.Pinned = map[string]int{"it": old.Process.Pid}
	assert.Contains(t, b.ask("process: {of: it, own: net}"), "net:[N], the host's", "the learner has said which")
}

func TestNamespaceMistakes(t *testing.T) {
	testenv.Root(t)
	testenv.Have(t, "unshare")
	b := newBench(t, `
plain: {process: {command: sleep 47101}}
own: {process: {command: sleep 47102}}`)
	b.start("sleep 47101")
	b.start("unshare -nui sleep 47102")
	b.until("process: {of: plain}")
	b.until("process: {of: own, own: [net, uts, ipc]}")
	b.shell("touch kept plain && mount --bind /proc/self/ns/net kept")
	t.Cleanup(func() { _ = syscall.Unmount(b.work+"/kept", syscall.MNT_DETACH) })
	b.table([]mistake{
		{"namespace: {kind: net, of: plain, own: true}", "the net namespace of process PID (sleep 47101) is net:[N], the host's; the task wants one of its own. `unshare` makes one only with -n."},
		{"namespace: {kind: net, of: own, own: false}", "the net namespace of process PID (sleep 47102) is net:[N]; the task wants the host's."},
		{"namespace: {kind: net, of: own, members: '>= 2'}", "in net:[N] there is 1 process, the newest is process PID (sleep 47102); the task wants at least 2."},
		{"namespace: {kind: net, of: own, holds: [own, plain]}", "process PID (sleep 47101) is in net:[N], the host's; the task wants it in net:[N], that of process PID (sleep 47102)."},
		{"namespace: {kind: uts, of: plain, hostname: inside}", "regexp:^the host name in uts:\\[N\\], the host's is \".*\"; the task wants \"inside\". `unshare` makes one only with -u.$"},
		{"namespace: {kind: ipc, of: own, queues: 1}", "ipc:[N] has 0 message queues; the task wants 1. `ipcmk -Q` makes one in the namespace that it runs in."},
		{"namespace: {kind: net, of: $work/gone, kept: true}", "there is no file $work/gone; the task wants a namespace kept there. `ip netns add NAME` makes /run/netns/NAME; `unshare --net=FILE` keeps one at a file that is there."},
		{"namespace: {kind: net, of: $work/plain, kept: true}", "$work/plain is there, and no namespace is mounted on it; the task wants one kept there."},
		{"namespace: {kind: net, of: $work/kept, kept: false}", "a namespace is still kept at $work/kept; the task wants none there. `umount` lets it go, and `rm` takes the file; `ip netns del` does both."},
		{"namespace: {kind: uts, of: $work/kept}", "the uts namespace of $work/kept cannot be seen: it is a namespace of another kind, net."},
		{"namespace: {kind: net, of: own, owner: own, own: true}", ""},
		{"namespace: {kind: net, of: $work/kept, kept: true, own: false}", ""},
		{"namespace: {kind: time, new: '>= 90'}", "regexp:^there is .*; the task wants at least 90\\."},
	})
}

func TestFileMistakes(t *testing.T) {
	testenv.Root(t)
	b := newBench(t, "here: {process: {command: sleep 47201}}")
	b.start("sleep 47201")
	b.until("process: {of: here}")
	b.shell(`echo hello > a; mkdir dir; ln -s a link; mkfifo pipe; mknod gone c 0 0; mknod zero c 1 3; chmod 600 a; mknod sd b 8 0`)
	b.table([]mistake{
		{"file: {path: $work/b}", "there is no $work/b; the task wants it there."},
		{"file: {path: $work/a/b}", "there is no $work/a/b; the task wants it there."},
		{"file: {path: $work/a, exists: false}", "$work/a is there; the task wants it not to be."},
		{"file: {path: a, content: hullo}", `$work/a says "hello"; the task wants "hullo".`},
		{"file: {path: a, contains: [ell, x]}", `$work/a says "hello"; the task wants it to contain "x".`},
		{"file: {path: a, lacks: ell}", `$work/a says "hello"; the task wants it without "ell".`},
		{"file: {path: a, matches: '^l+$'}", `$work/a says "hello"; the task wants it to match "^l+$".`},
		{"file: {path: pipe, content: x}", "$work/pipe is a named pipe; the task wants a file with content."},
		{"file: {path: a, kind: directory}", "$work/a is a regular file; the task wants a directory."},
		{"file: {path: zero, kind: whiteout}", "$work/zero is a character device; the task wants a whiteout (character device 0/0). Overlayfs makes one in the upper directory when a lower file is deleted through the merged one."},
		{"file: {path: gone, kind: char}", "$work/gone is a whiteout (character device 0/0); the task wants a character device."},
		{"file: {path: zero, device: '1:5'}", "$work/zero is a character device with the number 1:3; the task wants the number 1:5."},
		{"file: {path: a, mode: '0644'}", "$work/a has the mode 0600; the task wants 0644."},
		{"file: {path: a, owner: '7:7'}", "$work/a belongs to 0:0; the task wants 7:7."},
		{"file: {path: link, target: b}", "$work/link leads to a; the task wants it to lead to b."},
		{"file: {path: a, target: b}", "$work/a is a regular file; the task wants a symbolic link to b."},
		{"file: {path: a, same-file: /etc/passwd}", "$work/a is inode N of device N; the task wants inode N of device N, which is /etc/passwd."},
		{"file: {path: dir, opaque: true}", "$work/dir is not opaque: what lower layers have in it shows through; the task wants it opaque. Overlayfs makes a directory so that is made where a lower one was deleted. Only root sees the mark."},
		{"file: {path: a, xattr: {user.no: x}}", "regexp:^\\$work/a has no attribute user.no \\(.*\\); the task wants it\\.$"},
		{"file: {path: $work/a, in: here, content: x}", `$work/a as process PID (sleep 47201) sees it says "hello"; the task wants "x".`},
		{"file: {path: a, content: '${here.net}'}", "regexp:^\\$work/a says \"hello\"; the task wants \"net:\\[N\\]\"\\.$"},
		{"file: {path: link, content: hello}", ""},
		{"file: {path: gone, kind: whiteout}", ""},
		{"file: {path: sd, kind: block, device: '8:0'}", ""},
	})
}

// A symbolic link of the container must not lead the check out of it.
func TestFileStaysBelowTheRoot(t *testing.T) {
	testenv.Root(t)
	box := testenv.Have(t, "busybox")
	b := newBench(t, "jailed: {process: {root: $work/root}}")
	b.shell("mkdir -p root/bin root/etc; cp " + box + " root/bin/busybox; ln -s /etc/passwd root/leak; ln -s / root/dir; echo inside > root/etc/passwd")
	b.start("chroot root /bin/busybox sleep 47301")
	b.until("process: {of: jailed}")
	b.table([]mistake{
		{"file: {path: /leak, in: jailed, content: inside}", ""},
		{"file: {path: /dir/dir/etc/passwd, in: jailed, content: inside}", ""},
		{"file: {path: /../../../etc/passwd, in: jailed, content: inside}", ""},
		{"file: {path: /no, in: jailed, exists: false}", ""},
		{"file: {path: /no/no, in: jailed, exists: false}", ""},
		{"process: {of: jailed, root: host}", "regexp:^process PID \\(/bin/busybox sleep 47301\\) has the root directory \\$work/root \\(inode N\\); the task wants / \\(inode N\\)\\.$"},
		{"mount: {at: /, in: jailed}", "nothing is mounted at / for process PID (/bin/busybox sleep 47301); the task wants a mount there."},
	})
}

func TestMountMistakes(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	testenv.Have(t, "unshare")
	b := newBench(t, "own: {process: {command: sleep 47401}}")
	b.shell(`mkdir t m a b && mount -t tmpfs -o nosuid lab-tmpfs t && mkdir t/lower t/lower2 t/upper t/work t/merged
		mount -t overlay overlay -o lowerdir=t/lower,upperdir=t/upper,workdir=t/work t/merged && mount --bind a b`)
	t.Cleanup(func() {
		for _, at := range []string{"b", "t/merged", "t"} {
			assert.NoError(t, syscall.Unmount(filepath.Join(b.work, at), syscall.MNT_DETACH))
		}
	})
	b.start("unshare -m sleep 47401")
	b.until("process: {of: own, own: mnt}")
	b.shell("mount -t tmpfs late m")
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(filepath.Join(b.work, "m"), 0)) })
	b.table([]mistake{
		{"mount: {at: $work/a, type: tmpfs}", "nothing is mounted at $work/a; the task wants tmpfs there."},
		{"mount: {at: $work/t, exists: false}", "tmpfs is mounted at $work/t; the task wants nothing mounted there."},
		{"mount: {at: $work/t, type: overlay}", "the mount at $work/t is of type tmpfs; the task wants overlay."},
		{"mount: {at: $work/t, source: other}", "the mount at $work/t shows lab-tmpfs; the task wants other."},
		{"mount: {at: $work/t, options: [nosuid, ro]}", "the mount at $work/t has the options rw,nosuid,relatime; the task wants ro among them."},
		{"mount: {at: $work/t, without: nosuid}", "the mount at $work/t has the option nosuid; the task wants it without."},
		{"mount: {at: $work/t, propagation: shared}", "the mount at $work/t is private; the task wants shared. `mount --make-shared $work/t` makes it so; `findmnt -o TARGET,PROPAGATION` shows it."},
		{"mount: {at: $work/b, bind-of: $work/t}", "regexp:^the mount at \\$work/b shows \\S*/a of \\S+; the task wants it to show \\$work/t\\. `mount --bind"},
		{"mount: {at: $work/t, upper: $work/t/upper}", "the mount at $work/t is of type tmpfs; the task wants overlay."},
		{"mount: {at: $work/t/merged, upper: $work/t/lower}", "the mount at $work/t/merged has the upper directory t/upper; the task wants $work/t/lower."},
		{"mount: {at: $work/t/merged, lower: [$work/t/lower2, $work/t/lower]}", "the mount at $work/t/merged has the lower directories t/lower; the task wants $work/t/lower2:$work/t/lower."},
		{"mount: {at: $work/m, in: own, type: tmpfs}", "nothing is mounted at $work/m for process PID (sleep 47401); the task wants tmpfs there. In the host's mount namespace it is mounted there: mount it from within, with `nsenter -t PID -m`."},
		{"mount: {at: $work/t/merged, lower: $work/t/lower, upper: $work/t/upper, work: $work/t/work, type: overlay}", ""},
		{"mount: {at: $work/b, bind-of: $work/a}", ""},
		{"not: {mount: {at: $work/b}}", "this is true: something is mounted at $work/b; the task wants it not to be."},
	})
}

func TestNetworkMistakes(t *testing.T) {
	testenv.Root(t)
	testenv.Have(t, "ip")
	b := newBench(t, `
own: {process: {command: sleep 47501}}
other: {process: {command: sleep 47502}}`)
	own := b.start("unshare -n sleep 47501")
	b.start("unshare -n sleep 47502")
	b.until("process: {of: own, own: net}")
	b.until("process: {of: other, own: net}")
	assert.Equal(t, "in net:[N] the device lo is down; the task wants it up. `ip link set lo up` in that namespace sets it up.", b.ask("network: {in: own, link: {name: lo, up: true}}"))
	assert.Contains(t, b.ask("network: {in: own, reaches: {address: 127.0.0.1, within: 300ms}}"), "in net:[N] no answer comes from 127.0.0.1: ")
	pid := strings.TrimSpace(b.pid(own))
	b.shell(`ip link add labt-br type bridge; ip link add labt-a type veth peer name eth0 netns ` + pid + `
		ip link set labt-a master labt-br; ip link set labt-a up; ip link set labt-br up; ip addr add 10.99.0.1/24 dev labt-br
		nsenter -t ` + pid + ` -n sh -c 'ip link set lo up; ip link set eth0 up; ip addr add 10.99.0.2/24 dev eth0; ip route add default via 10.99.0.1'`)
	t.Cleanup(func() {
		assert.NoError(t, deleteLink("labt-a"))
		assert.NoError(t, deleteLink("labt-br"))
		assert.Error(t, deleteLink("labt-br"))
	})
	b.table([]mistake{
		{"network: {in: own, links: [lo]}", "in net:[N] there are the devices eth0 lo; the task wants lo alone."},
		{"network: {in: own, link: {name: eth1}}", "in net:[N] there is no device eth1; the task wants one."},
		{"network: {in: own, link: {name: eth0, exists: false}}", "in net:[N] there is a device eth0; the task wants none."},
		{"network: {in: own, link: {name: eth0, kind: bridge}}", "in net:[N] the device eth0 is of the kind veth; the task wants bridge."},
		{"network: {in: own, link: {name: eth0, up: false}}", "in net:[N] the device eth0 is up; the task wants it down."},
		{"network: {in: own, link: {name: eth0, address: 10.99.0.2/16}}", "regexp:^in net:\\[N\\] the device eth0 has 10.99.0.2/24.*; the task wants 10.99.0.2/16\\. The number behind the slash"},
		{"network: {in: own, link: {name: lo, master: labt-br}}", "in net:[N] the device lo is plugged into no bridge; the task wants labt-br. `ip link set lo master labt-br` plugs it in."},
		{"network: {in: own, link: {name: eth0, peer-in: other}}", "in net:[N] the other end of eth0 is not in net:[N]; the task wants it there. `ip link set NAME netns PID` moves one end of a veth into the namespace of a process."},
		{"network: {in: own, route: {to: default, via: 10.99.0.3}}", "in net:[N] the route to default goes via 10.99.0.1 by eth0; the task wants one via 10.99.0.3."},
		{"network: {in: own, route: {to: 10.98.0.0/24}}", "in net:[N] there is no route to 10.98.0.0/24; the task wants one. A route needs a device that is up, with an address from which the gateway can be reached."},
		{"network: {in: own, route: {to: default, exists: false}}", "in net:[N] there is a route to default; the task wants none."},
		{"network: {in: own, listening: {port: 8080}}", "in net:[N] nobody listens at tcp port 8080; the task wants somebody to."},
		{"network: {in: own, reaches: {address: 10.99.0.1, port: 81}}", "in net:[N] no answer comes from 10.99.0.1 port 81: connection refused; the task wants one. The way there and the way back both need a device that is up and a route."},
		{"network: {in: own, reaches: {address: 10.99.0.1, exists: false}}", "in net:[N] an answer comes from 10.99.0.1; the task wants none."},
		{"network: {in: own, sysctl: {net.ipv4.ip_forward: 7}}", "regexp:^in net:\\[N\\] net.ipv4.ip_forward is [01]; the task wants 7\\.$"},
		{"network: {in: /run/netns/nobody-has-this, links: [lo]}", "the network namespace of /run/netns/nobody-has-this cannot be seen: no such file or directory. It is not there, or has just ended."},
		{"network: {in: own, link: {name: eth0, kind: veth, up: true, address: 10.99.0.2/24, peer-in: host}, route: {to: default, via: 10.99.0.1, dev: eth0}, reaches: {address: 10.99.0.1}}", ""},
		{"network: {link: {name: 'labt-*', kind: veth, master: labt-br, peer-in: own}}", ""},
	})
}

func (b *bench) pid(cmd *exec.Cmd) string { return strconv.Itoa(cmd.Process.Pid) }

func TestCommandMistakes(t *testing.T) {
	testenv.Root(t)
	b := newBench(t, "own: {process: {command: sleep 47601}}")
	b.start("unshare -u sleep 47601")
	b.until("process: {of: own, own: uts}")
	b.table([]mistake{
		{"command: {run: echo a; exit 3}", "`echo a; exit 3` ends with status 3 and says \"a\"; the task wants status 0."},
		{"command: {run: echo a, output: b}", "`echo a` says \"a\"; the task wants \"b\"."},
		{"command: {run: 'true', contains: b}", "`true` says nothing; the task wants it to contain \"b\"."},
		{"command: {run: sleep 60, within: 200ms}", "`sleep 60` did not end within 200ms; the task wants its answer."},
		{"command: {run: 'sleep 60 & echo a', output: a, within: 3s}", ""},
		{"command: {run: cat, output: ''}", ""},
		{"command: {run: pwd, output: $work}", ""},
		{"command: {run: yes, within: 300ms}", "`yes` did not end within 300ms; the task wants its answer."},
		{"command: {run: hostname x1 && hostname, in: own, output: x2}", "`hostname x1 && hostname` in the namespaces of process PID (sleep 47601) says \"x1\"; the task wants \"x2\"."},
		{"command: {run: sleep 60, in: own, within: 200ms}", "`sleep 60` in the namespaces of process PID (sleep 47601) did not end within 200ms; the task wants its answer."},
		{"namespace: {kind: uts, of: own, hostname: x1}", ""},
	})
}

func TestTogether(t *testing.T) {
	b := newBench(t, "")
	b.shell("echo a > a")
	b.table([]mistake{
		{"[{file: {path: a}}, {file: {path: b}}]", "there is no $work/b; the task wants it there."},
		{"any: [{file: {path: c}}, {file: {path: a, content: b}}]", `$work/a says "a"; the task wants "b".`},
		{"any: [{file: {path: c}}, {file: {path: a}}]", ""},
		{"all: [{not: {file: {path: c}}}]", ""},
		{"eventually: {within: 300ms, check: {file: {path: c}}}", "there is no $work/c; the task wants it there."},
		{"{file: {path: b}, say: 'Look at $work.'}", "there is no $work/b; the task wants it there. Look at $work."},
	})
	go func() { time.Sleep(200 * time.Millisecond); _ = os.WriteFile(b.work+"/late", nil, 0o644) }()
	assert.Empty(t, b.ask("eventually: {within: 5s, check: {file: {path: late}}}"))
	assert.Equal(t, "`cat x`", b.finding("{file: {path: b}, look: '`cat x`'}").Look)
}

// A check comes back also when the answer does not.
func TestAskNeverHangs(t *testing.T) {
	b := newBench(t, "")
	b.shell("mkfifo pipe")
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	b.finding("file: {path: a}")
	lab := *b.view.Lab
	lab.Tasks[0].Check = &Check{Command: &CommandCheck{Run: "cat pipe"}}
	begin := time.Now()
	f := b.view.Ask(ctx, lab.Tasks[0].Check)
	assert.False(t, f.OK)
	assert.Less(t, time.Since(begin), 10*time.Second)
}
