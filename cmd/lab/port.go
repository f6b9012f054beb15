package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

func portCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "port", Usage: "list the published ports of a container", ArgsUsage: "CONTAINER [PORT[/PROTOCOL]]",
		Description: `A container has none yet: it has a loopback interface of its own, or with --network host the host's ports.

EXAMPLE:
   lab port web 80/tcp`,
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() < 1 || ctx.NArg() > 2 {
				return &exit{code: 1, err: errors.New("port wants the name of a container, and perhaps a port; see `lab port --help`")}
			}
			if _, err := findState(ctx.String("root"), ctx.Args().First()); err != nil || ctx.NArg() == 1 {
				return err
			}
			port, err := containerPort(ctx.Args().Get(1))
			if err != nil {
				return err
			}
			return fmt.Errorf("no public port '%s' published for %s", port, ctx.Args().First())
		},
	}
}

// containerPort reads "80" or "80/udp".
func containerPort(text string) (string, error) {
	number, protocol, given := strings.Cut(text, "/")
	if !given {
		protocol = "tcp"
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("invalid port %q: want a number from 1 to 65535, and perhaps a protocol: 53/udp", text)
	}
	if protocol != "tcp" && protocol != "udp" && protocol != "sctp" {
		return "", fmt.Errorf("invalid port %q: the protocols are tcp, udp and sctp", text)
	}
	return number + "/" + protocol, nil
}
