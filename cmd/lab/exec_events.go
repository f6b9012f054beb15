package main

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"strconv"
	"strings"

	"github.com/container-labs/lab/internal/event"
)

// execEvents tells what becomes of a program of `lab exec`, in docker's words. An exec has an id of its own, so that its three events
// can be told from those of another: exec_create and exec_start are written before the program starts, that its end cannot come first.
type execEvents struct {
	root  string
	about event.Event // what all of them say
	line  string      // the program and its arguments
}

func (e *executing) events() *execEvents {
	if e.request.dry {
		return &execEvents{}
	}
	var id [32]byte
	_, _ = rand.Read(id[:])
	return &execEvents{
		root: e.request.root, line: strings.Join(e.request.options.Args, " "),
		about: containerEvent(e.state, "", map[string]string{"execID": hex.EncodeToString(id[:])}),
	}
}

func (t *execEvents) started() {
	if t.root == "" {
		return
	}
	create, start := t.about, t.about
	create.Action, start.Action = "exec_create: "+t.line, "exec_start: "+t.line
	event.Write(t.root, create, start)
}

// ended says how the program ended, or that it could not be started. Of one that is left alone nobody knows.
func (t *execEvents) ended(code int) {
	if t.root == "" {
		return
	}
	die := t.about
	die.Action, die.Attributes = "exec_die", maps.Clone(die.Attributes)
	die.Attributes["exitCode"] = strconv.Itoa(code)
	event.Write(t.root, die)
}

func (t *execEvents) left() {
	if t.root == "" {
		return
	}
	detach := t.about
	detach.Action = "exec_detach"
	event.Write(t.root, detach)
}
