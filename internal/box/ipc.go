package box

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const ipcCreate, ipcRemove = 0o1000, 0 // IPC_CREAT, IPC_RMID

// ipcmk makes a System V message queue, semaphore set or shared memory segment, see sysvipc(7).
func ipcmk(c *call) {
	f := c.parse("QM:S:p:", "queue=Q", "shmem=M", "semaphore=S", "mode=p")
	mode, ok := parseMode(f.value('p', "644"), 0, false)
	if !ok {
		c.fail("invalid mode")
	}
	key := uintptr(rand.Uint32N(1<<31-2) + 1)
	make_ := func(what string, nr, a, b, d uintptr) {
		id, _, err := syscall.Syscall(nr, a, b, d)
		if err != 0 {
			c.fail("create %s failed: %s", strings.ToLower(what), text(err))
		}
		c.printf("%s id: %d\n", what, id)
	}
	flags := uintptr(mode) | ipcCreate
	if f.has('Q') {
		make_("Message queue", unix.SYS_MSGGET, key, flags, 0)
	}
	if f.has('M') {
		make_("Shared memory", unix.SYS_SHMGET, key, uintptr(c.bytes(f.value('M', ""))), flags)
	}
	if f.has('S') {
		make_("Semaphore", unix.SYS_SEMGET, key, uintptr(c.number(f.value('S', ""))), flags)
	}
	if len(f.order) == 0 {
		c.misuse("say what to create: -Q, -M size or -S number")
	}
}

func ipcrm(c *call) {
	f := c.parse("q:m:s:")
	for _, k := range [...]struct {
		letter byte
		nr     uintptr
	}{{'q', unix.SYS_MSGCTL}, {'m', unix.SYS_SHMCTL}, {'s', unix.SYS_SEMCTL}} {
		for _, v := range f.values[k.letter] {
			a, b := uintptr(ipcRemove), uintptr(0)
			if k.letter == 's' {
				a, b = 0, ipcRemove
			}
			if _, _, err := syscall.Syscall(k.nr, uintptr(c.number(v)), a, b); err != 0 {
				c.complain("id %s: %s", v, text(err))
			}
		}
	}
}

// ipcs lists what /proc/sysvipc tells: only the objects of our own IPC namespace.
func ipcs(c *call) {
	f := c.parse("qmsa")
	all := f.has('a') || len(f.order) == 0
	us := users()
	show := func(title, file, head string, row func(v map[string]string)) {
		b, err := os.ReadFile("/proc/sysvipc/" + file)
		if err != nil {
			c.complain("can't read /proc/sysvipc/%s: %s", file, text(err))
			return
		}
		c.printf("\n------ %s --------\n%s\n", title, head)
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		keys := strings.Fields(lines[0])
		for _, l := range lines[1:] {
			v := make(map[string]string)
			for i, x := range strings.Fields(l) {
				if i < len(keys) {
					v[keys[i]] = x
				}
			}
			n, _ := strconv.ParseInt(v["key"], 10, 64)
			uid, _ := strconv.Atoi(v["uid"])
			v["owner"] = us.name(uid)
			v["hex"] = "0x" + strings.Repeat("0", max(8-len(strconv.FormatUint(uint64(uint32(n)), 16)), 0)) + strconv.FormatUint(uint64(uint32(n)), 16)
			row(v)
		}
	}
	if all || f.has('q') {
		show("Message Queues", "msg", "key        msqid      owner      perms      used-bytes   messages    ", func(v map[string]string) {
			c.printf("%-10s %-10s %-10s %-10s %-12s %-12s\n", v["hex"], v["msqid"], v["owner"], v["perms"], v["cbytes"], v["qnum"])
		})
	}
	if all || f.has('m') {
		show("Shared Memory Segments", "shm", "key        shmid      owner      perms      bytes      nattch     status      ", func(v map[string]string) {
			c.printf("%-10s %-10s %-10s %-10s %-10s %-10s\n", v["hex"], v["shmid"], v["owner"], v["perms"], v["size"], v["nattch"])
		})
	}
	if all || f.has('s') {
		show("Semaphore Arrays", "sem", "key        semid      owner      perms      nsems     ", func(v map[string]string) {
			c.printf("%-10s %-10s %-10s %-10s %-10s\n", v["hex"], v["semid"], v["owner"], v["perms"], v["nsems"])
		})
	}
	c.printf("\n")
}
