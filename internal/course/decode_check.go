package course

import (
	"reflect"
	"strconv"
)

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
