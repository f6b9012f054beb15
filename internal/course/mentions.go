package course

import (
	"reflect"
)

// uses lists the variables that a check speaks of, and those that they speak of in turn.
func (v *View) uses(c *Check) map[string]bool {
	used := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		def, ok := v.Lab.Var(name)
		if !ok || used[name] {
			return
		}
		used[name] = true
		mentions(reflect.ValueOf(def).Elem(), add)
	}
	mentions(reflect.ValueOf(c).Elem(), add)
	return used
}

// mentions calls add with every word below a value that may be a variable's name. Too many do no harm.
func mentions(v reflect.Value, add func(string)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			mentions(v.Elem(), add)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Tag.Get("is") == "shell" {
				for _, ref := range references(v.Field(i).String()) {
					add(ref)
				}
				continue
			}
			if f.IsExported() && f.Name != "Name" {
				mentions(v.Field(i), add)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			mentions(v.Index(i), add)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			mentions(v.MapIndex(key), add)
		}
	case reflect.String:
		add(v.String())
		for _, ref := range references(v.String()) {
			for i := range len(ref) {
				if ref[i] == '.' {
					ref = ref[:i]
					break
				}
			}
			add(ref)
		}
	}
}
