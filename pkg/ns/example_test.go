package ns_test

import (
	"fmt"
	"strings"

	"github.com/container-labs/lab/pkg/ns"
)

// What `lab ns unshare -pf --mount-proc --uts` with a host name does in the new process, without doing it.
func ExampleUnshare_Ops() {
	u := ns.Unshare{Kinds: ns.PID | ns.UTS, Fork: true, MountProc: "/proc", Hostname: "box", Args: []string{"/bin/sh"}}
	fmt.Println("clone3 flags:", u.Needs())
	ops, _ := u.Ops()
	for _, op := range ops {
		fmt.Println(op)
	}
	// Output:
	// clone3 flags: mnt,uts,pid
	// sethostname("box", 3)
	// mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
	// mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)
	// execve("/bin/sh", ["/bin/sh"], [])
}

// Ann's subordinate ids, as a map for a user namespace.
func ExampleReadSubIDs() {
	file := strings.NewReader("ann:100000:65536\nbob:165536:65536\n")
	ids, _ := ns.ReadSubIDs(file, "ann", 1000)
	maps := ns.FromSubIDs(ids)
	fmt.Print(ns.Lines(maps))
	outside, _ := ns.Outside(maps, 33)
	fmt.Println("user 33 inside is user", outside, "outside")
	// Output:
	// 0 100000 65536
	// user 33 inside is user 100033 outside
}

func ExampleKinds() {
	for _, k := range ns.Kinds() {
		fmt.Printf("-%c  %-6s  %s\n", k.Option, k.Name, k.Isolates)
	}
	// Output:
	// -m  mnt     mount points
	// -u  uts     host name and NIS domain name
	// -i  ipc     System V IPC, POSIX message queues
	// -n  net     network devices, addresses, routes, ports, firewall
	// -p  pid     process ids
	// -U  user    user and group ids, capabilities
	// -C  cgroup  the cgroup that is shown as the root
	// -T  time    the monotonic and boot-time clocks
}
