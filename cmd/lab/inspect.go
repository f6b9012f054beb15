package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func inspectCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "inspect", Usage: "print all about images and containers, as JSON", ArgsUsage: "NAME [NAME…]",
		Description: `EXAMPLE:
   lab inspect -f '{{.State.Status}} {{json .Config.Env}}' web`,
		Flags:  append(inspectFlags(), &cli.StringFlag{Name: "type", Usage: "look for this `KIND` only: container or image"}),
		Action: func(ctx *cli.Context) error { return inspectAll(ctx, std, ctx.String("type")) },
	}
}

// inspectOnly is inspect of a group: `lab image inspect` looks for images only.
func inspectOnly(kind string) func(streams) *cli.Command {
	return func(std streams) *cli.Command {
		flags := inspectFlags()
		if kind == "image" {
			flags = flags[:1] // a size is of containers
		}
		return &cli.Command{
			Name: "inspect", ArgsUsage: strings.ToUpper(kind) + " [" + strings.ToUpper(kind) + "…]", Flags: flags,
			Action: func(ctx *cli.Context) error { return inspectAll(ctx, std, kind) },
		}
	}
}

func inspectFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "print by a `TEMPLATE` of Go, or json on one line"},
		&cli.BoolFlag{Name: "size", Aliases: []string{"s"}, Usage: "measure a container's files too: SizeRw and SizeRootFs"},
	}
}

// inspectAll prints what is found, and then names what is not.
func inspectAll(ctx *cli.Context, std streams, kind string) error {
	if ctx.NArg() == 0 {
		return &exit{code: 1, err: errors.New("inspect wants the name of an image or a container")}
	}
	switch kind {
	case "", "container", "image":
	case "network", "volume", "plugin", "node", "service", "secret", "config", "task":
		return &exit{code: 1, err: fmt.Errorf("--type %s: lab has no %ss; want container or image", kind, kind)}
	default:
		return &exit{code: 1, err: fmt.Errorf("unknown type: %q: want container or image", kind)}
	}
	p, err := newInspectPrinter(ctx.String("format"), std.out)
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range ctx.Args().Slice() {
		about, err := inspect(ctx.String("root"), name, kind, ctx.Bool("size"))
		if err == nil {
			err = p.add(about)
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(append([]error{p.end()}, failed...)...)
}

// inspect finds out what a name belongs to: a container first, then an image, as docker inspect does.
func inspect(root, name, kind string, sizes bool) (any, error) {
	if kind != "image" {
		c, err := findListed(root, name)
		if err == nil {
			return inspectContainer(root, c, sizes), nil
		}
		if !errors.Is(err, errNoContainer) || kind == "container" {
			return nil, err
		}
	}
	images, err := image.Open(root)
	if err != nil {
		return nil, err
	}
	about, err := images.Describe(name)
	switch {
	case err == nil:
		return about, nil
	case kind == "" && (errors.Is(err, image.ErrNotFound) || errors.Is(err, image.ErrReference)):
		return nil, fmt.Errorf("no such object: %s", name)
	}
	return nil, err
}

// inspectPrinter prints objects as one JSON list, or each by a template.
type inspectPrinter struct {
	out  io.Writer
	text *template.Template // nil: JSON
	flat bool
	all  []any
}

func newInspectPrinter(format string, out io.Writer) (*inspectPrinter, error) {
	p := &inspectPrinter{out: out, all: []any{}, flat: format == "json"}
	var err error
	if format != "" && !p.flat {
		p.text, err = parseTemplate(format)
	}
	return p, err
}

func (p *inspectPrinter) add(about any) error {
	if p.text == nil {
		p.all = append(p.all, about)
		return nil
	}
	var b bytes.Buffer
	err := execute(p.text, &b, about)
	if err != nil { // the names of JSON are allowed too: .Id as well as .ID
		var plain any
		if plain, err = plainly(about); err == nil {
			b.Reset()
			err = execute(p.text, &b, plain)
		}
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, b.String())
	return err
}

// plainly turns an object into maps and lists, by way of its JSON.
func plainly(about any) (plain any, err error) {
	data, err := json.Marshal(about)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	err = decoder.Decode(&plain)
	if fields, ok := plain.(map[string]any); ok {
		fields["ID"] = fields["Id"]
	}
	return plain, err
}

func (p *inspectPrinter) end() error {
	if p.text != nil {
		return nil
	}
	encoder := json.NewEncoder(p.out)
	if !p.flat {
		encoder.SetIndent("", "    ")
	}
	encoder.SetEscapeHTML(false)
	return encoder.Encode(slices.Clip(p.all))
}
