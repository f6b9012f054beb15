package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

// field is one column of a list, by Docker's name for it.
type field[T any] struct {
	name   string // in templates and in JSON: "ID"
	header string // above its column: "CONTAINER ID"
	value  func(T) string
}

// listing is a kind of list: ps, images, history. All of them are printed in the same four ways.
type listing[T any] struct {
	fields []field[T]
	table  []string                  // the columns that are shown when nothing else was asked for
	quiet  string                    // the field that -q shows
	labels func(T) map[string]string // for {{.Label "x"}}; nil: it has none
}

// record is one row for a template. It is a map, so that {{.ID}} is found in it, and has a method, so that {{.Label "x"}} is.
type record map[string]string

const labelKey = "\x00label " // no field has such a name

// Label is the value of one label.
func (r record) Label(name string) string { return r[labelKey+name] }

// MarshalJSON is for {{json .}}: the fields alone.
func (r record) MarshalJSON() ([]byte, error) {
	fields := maps.Clone(map[string]string(r))
	maps.DeleteFunc(fields, func(name, _ string) bool { return strings.HasPrefix(name, labelKey) })
	return json.Marshal(fields)
}

// headings are what a template makes the first line of a table with.
type headings map[string]string

// Label makes a heading of a label's name: "com.example.my-stage" becomes "my stage".
func (headings) Label(name string) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return strings.NewReplacer("-", " ", "_", " ").Replace(last)
}

// print prints rows in the form that format says: "" is the table, "json" an object a line, "table TEMPLATE" a table with other
// columns, and TEMPLATE a line of text each.
func (l listing[T]) print(to io.Writer, format string, quiet bool, rows []T) error {
	out := bufio.NewWriterSize(to, 64<<10) // a table is written in a thousand pieces
	err := l.printIn(out, format, quiet, rows)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	return err
}

func (l listing[T]) printIn(out io.Writer, format string, quiet bool, rows []T) error {
	switch {
	case quiet && (format == "" || format == "table"):
		for _, row := range rows {
			if _, err := fmt.Fprintln(out, l.get(l.quiet, row)); err != nil {
				return err
			}
		}
		return nil
	case format == "" || format == "table":
		return l.printTable(out, rows)
	case format == "json":
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		for _, row := range rows {
			if err := encoder.Encode(l.record(row, l.fields)); err != nil {
				return err
			}
		}
		return nil
	}
	return l.printTemplate(out, format, rows)
}

// printTable needs no template: it is what is wanted a hundred times a day.
func (l listing[T]) printTable(out io.Writer, rows []T) error {
	var columns []field[T]
	var heads []string
	for _, name := range l.table {
		f := l.field(name)
		columns, heads = append(columns, f), append(heads, f.header)
	}
	w := newTable(out)
	fmt.Fprintln(w, strings.Join(heads, "\t"))
	cells := make([]string, len(columns))
	for _, row := range rows {
		for i, c := range columns {
			cells[i] = c.value(row)
		}
		_, _ = io.WriteString(w, strings.Join(cells, "\t")+"\n")
	}
	return w.Flush()
}

func (l listing[T]) printTemplate(out io.Writer, format string, rows []T) error {
	text, isTable := strings.CutPrefix(format, "table ")
	text = strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(text)
	t, err := parseTemplate(text)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if isTable {
		heads := headings{}
		for _, f := range l.fields {
			heads[f.name] = f.header
		}
		head, err := parseTemplateWith(headingFunctions(), text)
		if err == nil {
			err = execute(head, &b, heads)
		}
		if err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	fields := l.mentioned(text)
	for _, row := range rows {
		r := l.record(row, fields)
		l.addLabels(r, row)
		if err := execute(t, &b, r); err != nil {
			return err
		}
		b.WriteByte('\n')
	}
	if !isTable {
		_, err = out.Write(b.Bytes())
		return err
	}
	w := newTable(out)
	_, _ = w.Write(b.Bytes())
	return w.Flush()
}

func newTable(out io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(out, 10, 1, 3, ' ', 0) }

func (l listing[T]) field(name string) field[T] {
	for _, f := range l.fields {
		if f.name == name {
			return f
		}
	}
	panic("no such column: " + name)
}

func (l listing[T]) get(name string, row T) string { return l.field(name).value(row) }

// mentioned are the fields that a template may ask for: some cost a file each. One that uses the row as a whole asks for all.
func (l listing[T]) mentioned(text string) []field[T] {
	for _, whole := range [...]string{".}", ". ", ".)", ".|", "$"} {
		if strings.Contains(text, whole) {
			return l.fields
		}
	}
	var list []field[T]
	for _, f := range l.fields {
		if strings.Contains(text, "."+f.name) {
			list = append(list, f)
		}
	}
	return list
}

func (l listing[T]) record(row T, fields []field[T]) record {
	r := make(record, len(fields))
	for _, f := range fields {
		r[f.name] = f.value(row)
	}
	return r
}

func (l listing[T]) addLabels(r record, row T) {
	if l.labels == nil {
		return
	}
	for key, value := range l.labels(row) {
		r[labelKey+key] = value
	}
}

// formatFlags are the flags of all that prints a list; json is lab's own short form of the second.
func formatFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Usage: "print by a `TEMPLATE` of Go: table, 'table {{.ID}}', json, or '{{.ID}}'"},
		&cli.BoolFlag{Name: "json", Usage: "the same as --format json", Hidden: true},
	}
}

func formatOf(ctx *cli.Context) string {
	if ctx.Bool("json") {
		return "json"
	}
	return ctx.String("format")
}
