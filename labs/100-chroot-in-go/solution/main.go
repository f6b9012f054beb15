// Mini is a container runtime in the making. The functions that it calls are yours to write.
package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: mini chroot|pivot|run ROOT PROGRAM [ARGUMENTS]")
		os.Exit(2)
	}
	root, args := os.Args[2], os.Args[3:]
	var err error
	switch os.Args[1] {
	case "chroot":
		if err = changeRoot(root); err == nil {
			err = execute(args)
		}
	case "pivot": // try it with: unshare -m ./mini pivot rootfs sh
		if err = pivotRoot(root); err == nil {
			err = execute(args)
		}
	case "run":
		err = run(root, args)
	case "child": // run starts this program again with this word
		err = child(root, args)
	default:
		err = fmt.Errorf("there is no command %q", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mini:", err)
		os.Exit(1)
	}
}

// execute makes a program take the place of this one. It comes back only with an error.
func execute(args []string) error {
	path := args[0]
	for _, dir := range []string{"/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"} {
		if _, err := os.Stat(dir + path); err == nil {
			path = dir + path
			break
		}
	}
	if err := syscall.Exec(path, args, []string{"PATH=/bin:/usr/bin:/sbin:/usr/sbin"}); err != nil {
		return fmt.Errorf("execute %s: %w", path, err)
	}
	return nil
}
