package course

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// field is one field of a struct, as its tags say: `yaml:"name,required,one|two" doc:"…"`.
type field struct {
	index    int
	name     string
	required bool
	words    []string // the only texts that will do
	doc      string
}

func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		parts := strings.Split(f.Tag.Get("yaml"), ",")
		if parts[0] == "-" || parts[0] == "" {
			continue
		}
		one := field{index: i, name: parts[0], doc: f.Tag.Get("doc")}
		for _, p := range parts[1:] {
			if p == "required" {
				one.required = true
			} else {
				one.words = strings.Split(p, "|")
			}
		}
		all = append(all, one)
	}
	return all
}

// decode fills v, a pointer to a struct, from a map. what names it in sentences: "a task".
func (p *problems) decode(n node, v reflect.Value, what string) {
	if n.kind != mapping {
		p.add(n.line, "%s must be a map of fields, and is %s", what, shown(n))
		return
	}
	fields := fieldsOf(v.Type())
	seen := map[string]bool{}
	for _, pair := range n.pairs {
		f, ok := findField(fields, pair.key)
		if !ok {
			p.add(pair.line, "%s has no field %q%s", what, pair.key, meant(pair.key, names(fields)))
			continue
		}
		seen[f.name] = true
		if pair.value.line == 0 {
			pair.value.line = pair.line
		}
		p.value(pair.value, v.Field(f.index), f.name, f.words)
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			p.add(n.line, "%s must say %q: %s", what, f.name, f.doc)
		}
	}
}

// value fills one field.
func (p *problems) value(n node, v reflect.Value, name string, words []string) {
	if n.null {
		p.add(n.line, "%q is empty", name)
		return
	}
	switch target := v.Addr().Interface().(type) {
	case *Vars:
		p.vars(n, target)
		return
	case **Check:
		*target = p.check(n)
		return
	case *[]*Check:
		*target = p.checks(n, name)
		return
	case *Script:
		p.script(n, target, name)
		return
	case *Duration:
		if d, err := time.ParseDuration(n.text); n.kind == scalar && err == nil && d > 0 {
			*target = Duration(d)
		} else {
			p.add(n.line, "%q must be a length of time, such as 5s or 500ms, and is %s", name, shown(n))
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		p.value(n, v.Elem(), name, words)
	case reflect.Struct:
		p.decode(n, v, strconv.Quote(name))
	case reflect.Slice:
		p.slice(n, v, name)
	case reflect.Map:
		p.texts(n, v, name)
	default:
		p.scalar(n, v, name, words)
	}
}

func (p *problems) scalar(n node, v reflect.Value, name string, words []string) {
	if n.kind != scalar {
		p.add(n.line, "%q must be one value, and is %s", name, n.kind)
		return
	}
	switch v.Kind() {
	case reflect.String:
		if words != nil && !slices.Contains(words, n.text) {
			p.add(n.line, "%q must be one of %s, and is %q", name, strings.Join(words, ", "), n.text)
		}
		v.SetString(n.text)
	case reflect.Bool:
		if n.text != "true" && n.text != "false" {
			p.add(n.line, "%q must be true or false, and is %q", name, n.text)
		}
		v.SetBool(n.text == "true")
	case reflect.Int:
		i, err := strconv.Atoi(n.text)
		if err != nil {
			p.add(n.line, "%q must be a whole number, and is %q", name, n.text)
		}
		v.SetInt(int64(i))
	case reflect.Float64:
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil {
			p.add(n.line, "%q must be a number, and is %q", name, n.text)
		}
		v.SetFloat(f)
	default:
		panic("course: no decoder for " + v.Type().String())
	}
}

func (p *problems) slice(n node, v reflect.Value, name string) {
	element := v.Type().Elem()
	if n.kind == scalar && element.Kind() == reflect.String {
		n = node{line: n.line, kind: list, items: []node{n}}
	}
	if n.kind != list {
		p.add(n.line, "%q must be a list, and is %s", name, shown(n))
		return
	}
	for _, item := range n.items {
		one := reflect.New(element).Elem()
		if element.Kind() == reflect.Struct {
			p.decode(item, one, "one of "+strconv.Quote(name))
		} else {
			p.value(item, one, name, nil)
		}
		v.Set(reflect.Append(v, one))
	}
}

// texts fills a map from text to text.
func (p *problems) texts(n node, v reflect.Value, name string) {
	if n.kind != mapping {
		p.add(n.line, "%q must be a map, and is %s", name, shown(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, pair := range n.pairs {
		if pair.value.kind != scalar || pair.value.null {
			p.add(pair.line, "%q in %q must have one value", pair.key, name)
			continue
		}
		v.SetMapIndex(reflect.ValueOf(pair.key), reflect.ValueOf(pair.value.text))
	}
}
