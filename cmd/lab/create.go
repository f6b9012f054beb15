package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"
)

func createCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "create", Usage: "make a container, and start it later", ArgsUsage: "IMAGE [COMMAND [ARGUMENTS]]",
		Description: `Takes the flags of run. Prints the container's id; "lab start" starts it.

EXAMPLE:
   lab create --name web box httpd`,
		Flags:  createFlags(),
		Action: func(ctx *cli.Context) error { return createContainer(ctx, std) },
	}
}

func createContainer(ctx *cli.Context, std streams) error {
	if ctx.NArg() == 0 {
		return wants(ctx, "the name of an image")
	}
	r, err := newRequest(ctx)
	if err != nil {
		return failed("create", err)
	}
	l := &launch{std: std, request: r}
	if err := l.create(ctx.Context); err != nil {
		return failed("create", err)
	}
	fmt.Fprintln(std.out, l.id)
	return nil
}

// create makes all of the container that is on disk. Nothing is made in the kernel.
func (l *launch) create(ctx context.Context) error {
	l.request.created = true
	if err := l.ready(ctx); err != nil {
		return err
	}
	if err := l.prepare(); err != nil {
		l.abandon()
		return err
	}
	if err := l.recordAll(); err != nil {
		l.abandon()
		return err
	}
	l.tell("create", nil)
	return l.ledger.Done()
}
