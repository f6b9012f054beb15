package main

import (
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

func restartCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "restart", Usage: "stop containers and start them again", ArgsUsage: "CONTAINER [CONTAINER…]",
		Description: "EXAMPLE:\n   lab restart -t 2 web",
		Flags:       stopFlags(),
		Action: func(ctx *cli.Context) error {
			var turn sync.Mutex
			return eachContainer(ctx, std, func(s container.State) error {
				if err := stopContainer(ctx.String("root"), s, stopTimes(ctx)); err != nil {
					return err
				}
				state, err := findState(ctx.String("root"), s.ID)
				if err != nil {
					return err
				}
				// Stopping is waiting, and all wait at once. Starting is work: at once it takes as long, and many more descriptors.
				turn.Lock()
				defer turn.Unlock()
				if _, err = start(std, ctx.String("root"), state, false); err == nil {
					tell(store.Open(ctx.String("root")), s, "restart", nil)
				}
				return err
			})
		},
	}
}
