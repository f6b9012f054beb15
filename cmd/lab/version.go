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
		Description: "EXAMPLE:\n   lab version -f '{{.Server.Version}}'",
		Flags:       []cli.Flag{&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "print by a `TEMPLATE` of Go, or json"}},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return wants(ctx, "no arguments")
			}
			about, err := newVersionAbout()
			if err != nil {
				return err
			}
			return printAbout(std, ctx.String("format"), about, func() error {
				_, err := fmt.Fprintf(std.out, "lab     %s\nGo      %s\nOS/Arch %s/%s\nkernel  %s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, about.Server.KernelVersion)
				return err
			})
		},
	}
}

// versionAbout has the names of docker's templates. There is no daemon: both halves are this program.
type versionAbout struct {
	Client, Server versionHalf
}

type versionHalf struct {
	Version, GoVersion, Os, Arch, KernelVersion string
}

func newVersionAbout() (versionAbout, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return versionAbout{}, fmt.Errorf("ask for the kernel's version: %w", err)
	}
	half := versionHalf{version, runtime.Version(), runtime.GOOS, runtime.GOARCH, unix.ByteSliceToString(u.Release[:])}
	return versionAbout{half, half}, nil
}
