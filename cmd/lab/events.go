package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/event"
)

var eventFilterKeys = []string{"container", "event", "image", "label", "network", "scope", "type", "volume"}

func eventsCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "events", Usage: "print what happens to containers and images, as it happens",
		Description: `Goes on until you stop it, or until --until. Filters: ` + strings.Join(eventFilterKeys, ", ") + `.
A program of exec -d has no exec_die: nobody waits for it.

EXAMPLE:
   lab events --since 10m --until 0s --filter type=container`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "begin with what happened at `TIME`, or that long ago: 10m"},
			&cli.StringFlag{Name: "until", Usage: "end at `TIME`"},
			filterFlag(),
		}, formatFlags()...),
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() > 0 {
				return wants(ctx, "no arguments")
			}
			w, err := newEventWatch(ctx, std.out)
			if err != nil {
				return err
			}
			return w.run(ctx)
		},
	}
}

// eventWatch prints the events between two moments that fit the filters.
type eventWatch struct {
	root         string
	filters      filters
	since, until time.Time // until is zero: without end
	out          io.Writer
	asJSON       bool
	text         *template.Template
	err          error
}

func newEventWatch(ctx *cli.Context, out io.Writer) (*eventWatch, error) {
	w := &eventWatch{root: ctx.String("root"), since: time.Now(), out: out}
	var err error
	if w.filters, err = parseFilters(ctx.StringSlice("filter"), eventFilterKeys...); err != nil {
		return nil, err
	}
	if text := ctx.String("since"); text != "" {
		if w.since, err = parseMoment(text, time.Now()); err != nil {
			return nil, err
		}
	}
	if text := ctx.String("until"); text != "" {
		if w.until, err = parseMoment(text, time.Now()); err != nil {
			return nil, err
		}
		if ctx.String("since") == "" {
			w.since = time.Time{}
		}
	}
	switch format := formatOf(ctx); format {
	case "":
	case "json":
		w.asJSON = true
	default:
		w.text, err = parseTemplate(strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(format))
		if err == nil {
			w.text.Option("missingkey=default") // not every event has every attribute
		}
	}
	return w, err
}

// run prints what is kept, and unless the end is past, what is to come.
func (w *eventWatch) run(ctx *cli.Context) error {
	if !w.until.IsZero() && !w.until.After(time.Now()) {
		list, err := event.Read(w.root)
		buffer := bufio.NewWriter(w.out)
		w.out = buffer
		for _, e := range list {
			if !w.see(e) {
				break
			}
		}
		if w.err == nil {
			w.err = buffer.Flush()
		}
		if w.err != nil {
			return w.err
		}
		return err
	}
	stop, cancel := interruptible(ctx.Context)
	defer cancel()
	if !w.until.IsZero() {
		var ended context.CancelFunc
		stop, ended = context.WithDeadline(stop, w.until)
		defer ended()
	}
	err := event.Follow(stop, w.root, w.see)
	if w.err != nil {
		return w.err
	}
	return err
}

// see prints one, and says whether to go on.
func (w *eventWatch) see(e event.Event) bool {
	if e.Time.Before(w.since) || !w.until.IsZero() && e.Time.After(w.until) || !w.match(e) {
		return true
	}
	switch {
	case w.asJSON:
		encoder := json.NewEncoder(w.out)
		encoder.SetEscapeHTML(false)
		w.err = encoder.Encode(e)
	case w.text != nil:
		if w.err = execute(w.text, w.out, eventAbout(e)); w.err == nil {
			_, w.err = fmt.Fprintln(w.out)
		}
	default:
		_, w.err = fmt.Fprintln(w.out, eventLine(e))
	}
	return w.err == nil
}

// eventLine is docker's: time, type, action, id and attributes in brackets.
func eventLine(e event.Event) string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(e.Attributes)) {
		list = append(list, key+"="+e.Attributes[key])
	}
	line := e.Time.Format("2006-01-02T15:04:05.000000000Z07:00") + " " + e.Type + " " + e.Action + " " + e.ID
	if len(list) > 0 {
		line += " (" + strings.Join(list, ", ") + ")"
	}
	return printable(line)
}

// eventAbout has the names of docker's templates.
func eventAbout(e event.Event) any {
	type actor struct {
		ID         string
		Attributes map[string]string
	}
	return struct {
		Type, Action, Status, ID, From, Scope string
		Actor                                 actor
		Time, TimeNano                        int64
	}{e.Type, e.Action, e.Action, e.ID, e.Attributes["image"], "local", actor{e.ID, e.Attributes}, e.Time.Unix(), e.Time.UnixNano()}
}

func (w *eventWatch) match(e event.Event) bool {
	f := w.filters
	isOf := func(kind string) func(string) bool {
		return func(v string) bool {
			return e.Type == kind && v != "" && (strings.HasPrefix(e.ID, v) || e.Attributes["name"] == v)
		}
	}
	return f.has("type", func(v string) bool { return e.Type == v }) &&
		f.has("event", func(v string) bool { return e.Action == v || strings.HasPrefix(e.Action, v+":") }) &&
		f.has("scope", func(v string) bool { return v == "local" }) &&
		f.has("container", isOf("container")) &&
		f.has("image", func(v string) bool {
			return isOf("image")(v) || v == e.Attributes["image"] || e.Type == "image" && e.Attributes["name"] == v+":latest" || e.Attributes["image"] == v+":latest"
		}) &&
		f.has("network", isOf("network")) && f.has("volume", isOf("volume")) &&
		f.hasLabels(e.Attributes)
}
