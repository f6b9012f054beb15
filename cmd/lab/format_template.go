package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/template"
)

// parseTemplate reads a template with Docker's functions.
func parseTemplate(text string) (*template.Template, error) {
	return parseTemplateWith(templateFunctions(), text)
}

func parseTemplateWith(functions template.FuncMap, text string) (*template.Template, error) {
	t, err := template.New("").Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return nil, &exit{code: 1, err: fmt.Errorf("template parsing error: %w", err)}
	}
	return t, nil
}

func execute(t *template.Template, out io.Writer, data any) error {
	err := t.Execute(out, data)
	var failed template.ExecError
	if errors.As(err, &failed) {
		return &exit{code: 1, err: fmt.Errorf("template parsing error: %w", err)}
	}
	return err
}

// printAbout prints the one thing that a command knows: as it is for people, as JSON, or by a template.
func printAbout(std streams, format string, about any, plain func() error) error {
	switch format {
	case "":
		return plain()
	case "json":
		return printJSON(std.out, about)
	}
	t, err := parseTemplate(format)
	if err == nil {
		err = execute(t, std.out, about)
	}
	if err == nil {
		_, err = fmt.Fprintln(std.out)
	}
	return err
}

// templateFunctions are those that Docker's templates have beside the standard ones.
func templateFunctions() template.FuncMap {
	return template.FuncMap{
		"json":     jsonText,
		"split":    strings.Split,
		"join":     join,
		"title":    title,
		"lower":    strings.ToLower,
		"upper":    strings.ToUpper,
		"pad":      pad,
		"truncate": truncate,
	}
}

// headingFunctions leave headings as they are, where a function would change a value.
func headingFunctions() template.FuncMap {
	same := func(s string) string { return s }
	return template.FuncMap{
		"json": same, "title": same, "lower": same, "upper": same, "pad": pad,
		"split":    func(s, _ string) string { return s },
		"join":     func(s, _ string) string { return s },
		"truncate": func(s string, _ int) string { return s },
	}
}

func jsonText(v any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// join takes a list of anything: what was read from JSON has no list of strings.
func join(list any, separator string) (string, error) {
	switch list := list.(type) {
	case []string:
		return strings.Join(list, separator), nil
	case []any:
		words := make([]string, len(list))
		for i, v := range list {
			words[i] = fmt.Sprint(v)
		}
		return strings.Join(words, separator), nil
	case nil:
		return "", nil
	}
	return "", fmt.Errorf("join wants a list, not %T", list)
}

func title(s string) string {
	last := ' '
	return strings.Map(func(r rune) rune {
		first := last == ' ' || last == '\t' || last == '-'
		last = r
		if first {
			return []rune(strings.ToUpper(string(r)))[0]
		}
		return r
	}, s)
}

// pad puts blanks around what is not empty.
func pad(s string, before, after int) string {
	if s == "" || before < 0 || after < 0 {
		return s
	}
	return strings.Repeat(" ", before) + s + strings.Repeat(" ", after)
}

func truncate(s string, length int) string {
	if r := []rune(s); length >= 0 && len(r) > length {
		return string(r[:length])
	}
	return s
}
