package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/docker/go-units"
	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/carry"
	"github.com/container-labs/lab/internal/store"
)

func cpCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "cp", Usage: "copy files into a container and out of it", ArgsUsage: "CONTAINER:FROM TO|-  or  FROM|- CONTAINER:TO",
		Description: `Works on containers that run and on those that do not. "-" is a tar stream, from standard input or to standard output.
A directory that exists is copied into; FROM/. means what is in a directory.

EXAMPLE:
   lab cp web:/etc/hosts .
   lab cp page/. web:/srv`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "archive", Aliases: []string{"a"}, Usage: "keep owners when copying out of a container; into one they are always kept"},
			&cli.BoolFlag{Name: "follow-link", Aliases: []string{"L"}, Usage: "copy what FROM links to, not the link"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "do not say what was copied"},
		},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() != 2 {
				return &exit{code: 1, err: errors.New("cp wants two names, of which one is in a container; see `lab cp --help`")}
			}
			c := &copying{
				std: std, root: ctx.String("root"), archive: ctx.Bool("archive"), follow: ctx.Bool("follow-link"),
				quiet: ctx.Bool("quiet") || !isTerminal(int(std.err.Fd())),
			}
			stop, cancel := interruptible(ctx.Context)
			defer cancel()
			return c.do(stop, ctx.Args().First(), ctx.Args().Get(1))
		},
	}
}

// copying is one `lab cp`.
type copying struct {
	std                    streams
	root                   string
	archive, follow, quiet bool
	bytes                  atomic.Int64
}

func (c *copying) do(ctx context.Context, from, to string) error {
	fromName, fromPath := splitCp(from)
	toName, toPath := splitCp(to)
	switch {
	case fromName != "" && toName != "":
		return errors.New("copying between containers is not supported")
	case fromName == "" && toName == "":
		return errors.New("must specify at least one container source")
	case fromName != "":
		return c.out(ctx, fromName, fromPath, toPath)
	}
	return c.in(ctx, toName, fromPath, toPath)
}

// splitCp splits CONTAINER:PATH. What begins with / or . is a path here, whatever colons it has.
func splitCp(text string) (name, path string) {
	if filepath.IsAbs(text) || strings.HasPrefix(text, ".") {
		return "", text
	}
	name, path, found := strings.Cut(text, ":")
	if !found || name == "" {
		return "", text
	}
	return name, path
}

// out copies from a container.
func (c *copying) out(ctx context.Context, name, from, to string) error {
	if to == "-" && isTerminal(int(c.std.out.Fd())) {
		return errors.New("refusing to copy an archive to a terminal: send it into a file or a pipe")
	}
	inside, err := openContainer(c.root, name, false)
	if err != nil {
		return err
	}
	defer inside.close()
	source, err := inside.place.Open(from, c.follow)
	if err != nil {
		return couldNotFind(err, from, name)
	}
	defer source.Close()
	pack := carry.Packing{Nodes: to == "-", Owner: inside.owners.inside, Warn: c.warn, Count: c.count}
	if to == "-" {
		as := source.Name
		if source.Contents {
			as = "."
		}
		c.tell(inside, "archive-path", from)
		return carry.Pack(ctx, c.std.out, source, as, pack)
	}
	if source.Device() {
		return fmt.Errorf("%s:%s is a device: it is not copied out of a container", name, from)
	}
	host, err := hostPlace()
	if err != nil {
		return err
	}
	defer unix.Close(host.Root)
	if to, err = absolute(to); err != nil {
		return err
	}
	target, err := host.Target(to, source)
	if err != nil {
		return targetError(err, to, "")
	}
	defer target.Close()
	c.tell(inside, "archive-path", from)
	unpack := carry.Unpacking{Warn: c.warn}
	if !c.archive { // as docker cp: what comes out belongs to whoever copied it
		unpack.Owner = func(int, int) (int, int) { return unix.Geteuid(), unix.Getegid() }
	}
	if err := transfer(ctx, source, target, pack, unpack); err != nil {
		return err
	}
	c.say(to)
	return nil
}

