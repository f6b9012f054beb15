package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

// listStates reads the records of all containers, youngest first.
func listStates(root string) ([]container.State, error) {
	s := store.Open(root)
	entries, err := os.ReadDir(s.Path("containers"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the containers: %w", err)
	}
	var list []container.State
	for _, e := range entries {
		state, err := container.ReadState(s.Container(e.Name()))
		if err != nil || state.ID != e.Name() {
			continue // being made, or being removed, or damaged
		}
		list = append(list, state)
	}
	slices.SortFunc(list, func(a, b container.State) int { return b.Created.Compare(a.Created) })
	return list, nil
}

// findState finds a container by name, id, or the beginning of an id. The error is errNoContainer, a *brokenRecord, or that the id fits
// several.
func findState(root, name string) (container.State, error) {
	s := store.Open(root)
	id, err := os.Readlink(s.Path("names", name))
	claimed := err == nil && validName(name)
	if claimed {
		if state, err := container.ReadState(s.Container(id)); err == nil && state.ID == id {
			return awake(s, state), nil
		}
	}
	list, err := listStates(root) // a container that removes itself has a name that nobody keeps for it
	if err != nil {
		return container.State{}, err
	}
	var found []container.State
	for _, c := range list {
		if c.Name == name || c.ID == name {
			return awake(s, c), nil
		}
		if strings.HasPrefix(c.ID, name) && name != "" {
			found = append(found, c)
		}
	}
	if claimed { // db is a name, and the beginning of an id
		var broken *brokenRecord
		if errors.As(findBroken(root, name), &broken) && broken.Name == name {
			return container.State{}, broken
		}
	}
	if len(found) == 0 {
		return container.State{}, findBroken(root, name)
	}
	if n := idsFrom(s, name); n > 1 {
		return container.State{}, errAmbiguous(name, n)
	}
	return awake(s, found[0]), nil
}

// idsFrom counts the containers whose ids begin so, those without a readable record too.
func idsFrom(s *store.Store, beginning string) int {
	n := 0
	entries, _ := os.ReadDir(s.Path("containers"))
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), beginning) {
			n++
		}
	}
	return n
}

func errAmbiguous(id string, n int) error {
	return fmt.Errorf("the id %s fits %d containers: give more of its digits", id, n)
}

var errNoContainer = errors.New("no such container")

// usedBy says which container needs an image.
func usedBy(states []container.State) func(imageID string) (string, bool) {
	return func(imageID string) (name string, running bool) {
		for _, s := range states {
			if s.ImageID == imageID {
				name, running = short(s.ID), running || s.Alive()
			}
		}
		return name, running
	}
}

// keepLayer says whether a container stands on a layer, one that is being made included. It looks when it is asked: by then
// the image has no name any more, so no new container comes.
func keepLayer(root string) func(diffID string) bool {
	return func(diffID string) bool {
		for _, layers := range store.Open(root).Pending("layers") {
			if slices.Contains(strings.Fields(layers), diffID) {
				return true
			}
		}
		states, _ := listStates(root)
		return slices.ContainsFunc(states, func(s container.State) bool { return slices.Contains(s.Layers, diffID) })
	}
}
