package main_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/container-labs/lab/internal/testenv"
)

// Who comes at the moment when a container ends and removes itself is served, or told that it has ended: no one waits for ever, and no
// one is told of the call that happened to fail.
func TestComingWhenTheContainerEnds(t *testing.T) {
	testenv.Root(t)
	testenv.Overlay(t)
	binary, root := testenv.Lab(t), t.TempDir()
	prepare(t, root)
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	const over = `^(lab: no such container: NAME|lab: container NAME is not running|lab: container NAME has just ended: nobody can attach to it any more|` +
		`lab: you cannot attach to a stopped container, start it first: lab start NAME|` +
		`(one\n)?(two\n)?lab: container NAME was removed (before its log could be|while its log was) read.*|)\n?$`
	for i := range rounds {
		name := fmt.Sprint("short", i)
		labOutput(t, root, "run", "-d", "--rm", "--name", name, "box", "sh", "-c", "echo one; sleep 0.06; echo two")
		var all sync.WaitGroup
		for _, args := range [][]string{{"attach"}, {"attach", "--no-stdin"}, {"exec", "", "true"}, {"exec", "-i", "", "cat"}, {"exec", "", "sleep", "5"}, {"logs", "-f"}} {
			args = args[:len(args):len(args)]
			named := false
			for k := range args {
				if args[k] == "" {
					args[k], named = name, true
				}
			}
			if !named {
				args = append(args, name)
			}
			delay := time.Duration(rand.IntN(100)) * time.Millisecond
			all.Go(func() {
				time.Sleep(delay)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				out, err := exec.CommandContext(ctx, binary, append([]string{"--root", root}, args...)...).CombinedOutput()
				if !assert.NoError(t, ctx.Err(), "%v waits for ever: %s", args, out) || err == nil {
					return
				}
				switch code := err.(*exec.ExitError).ExitCode(); {
				case code == 137 && args[0] == "exec": // killed with the others
					assert.Empty(t, string(out))
				case assert.Equal(t, 1, code, "%v: %s", args, out):
					assert.Regexp(t, over, strings.ReplaceAll(string(out), name, "NAME"), "%v", args)
				}
			})
		}
		all.Wait()
	}
	require.Eventually(t, func() bool { return len(labOutput(t, root, "ps", "-aq")) == 0 }, 20*time.Second, 20*time.Millisecond)
	assertClean(t, root, "after short containers")
}
