package main

import (
	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/pkg/container"
)

func restartCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "restart", Usage: "stop containers and start them again", ArgsUsage: "CONTAINER [CONTAINER…]",
		Description: "EXAMPLE:\n   lab restart -t 2 web",
		Flags:       stopFlags(),
		Action: func(ctx *cli.Context) error {
			atOnce := 16
			if ctx.Bool("explain") || ctx.Bool("step") {
				atOnce = 1 // a list of calls is about one container
			}
			return inTurns(ctx, std, atOnce, func(s container.State) error {
				if err := stopContainer(ctx.String("root"), s, stopTimes(ctx)); err != nil {
					return err
				}
				state, err := findState(ctx.String("root"), s.ID)
				if err != nil {
					return err
				}
				_, err = start(std, ctx.String("root"), state, false)
				return err
			})
		},
	}
}
