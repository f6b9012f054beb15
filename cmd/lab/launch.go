package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/container-labs/lab/internal/image"
	"github.com/container-labs/lab/internal/kernel"
	"github.com/container-labs/lab/internal/monitor"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
	"github.com/container-labs/lab/pkg/unionfs"
)

// launch is one `lab run`, from the name of an image to an exit status.
type launch struct {
	std     streams
	request *request

	store   *store.Store
	images  *image.Store
	image   *image.Image
	id      string
	named   bool // the name is claimed in the store
	wroteID bool // --cidfile is written
	machine *cgroup.Machine
	c       *container.Container
	ledger  *store.Ledger
	state   container.State

	settings container.Settings
	recorded bool // settings.json and config.json are written
	attach   bool // this lab stays attached to the container that has a monitor
	conn     int  // then: the connection
}

func (l *launch) run(ctx context.Context) (int, error) {
	if err := l.ready(ctx); err != nil {
		return 0, err
	}
	if l.request.dry {
		return 0, l.list()
	}
	if err := l.prepare(); err != nil {
		l.abandon()
		return 0, err
	}
	if l.request.stays() {
		return l.runBeside()
	}
	m := &monitor.Run{Container: l.c, Started: l.started, Warn: func(format string, args ...any) {
		fmt.Fprintf(l.std.err, "\r\nlab: "+format+"\r\n", args...)
	}}
	exit, err := m.Do()
	if err != nil && !exit.Ran {
		err = l.better(err)
		l.abandon()
		return 0, err
	}
	return exit.Code, l.settle(exit.Code, err)
}

// ready finds out all that must be known. It makes nothing but the image, where that is pulled.
func (l *launch) ready(ctx context.Context) error {
	if unix.Geteuid() != 0 && !l.request.dry {
		return errNotRoot
	}
	l.store = store.Open(l.request.root)
	l.store.Made = func(containers string) { _ = unionfs.Spread(containers) } // a hint for speed; most file systems know none
	for _, step := range [...]func(context.Context) error{l.findImage, l.identify, l.configure} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// runBeside starts a container that has a monitor of its own, and stays attached to it unless it is to be detached.
func (l *launch) runBeside() (int, error) {
	l.attach = !l.request.detach
	err := l.startBeside()
	if err != nil {
		err = l.better(err)
		l.abandon()
		return 0, err
	}
	if l.request.detach {
		fmt.Fprintln(l.std.out, l.id)
		return 0, nil
	}
	s := session{
		std: l.std, state: l.state, dir: l.store.Container(l.id), tty: l.request.config.TTY, input: l.request.stdin, endInput: true, keys: l.request.keys, proxy: l.request.proxy,
	}
	if only := l.request.attach; len(only) > 0 {
		s.input = s.input && slices.Contains(only, "stdin")
		s.noOut, s.noErr = !slices.Contains(only, "stdout"), !slices.Contains(only, "stderr")
	}
	return s.do(l.conn)
}

// better puts into words what the kernel refuses with a bare EINVAL.
func (l *launch) better(err error) error {
	var op *kernel.Error
	if errors.As(err, &op) && op.Errno == unix.EINVAL && strings.Contains(op.Op.String(), "overlay") {
		if found := l.c.Root.Check(); found != nil {
			return found
		}
	}
	return err
}

// findImage looks for the image here, else pulls it.
func (l *launch) findImage(ctx context.Context) error {
	var err error
	if l.images, err = image.Open(l.request.root); err != nil {
		return err
	}
	if l.image, err = find(ctx, l.std, l.images, l.request); err == nil {
		warnPlatform(l.std.err, l.image, l.request)
	}
	return err
}

// identify gives the container its id, 256 random bits, and its name.
func (l *launch) identify(context.Context) error {
	var b [32]byte
	if _, err := unix.Getrandom(b[:], 0); err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	l.id = hex.EncodeToString(b[:])
	if l.request.dry {
		l.id = strings.Repeat("d", 64)
	}
	// A name that was not asked for, of a container that will not stay, need not be kept from others.
	l.named = l.request.name != "" || !l.request.remove
	if l.request.name == "" {
		l.request.name = randomName(b)
	}
	return nil
}

// prepare writes the ledger, then makes the container's directory and the files that are bound into it.
func (l *launch) prepare() error {
	dir := l.store.Container(l.id)
	undo := []store.Undo{{Do: "layers", Arg: strings.Join(l.image.DiffIDs, " ")}, {Do: "container", Arg: dir}, {Do: "cgroup", Arg: groupPath(l.id)}}
	name := store.Undo{Do: "name", Arg: l.request.name + " " + l.id}
	if !l.request.remove {
		undo[1].Do, name.Do = "settle", "unclaim"
	}
	if l.named {
		undo = append(undo, name)
	}
	if l.request.stays() && !l.request.created {
		undo = append(undo, store.Undo{Do: "beside", Arg: dir})
	}
	var err error
	if l.ledger, err = l.store.Begin(l.id, undo...); err != nil {
		return err
	}
	l.c.Shut = []int{l.ledger.Lock()}
	if _, err := l.images.Find(l.image.ID); err != nil { // rmi looks at the ledgers after it took the image off its list
		return err
	}
	if l.named {
		if err := l.claim(); err != nil {
			return err
		}
	}
	if err := l.store.MakeContainer(l.id); err != nil {
		return err
	}
	return l.cidfile()
}

// claim takes the name. One that a dead lab's container has is free when the undoing has been finished.
func (l *launch) claim() error {
	err := l.store.Claim(l.request.name, l.id)
	var taken *store.TakenError
	if !errors.As(err, &taken) {
		return err
	}
	if _, swept := l.store.Sweep(doers(l.store, l.machine)); swept != nil {
		return err
	}
	return l.store.Claim(l.request.name, l.id)
}

func (l *launch) cidfile() error {
	if l.request.cidfile == "" {
		return nil
	}
	file, err := os.OpenFile(l.request.cidfile, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write --cidfile: %w", err)
	}
	l.wroteID = true
	_, err = file.WriteString(l.id)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// list prints the plan of --dry-run.
func (l *launch) list() error {
	plan, err := l.c.Plan()
	if err != nil {
		return err
	}
	if err := kernel.DoAll(plan.Before); err != nil {
		return err
	}
	if _, err := kernel.Fork(plan.Start); err != nil {
		return err
	}
	return kernel.DoAll(plan.After)
}

func (l *launch) overlay() unionfs.Overlay {
	dir := l.store.Container(l.id)
	return unionfs.Overlay{
		Lower: l.image.Layers, Upper: filepath.Join(dir, "upper"), Work: filepath.Join(dir, "work"),
		Target: l.store.Merged(), Volatile: l.request.remove,
	}
}
