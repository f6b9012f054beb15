package course

import (
	"reflect"
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
		if words != nil && !contains(words, n.text) {
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

func (p *problems) script(n node, s *Script, name string) {
	if n.kind == scalar {
		s.Text = n.text
		return
	}
	if n.kind != mapping {
		p.add(n.line, "%q must be shell text, or a map of v1 and v2, and is %s", name, n.kind)
		return
	}
	for _, pair := range n.pairs {
		switch {
		case pair.value.kind != scalar || pair.value.null:
			p.add(pair.line, "%q of %q must be shell text", pair.key, name)
		case pair.key == "v1":
			s.V1 = pair.value.text
		case pair.key == "v2":
			s.V2 = pair.value.text
		default:
			p.add(pair.line, "%q has no version %q; there are v1 and v2", name, pair.key)
		}
	}
	if s.V1 == "" || s.V2 == "" {
		p.add(n.line, "%q must have both v1 and v2, or be one text for both", name)
	}
}

func (p *problems) vars(n node, vars *Vars) {
	if n.kind != mapping {
		p.add(n.line, "\"vars\" must be a map of names, and is %s", shown(n))
		return
	}
	for _, pair := range n.pairs {
		v := Var{Name: pair.key}
		if pair.value.kind == scalar && !pair.value.null { // name: text
			v.Value = pair.value.text
		} else {
			p.decode(pair.value, reflect.ValueOf(&v).Elem(), "the variable "+strconv.Quote(pair.key))
		}
		kinds := 0
		for _, set := range []bool{v.Value != "", v.Output != "", v.Process != nil} {
			if set {
				kinds++
			}
		}
		if kinds != 1 {
			p.add(pair.line, "the variable %q must have exactly one of value, output and process", pair.key)
		}
		if !goodName(pair.key) {
			p.add(pair.line, "%q is no name for a variable: small letters, digits and _, beginning with a letter", pair.key)
		}
		*vars = append(*vars, v)
	}
}

// check reads one check; a list is all of its items.
func (p *problems) check(n node) *Check {
	if n.kind == list {
		return &Check{Line: n.line, All: p.checks(n, "check")}
	}
	c := &Check{Line: n.line}
	before := len(p.list)
	p.decode(n, reflect.ValueOf(c).Elem(), "a check")
	if kinds := c.kinds(); len(kinds) != 1 && len(p.list) == before {
		p.add(n.line, "a check must ask one thing, and this asks %s", orNone(kinds))
	}
	return c
}

func (p *problems) checks(n node, name string) []*Check {
	if n.kind != list {
		p.add(n.line, "%q must be a list of checks, and is %s", name, shown(n))
		return nil
	}
	if len(n.items) == 0 {
		p.add(n.line, "%q is an empty list", name)
	}
	var all []*Check
	for _, item := range n.items {
		all = append(all, p.check(item))
	}
	return all
}

// kinds are the names of the questions that a check asks.
func (c *Check) kinds() []string {
	var set []string
	v := reflect.ValueOf(c).Elem()
	for _, f := range fieldsOf(v.Type()) {
		if k := v.Field(f.index).Kind(); (k == reflect.Pointer || k == reflect.Slice) && !v.Field(f.index).IsNil() {
			set = append(set, f.name)
		}
	}
	return set
}

func findField(fields []field, name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func names(fields []field) []string {
	var all []string
	for _, f := range fields {
		all = append(all, f.name)
	}
	return all
}

// meant ends a sentence about a wrong name with the right one, where one is near, and else with all there are.
func meant(got string, names []string) string {
	best, distance := "", 3
	for _, n := range names {
		if d := edits(got, n); d < distance && d < len(n) {
			best, distance = n, d
		}
	}
	if best != "" {
		return "; did you mean " + strconv.Quote(best) + "?"
	}
	return "; there are " + strings.Join(names, ", ")
}

// edits counts the letters to change, add or leave out that make a of b (Levenshtein).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, last+1, row[j]+1)
		}
	}
	return row[len(b)]
}

func shown(n node) string {
	if n.null {
		return "empty"
	}
	if n.kind == scalar {
		return strconv.Quote(n.text)
	}
	return n.kind.String()
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, " and ")
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// goodName says whether a variable may be called that: it is a shell variable too.
func goodName(s string) bool {
	for i, c := range s {
		if !(c >= 'a' && c <= 'z' || c == '_' && i > 0 || c >= '0' && c <= '9' && i > 0) {
			return false
		}
	}
	return s != ""
}
