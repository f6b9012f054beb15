package unionfs

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/kernel"
)

// Overlay is one overlay mount. The zero value of each field but Target is meaningful.
//
//	mount -t overlay overlay -o lowerdir=LOWER:…,upperdir=UPPER,workdir=WORK TARGET
type Overlay struct {
	// Lower are the directories to be seen through, the topmost first. They are never written to. The kernel takes up to 500.
	Lower []string

	// Upper receives all changes; "" makes the mount read-only. It must be on a file system with extended attributes that is no overlay itself.
	Upper string

	// Work is an empty directory beside Upper, on the same file system, where the kernel prepares what it then renames into Upper.
	Work string

	// Target is where the merged tree appears.
	Target string

	// ReadOnly mounts without writing: Upper, if given, is then simply the topmost lower directory.
	ReadOnly bool

	// Volatile leaves out every sync(2) of the upper file system: much faster to unmount, and worthless after a crash of the machine. The kernel
	// marks such an upper in Work and refuses it the next time; see [Mount]. Since Linux 5.10.
	Volatile bool

	// UserXattr keeps marks in user.overlay.* instead of trusted.overlay.*: needed for a mount in a user namespace. Since Linux 5.11.
	UserXattr bool
}

// Slots of kernel.Op lists that Ops uses; high, so that a longer list may contain them.
const (
	slotFS    kernel.Slot = 250
	slotMount kernel.Slot = 251
	slotLayer kernel.Slot = 252
)

// fsconfigMax is the longest string that fsconfig(2) takes, its zero byte included.
const fsconfigMax = 256

// Ops returns the system calls that make the mount: mount(2), if its options fit into one page of memory, else the new mount API, which
// takes the lower directories one by one (Linux 6.7; a path of 256 bytes or more is passed as a descriptor, which needs Linux 6.13).
//
// Nothing is looked at or prepared here; [Mount] does that. The mount always has redirect_dir=nofollow, metacopy=off and index=off, whatever
// the module's defaults: so Upper holds all that it shows, [Layer] can read it, and a mark in a layer cannot lead out of it.
//
// Kernel: mount(2); or fsopen(2), fsconfig(2), fsmount(2), move_mount(2). Documentation/filesystems/overlayfs.rst. Needs CAP_SYS_ADMIN.
func (o Overlay) Ops() []kernel.Op {
	var ops []kernel.Op
	for _, s := range o.steps() {
		ops = append(ops, s(kernel.Slot.Ref))
	}
	return ops
}

// step makes one op, given how to name a descriptor that an earlier op has put into a slot.
type step func(ref func(kernel.Slot) kernel.Ref) kernel.Op

func plain(op kernel.Op) step { return func(func(kernel.Slot) kernel.Ref) kernel.Op { return op } }

func (o Overlay) steps() []step {
	lower := o.layers()
	if o.readOnly() && len(lower) == 1 { // an overlay needs two directories; one alone is a bind mount
		return []step{
			plain(kernel.Mount(lower[0], o.Target, "", unix.MS_BIND, "").For("show the only layer")),
			plain(kernel.Mount("", o.Target, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "").For("make it read-only")),
		}
	}
	if data := o.Options(); len(data) < os.Getpagesize() {
		var flags uintptr
		if o.readOnly() {
			flags = unix.MS_RDONLY
		}
		return []step{plain(kernel.Mount("overlay", o.Target, "overlay", flags, data).For("merge the layers"))}
	}
	return o.stepwise(lower)
}

func (o Overlay) readOnly() bool { return o.ReadOnly || o.Upper == "" }

// layers are the lower directories as the kernel gets them.
func (o Overlay) layers() []string {
	if o.ReadOnly && o.Upper != "" {
		return append([]string{o.Upper}, o.Lower...)
	}
	return o.Lower
}

// Options returns the mount's options as mount(8) takes them behind -o. In a path ":" separates directories and "," options, so both
// are escaped with a backslash, and so is the backslash.
func (o Overlay) Options() string {
	var b strings.Builder
	b.WriteString("lowerdir=")
	for i, dir := range o.layers() {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(escape(dir))
	}
	if !o.readOnly() {
		b.WriteString(",upperdir=" + escape(o.Upper) + ",workdir=" + escape(o.Work))
	}
	for _, opt := range o.settings() {
		b.WriteString("," + opt)
	}
	return b.String()
}

// settings are the options that name no directory.
func (o Overlay) settings() []string {
	s := []string{"redirect_dir=nofollow", "metacopy=off", "index=off"}
	if o.UserXattr {
		s = append(s, "userxattr")
	}
	if o.Volatile && !o.readOnly() {
		s = append(s, "volatile")
	}
	return s
}

// escape is the inverse of ovl_unescape in fs/overlayfs/params.c.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `:`, `\:`, `,`, `\,`).Replace(path)
}

func (o Overlay) stepwise(lower []string) []step {
	steps := []step{plain(kernel.Fsopen("overlay").Into(slotFS).For("configure an overlay whose options fill more than a page"))}
	for _, dir := range lower {
		steps = append(steps, setDir("lowerdir+", dir, dir)...)
	}
	attrs := unix.MOUNT_ATTR_RDONLY
	if !o.readOnly() {
		attrs = 0
		steps = append(steps, setDir("upperdir", o.Upper, escape(o.Upper))...)
		steps = append(steps, setDir("workdir", o.Work, escape(o.Work))...)
	}
	for _, opt := range o.settings() {
		steps = append(steps, set(opt))
	}
	return append(steps,
		func(ref func(kernel.Slot) kernel.Ref) kernel.Op {
			return kernel.FsconfigCreate(ref(slotFS)).For("merge the layers")
		},
		func(ref func(kernel.Slot) kernel.Ref) kernel.Op {
			return kernel.Fsmount(ref(slotFS), attrs).Into(slotMount).For("make a mount of it")
		},
		func(ref func(kernel.Slot) kernel.Ref) kernel.Op {
			return kernel.MoveMount(ref(slotMount), "", kernel.AtCwd, o.Target, unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_SYMLINKS).For("attach the mount")
		},
		closing(slotMount), closing(slotFS))
}

func set(opt string) step {
	return func(ref func(kernel.Slot) kernel.Ref) kernel.Op {
		if key, value, ok := strings.Cut(opt, "="); ok {
			return kernel.FsconfigString(ref(slotFS), key, value).For("set " + opt)
		}
		return kernel.FsconfigFlag(ref(slotFS), opt).For("set " + opt)
	}
}

// setDir names one directory. The kernel takes "lowerdir+" as it comes but removes backslashes from upperdir and workdir, so value
// is what to say for dir.
func setDir(key, dir, value string) []step {
	if len(value) < fsconfigMax {
		return []step{func(ref func(kernel.Slot) kernel.Ref) kernel.Op {
			return kernel.FsconfigString(ref(slotFS), key, value).For("add " + key)
		}}
	}
	return []step{
		plain(kernel.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0).Into(slotLayer).For("open a layer with a long path")),
		func(ref func(kernel.Slot) kernel.Ref) kernel.Op {
			return kernel.FsconfigFD(ref(slotFS), key, ref(slotLayer)).For("add " + key)
		},
		closing(slotLayer),
	}
}

func closing(slot kernel.Slot) step {
	return func(ref func(kernel.Slot) kernel.Ref) kernel.Op { return kernel.Close(ref(slot)) }
}