// in copies to a container.
func (c *copying) in(ctx context.Context, name, from, to string) error {
	inside, err := openContainer(c.root, name, true)
	if err != nil {
		return err
	}
	defer inside.close()
	unpack := carry.Unpacking{Owner: inside.owners.outside, Warn: c.warn}
	if from == "-" {
		target, err := inside.place.Into(to)
		if err != nil {
			if errors.Is(err, carry.ErrNotDir) {
				return fmt.Errorf("destination %q must be a directory", name+":"+to)
			}
			return couldNotFind(err, to, name)
		}
		defer target.Close()
		c.tell(inside, "extract-to-dir", to)
		return inside.explain(carry.Unpack(ctx, c.std.in, target.Dir, unpack), to)
	}
	host, err := hostPlace()
	if err != nil {
		return err
	}
	defer unix.Close(host.Root)
	if from, err = absolute(from); err != nil {
		return err
	}
	source, err := host.Open(from, c.follow)
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	defer source.Close()
	if source.Device() {
		return fmt.Errorf("%s is a device: it is not copied into a container", from)
	}
	target, err := inside.place.Target(to, source)
	if err != nil {
		return targetError(err, to, name)
	}
	defer target.Close()
	c.tell(inside, "extract-to-dir", to)
	if err := transfer(ctx, source, target, carry.Packing{Warn: c.warn, Count: c.count}, unpack); err != nil {
		return inside.explain(err, to)
	}
	c.say(name + ":" + to)
	return nil
}

// transfer packs on one side and unpacks on the other at the same time.
func transfer(ctx context.Context, source *carry.Source, target *carry.Target, pack carry.Packing, unpack carry.Unpacking) error {
	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := carry.Pack(ctx, w, source, target.Name, pack)
		_ = w.CloseWithError(err)
		packed <- err
	}()
	err := carry.Unpack(ctx, r, target.Dir, unpack)
	_ = r.CloseWithError(errOtherSide)
	if failed := <-packed; failed != nil && !errors.Is(failed, errOtherSide) {
		return failed
	}
	return err
}

var errOtherSide = errors.New("the other side has stopped")

// tell writes an event, with docker's words.
func (c *copying) tell(in *inside, action, path string) {
	tell(store.Open(c.root), in.state, action, map[string]string{"path": path})
}

func (c *copying) warn(format string, args ...any) {
	fmt.Fprintf(c.std.err, "lab: "+format+"\n", args...)
}

func (c *copying) count(n int64) { c.bytes.Add(n) }

func (c *copying) say(to string) {
	if !c.quiet {
		fmt.Fprintf(c.std.err, "Successfully copied %s to %s\n", units.HumanSize(float64(c.bytes.Load())), to)
	}
}

// absolute keeps what filepath.Abs would clean away: a slash or "/." at the end has a meaning.
func absolute(name string) (string, error) {
	if name == "" {
		return "", errors.New("copy: an empty name")
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", fmt.Errorf("copy %s: %w", name, err)
	}
	switch {
	case strings.HasSuffix(name, "/.") || name == ".":
		return strings.TrimSuffix(abs, "/") + "/.", nil
	case strings.HasSuffix(name, "/"):
		return strings.TrimSuffix(abs, "/") + "/", nil
	}
	return abs, nil
}

func hostPlace() (carry.Place, error) {
	fd, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return carry.Place{}, fmt.Errorf("open /: %w", err)
	}
	return carry.Place{Root: fd, Trusted: true}, nil
}

func couldNotFind(err error, path, name string) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return fmt.Errorf("could not find the file %s in container %s", path, name)
	}
	return fmt.Errorf("copy %s:%s: %w", name, path, err)
}

// targetError says what is wrong with a destination, as docker cp does; name is empty where it is on the host.
func targetError(err error, to, name string) error {
	switch {
	case errors.Is(err, carry.ErrNoParent) && name != "":
		return fmt.Errorf("could not find the file %s in container %s", filepath.Dir(strings.TrimRight(to, "/.")), name)
	case errors.Is(err, carry.ErrNoParent):
		return fmt.Errorf("invalid output path: directory %q does not exist", filepath.Dir(to))
	case name != "":
		to = name + ":" + to
	}
	return fmt.Errorf("copy to %s: %w", to, err)
}
