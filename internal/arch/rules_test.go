package arch

// A place is a package's directory below the module's root. One that ends in "/..." is the
// package and all below it.

// closed lists all that a place may import of our own. Its tests may import testenv besides.
var closed = []struct {
	place string
	may   []string
	why   string
}{
	{"internal/kernel", nil, "the door to the kernel stands on nothing"},
	{"internal/testenv", nil, "every package's tests stand on it, the kernel's too"},

	{"pkg/chroot/...", []string{"internal/kernel"}, "a student may open any chapter first"},
	{"pkg/ns/...", []string{"internal/kernel"}, "a student may open any chapter first"},
	{"pkg/cgroup/...", []string{"internal/kernel"}, "a student may open any chapter first"},
	{"pkg/unionfs/...", []string{"internal/kernel"}, "a student may open any chapter first"},

	{"internal/capability/...", []string{"internal/kernel", "internal/spelling"}, "the last chapter uses it, and stays readable with it"},
	{"internal/seccomp/...", []string{"internal/kernel", "internal/capability"}, "the last chapter uses it, and stays readable with it"},
	{
		"pkg/container/...",
		[]string{
			"pkg/chroot", "pkg/ns", "pkg/cgroup", "pkg/unionfs",
			"internal/kernel", "internal/seccomp", "internal/capability", "internal/replace",
		},
		"a container is the four chapters; it takes data and hooks, and never pulls, routes or keeps records",
	},
	{"internal/doctor/...", []string{"internal/kernel", "internal/fold", "pkg/..."}, "it tries what the chapters do, and needs no image, store or network of lab's"},
}

// never lists what a place does not import, ours or not.
var never = []struct {
	place string
	not   []string
	why   string
}{
	{"internal/image/...", []string{"pkg/container/..."}, "an image is data and knows no life cycle"},
	{"internal/network/...", []string{"pkg/container/..."}, "the container asks for a network through a hook"},
	{"internal/volume/...", []string{"pkg/container/..."}, "a volume is a directory and knows no life cycle"},
	{"internal/build/...", []string{"pkg/container/..."}, "a build step runs through a hook that cmd/lab wires"},
	{"internal/store/...", []string{"pkg/...", "internal/image/...", "internal/network/..."}, "records know nothing of what is recorded"},
	{"internal/course/...", []string{"net/http"}, "the course judges the kernel's state; the classroom serves it"},
	{"pkg/...", []string{"cmd/..."}, "commands call packages"},
	{"internal/...", []string{"cmd/..."}, "commands call packages"},
}

// only lists what nobody but these places imports. Tests are free to.
var only = []struct {
	what []string
	by   []string
	why  string
}{
	{
		[]string{"github.com/google/go-containerregistry/..."},
		[]string{"internal/image/..."},
		"the registry client stays behind one door, and can be changed there",
	},
	{
		[]string{"github.com/urfave/cli/v2/..."},
		[]string{"cmd/lab/..."},
		"flags are the command line's; a package takes values",
	},
	{
		[]string{"github.com/stretchr/testify/...", "internal/testenv", "testing"},
		[]string{"internal/testenv"},
		"what tests stand on is not for the program",
	},
}

// must lists the imports that the promise rests on: the code that runs is the code that is
// taught. A row counts as soon as its place is there.
var must = []struct {
	place, has, why string
}{
	{"internal/image/...", "pkg/unionfs", "layers are unpacked by chapter 4, not by a library"},
	{"pkg/container/...", "pkg/unionfs", "the root file system is chapter 4's overlay"},
	{"pkg/container/...", "pkg/cgroup", "limits are chapter 3's"},
}

// planned are places that a row may name before they are there. Everything else that a row
// names must exist, so that a slip of the pen does not turn a row off.
var planned = []string{
	"internal/network", "internal/volume", "internal/build", "internal/course",
}
