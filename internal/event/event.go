package event

import (
	"encoding/json"
	"time"
)

// Event is one thing that happened.
type Event struct {
	Type       string            // "container", "image", "volume", "network", "daemon"
	Action     string            // Docker's word: "create", "start", "die", "destroy", "pull", "tag", …
	ID         string            // of what it happened to: a container's id, an image's name or id
	Attributes map[string]string // "name", "image", "exitCode", …; of a container its labels too
	Time       time.Time         // zero: now
}

// line is an event as Docker's API spells it; status, id and from are the words of its first version, which tools still read.
type line struct {
	Status string `json:"status,omitempty"`
	ID     string `json:"id,omitempty"`
	From   string `json:"from,omitempty"`
	Type   string
	Action string
	Actor  actor
	Scope  string `json:"scope"`
	Time   int64  `json:"time"`
	Nano   int64  `json:"timeNano"`
}

type actor struct {
	ID         string
	Attributes map[string]string
}

// MarshalJSON writes the event as Docker's API does.
func (e Event) MarshalJSON() ([]byte, error) {
	l := line{Type: e.Type, Action: e.Action, Actor: actor{e.ID, e.Attributes}, Scope: "local", Time: e.Time.Unix(), Nano: e.Time.UnixNano()}
	if l.Actor.Attributes == nil {
		l.Actor.Attributes = map[string]string{}
	}
	if e.Type == "container" || e.Type == "image" {
		l.Status, l.ID = e.Action, e.ID
	}
	if e.Type == "container" {
		l.From = e.Attributes["image"]
	}
	return json.Marshal(l)
}

// UnmarshalJSON reads one.
func (e *Event) UnmarshalJSON(data []byte) error {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return err
	}
	*e = Event{Type: l.Type, Action: l.Action, ID: l.Actor.ID, Attributes: l.Actor.Attributes, Time: time.Unix(0, l.Nano)}
	return nil
}
