package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/cgroup"
	"github.com/container-labs/lab/pkg/container"
)

func renameCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "rename", Usage: "give a container another name", ArgsUsage: "CONTAINER NEW-NAME",
		Description: "EXAMPLE:\n   lab rename web old-web",
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() != 2 {
				return &exit{code: 1, err: errors.New("rename wants the name of a container and a new one; see `lab rename --help`")}
			}
			if err := sweep(ctx.String("root")); err != nil {
				complain(std.err, err)
			}
			return renameContainer(ctx.String("root"), ctx.Args().First(), ctx.Args().Get(1))
		},
	}
}

// renameContainer claims the new name first: from then on nobody else can get it. The record says which name a container has; of two
// renames at once the second one finds the first one's there, and gives it up.
func renameContainer(root, old, name string) error {
	name = strings.TrimPrefix(name, "/")
	if !validName(name) {
		return fmt.Errorf("invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", name)
	}
	state, err := findState(root, old)
	if err != nil {
		return err
	}
	if state.Name == name {
		return errors.New("renaming a container with the same name as its current name")
	}
	s := store.Open(root)
	if err := claimName(s, name, state.ID); err != nil {
		return err
	}
	had := ""
	_, err = container.ChangeState(s.Container(state.ID), func(now *container.State) error {
		if now.Status == container.Removing || now.Status == container.Dead {
			return fmt.Errorf("container %s is marked for removal and cannot be renamed", now.Name)
		}
		had, now.Name = now.Name, name
		return nil
	})
	if err != nil {
		_ = s.Release(name, state.ID)
		return notThere(err, state)
	}
	if _, err := container.ReadState(s.Container(state.ID)); err != nil { // it was removed meanwhile, under its old name
		_ = s.Release(name, state.ID)
		return notThere(err, state)
	}
	if had != name {
		if err := s.Release(had, state.ID); err != nil {
			return err
		}
	}
	state.Name = name
	tell(s, state, "rename", map[string]string{"oldName": "/" + had})
	return nil
}

// claimName takes a name. One that a dead lab's container has is free when the undoing has been finished.
func claimName(s *store.Store, name, id string) error {
	err := s.Claim(name, id)
	var taken *store.TakenError
	if !errors.As(err, &taken) {
		return err
	}
	machine, failed := cgroup.Detect()
	if failed != nil {
		return err
	}
	if _, swept := s.Sweep(doers(s, machine)); swept != nil {
		return err
	}
	return s.Claim(name, id)
}

// note writes down that something happened to a container.
func note(root string, s container.State, action string) {
	tell(store.Open(root), s, action, nil)
}
