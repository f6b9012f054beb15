package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// filters are what --filter was given: values by key. A thing is shown if for every key one of the values fits it.
type filters map[string][]string

func filterFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "filter", Aliases: []string{"f"}, Usage: "show only what `KEY=VALUE` is true of"}
}

// parseFilters reads --filter and refuses keys that the command does not know.
func parseFilters(list []string, known ...string) (filters, error) {
	f := filters{}
	for _, text := range list {
		key, value, ok := strings.Cut(text, "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		if not, negated := strings.CutSuffix(key, "!"); negated { // label!=x
			key = not + "!"
		}
		switch {
		case text == "":
			continue
		case !ok:
			return nil, &exit{code: 1, err: fmt.Errorf("invalid argument %q for --filter: bad format of filter (expected name=value)", text)}
		case !slices.Contains(known, key):
			return nil, &exit{code: 1, err: fmt.Errorf("invalid filter '%s'; this command knows %s", key, strings.Join(known, ", "))}
		}
		f[key] = append(f[key], value)
	}
	return f, nil
}

// has says whether the values of key, if there are any, have one that fits.
func (f filters) has(key string, fits func(value string) bool) bool {
	values, given := f[key]
	return !given || slices.ContainsFunc(values, fits)
}

// hasLabels is for label and label!: all of the values must fit.
func (f filters) hasLabels(labels map[string]string) bool {
	for _, want := range f["label"] {
		if !hasLabel(labels, want) {
			return false
		}
	}
	return !slices.ContainsFunc(f["label!"], func(not string) bool { return hasLabel(labels, not) })
}

func hasLabel(labels map[string]string, want string) bool {
	key, value, both := strings.Cut(want, "=")
	got, ok := labels[key]
	return ok && (!both || got == value)
}

// boolean reads the one value of key that is true or false.
func (f filters) boolean(key string) (value, given bool, err error) {
	values, given := f[key]
	if !given {
		return false, false, nil
	}
	value, err = strconv.ParseBool(values[len(values)-1])
	if err != nil || slices.ContainsFunc(values, func(v string) bool { return v != values[0] }) {
		return false, true, &exit{code: 1, err: fmt.Errorf("invalid filter '%s=%s': want true or false", key, strings.Join(values, ","))}
	}
	return value, true, nil
}

// until is the moment that the value of such a filter means; zero where there is none.
func (f filters) until() (time.Time, error) {
	values := f["until"]
	switch {
	case len(values) == 0:
		return time.Time{}, nil
	case len(values) > 1:
		return time.Time{}, &exit{code: 1, err: fmt.Errorf("more than one until filter specified")}
	}
	return parseMoment(values[0], time.Now())
}

// parseMoment reads a time as Docker's --since and --until take it: a date, a Unix time with or without a fraction, or a duration
// before now such as 10m or 1h30m.
func parseMoment(text string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	if seconds, fraction, _ := strings.Cut(text, "."); seconds != "" && strings.Trim(seconds+fraction, "0123456789") == "" {
		s, err := strconv.ParseInt(seconds, 10, 64)
		nano, err2 := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		if err == nil && err2 == nil {
			return time.Unix(s, nano), nil
		}
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02Z07:00", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &exit{code: 1, err: fmt.Errorf("invalid time %q: want 2006-01-02T15:04:05, a Unix time, or how long ago: 10m, 1h30m", text)}
}
