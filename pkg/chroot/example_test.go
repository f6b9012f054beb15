package chroot_test

import (
	"fmt"

	"github.com/container-labs/lab/pkg/chroot"
)

// What `lab chroot --pivot /srv/box /bin/sh` will do, without doing it.
func ExampleCommand_Ops() {
	command := chroot.Command{Root: "/srv/box", Args: []string{"/bin/sh"}, Pivot: true}
	for _, op := range command.Ops() {
		fmt.Println(op)
	}
	// Output:
	// mount(NULL, "/", NULL, MS_REC|MS_PRIVATE, NULL)
	// mount("/srv/box", "/srv/box", NULL, MS_BIND|MS_REC, NULL)
	// chdir("/srv/box")
	// pivot_root(".", ".")
	// umount2(".", MNT_DETACH)
	// chdir("/")
	// execve("/bin/sh", ["/bin/sh"], [])
}

// The escape as a list: what root in a plain chroot can do.
func ExampleEscapeOps() {
	for _, op := range chroot.EscapeOps(2) {
		fmt.Printf("%-26s # %s\n", op, op.Why)
	}
	// Output:
	// chdir("/")                 # start at the root that we are locked in
	// mkdirat(AT_FDCWD, "breakout", 0700) # make a directory to go into
	// chroot("breakout")         # move the root below the current directory: now nothing stops ".."
	// chdir("..")                # climb past the old root: it is not the root any more
	// chdir("..")                # climb past the old root: it is not the root any more
	// chroot(".")                # make the top of the tree the root directory
}
