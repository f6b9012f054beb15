package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/ns"
)

func nsRemoveCommand(std streams) *cli.Command {
	return &cli.Command{
		ArgsUsage: "FILE [FILE…]",
		Description: `Takes away what ` + "`lab ns unshare --net=FILE`" + ` made: the mount, and the file below it. The namespace ends when nothing else
holds it. A file that keeps no namespace is left alone. By hand: umount FILE; rm FILE.

EXAMPLE:
   lab ns unshare --net=/run/mynet true
   lab ns ls -t net
   lab ns rm /run/mynet`,
		Flags: andWatch(),
		Action: flagsAnywhere(std, false, func(ctx *cli.Context, args []string) error {
			if len(args) == 0 {
				return wants(ctx, "a file that keeps a namespace")
			}
			var failed []error
			for _, file := range args {
				if err := ns.Release(file); err != nil {
					failed = append(failed, err)
					continue
				}
				fmt.Fprintln(std.out, file)
			}
			return errors.Join(failed...)
		}),
	}
}
