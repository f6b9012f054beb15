package main

import (
	"context"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// interruptible ends the context at Ctrl-C and SIGTERM, so that long work can put its things in order.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil {
		ctx = context.Background()
	}
	return signal.NotifyContext(ctx, os.Interrupt, unix.SIGTERM)
}
