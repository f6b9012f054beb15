package main

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"
)

func versionCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print the versions of lab, Go and the kernel",
		Action: func(*cli.Context) error {
			var u unix.Utsname
			if err := unix.Uname(&u); err != nil {
				return err
			}
			fmt.Fprintf(std.out, "lab     %s\nGo      %s\nOS/Arch %s/%s\nkernel  %s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, unix.ByteSliceToString(u.Release[:]))
			return nil
		},
	}
}
