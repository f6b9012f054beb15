package doctor

import (
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/pkg/unionfs"
)

// union lists the calls that merge dir/lower and dir/upper at dir/merged, and write a file there, which is what copies
// into upper.
func union(dir, lower string, own bool) []kernel.Op {
	o := unionfs.Overlay{
		Lower: []string{lower}, Upper: dir + "/upper", Work: dir + "/work", Target: dir + "/merged",
		UserXattr: own, Volatile: true, // without it the unmount would wait for the whole disk
	}
	const file kernel.Slot = 1
	return append(o.Ops(),
		kernel.Open(dir+"/merged/file", unix.O_CREAT|unix.O_WRONLY, 0o644).Into(file).For("write through the overlay"),
		kernel.Close(file.Ref()))
}

func tryOverlay(b *Bench) Finding {
	stage, err := stageDir()
	if err != nil {
		return failed(err)
	}
	return b.tried("", unix.CLONE_NEWNS, func(own bool) []kernel.Op { return firstOverlay(stage, own) })
}

// firstOverlay is an overlay on a tmpfs.
func firstOverlay(stage string, own bool) []kernel.Op {
	ops := append([]kernel.Op{private(), tmpfs(stage)}, below(stage, "lower", "upper", "work", "merged")...)
	return append(ops, union(stage, stage+"/lower", own)...)
}

// tryUserOverlay mounts one with the rights that a user namespace gives to somebody who is not root: since Linux 5.11.
func tryUserOverlay(b *Bench) Finding {
	stage, err := stageDir()
	if err != nil {
		return failed(err)
	}
	return b.asOrdinary(firstOverlay(stage, true)...)
}

// tryNestedOverlay puts an overlay on an overlay, as lab in a container does: the lower layers may be on one. The upper one
// may not, whatever the machine, which is why --root of a lab in a container belongs on a volume or a tmpfs.
func tryNestedOverlay(b *Bench) Finding {
	stage, err := stageDir()
	if err != nil {
		return failed(err)
	}
	return b.tried("for lower layers, and never for the upper", unix.CLONE_NEWNS, func(own bool) []kernel.Op {
		ops := append(firstOverlay(stage, own), below(stage, "second")...)
		ops = append(ops, below(stage+"/second", "upper", "work", "merged")...)
		return append(ops, union(stage+"/second", stage+"/merged", own)...)
	})
}

// tryNested makes a container's namespaces and root, and in them the same once more.
func tryNested(b *Bench) Finding {
	stage, err := stageDir()
	if err != nil {
		return failed(err)
	}
	const all = unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET | unix.CLONE_NEWPID
	return b.tried("", all, func(own bool) []kernel.Op {
		ops := append(firstOverlay(stage, own), below(stage+"/merged", "inner", "proc")...)
		inner := stage + "/merged/inner"
		ops = append(ops,
			kernel.Mount("proc", stage+"/merged/proc", "proc", 0, "").For("mount /proc in the outer container"),
			kernel.Unshare(all).For("make the inner container's namespaces"),
			private(), tmpfs(inner))
		ops = append(ops, below(inner, "upper", "work", "merged")...)
		return append(ops, union(inner, stage+"/lower", own)...)
	})
}
