package main

import (
	"maps"

	"github.com/container-labs/lab/internal/event"
	"github.com/container-labs/lab/internal/store"
	"github.com/container-labs/lab/pkg/container"
)

// tell writes an event about a container.
func tell(s *store.Store, state container.State, action string, more map[string]string) {
	event.Write(s.Path(), containerEvent(state, action, more))
}

func (l *launch) tell(action string, more map[string]string) { tell(l.store, l.state, action, more) }

// containerEvent is an event as docker has it: the container's labels, its name and image, which no label can pose as, and what else there is to say.
func containerEvent(state container.State, action string, more map[string]string) event.Event {
	attributes := map[string]string{}
	maps.Copy(attributes, state.Labels)
	attributes["name"], attributes["image"] = state.Name, state.Image
	maps.Copy(attributes, more)
	return event.Event{Type: "container", Action: action, ID: state.ID, Attributes: attributes}
}
