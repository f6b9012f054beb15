package course

import (
	"encoding/json"
	"reflect"
	"strings"
)

// Schema is the JSON schema of lab.yaml, for editors; it is made from the tags of [Lab].
func Schema() []byte {
	b := schemas{defs: map[string]any{}}
	top := b.object(reflect.TypeFor[Lab]())
	top["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	top["title"] = "lab.yaml"
	top["$defs"] = b.defs
	out, err := json.MarshalIndent(top, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(out, '\n')
}

type schemas struct{ defs map[string]any }

func (b schemas) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range fieldsOf(t) {
		one := b.of(t.Field(f.index).Type)
		if f.words != nil {
			one = map[string]any{"enum": f.words}
		}
		one["description"] = f.doc
		properties[f.name] = one
		if f.required {
			required = append(required, f.name)
		}
	}
	out := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (b schemas) of(t reflect.Type) map[string]any {
	text := map[string]any{"type": []string{"string", "number", "boolean"}}
	switch t {
	case reflect.TypeFor[Vars]():
		return map[string]any{"type": "object", "additionalProperties": map[string]any{"anyOf": []any{text, b.object(reflect.TypeFor[Var]())}}}
	case reflect.TypeFor[Script]():
		both := map[string]any{"type": "object", "additionalProperties": false, "required": []string{"v1", "v2"},
			"properties": map[string]any{"v1": map[string]any{"type": "string"}, "v2": map[string]any{"type": "string"}}}
		return map[string]any{"anyOf": []any{map[string]any{"type": "string"}, both}}
	case reflect.TypeFor[Duration]():
		return map[string]any{"type": "string", "pattern": "^[0-9.]+(ms|s|m)$"}
	case reflect.TypeFor[Strings]():
		return map[string]any{"anyOf": []any{text, map[string]any{"type": "array", "items": text}}}
	case reflect.TypeFor[*Check]():
		return b.check()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.of(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": b.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": text}
	case reflect.Struct:
		return b.object(t)
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	}
	return map[string]any{"type": []string{"string", "number", "boolean"}}
}

func (b schemas) check() map[string]any {
	const name = "check"
	if b.defs[name] == nil {
		b.defs[name] = true // it holds itself
		one := b.object(reflect.TypeFor[Check]())
		b.defs[name] = map[string]any{"anyOf": []any{one, map[string]any{"type": "array", "items": map[string]any{"$ref": "#/$defs/check"}}}}
	}
	return map[string]any{"$ref": "#/$defs/check"}
}

// Fields lists every field of the format as "process.own", for the test that the reference names them all.
func Fields() []string {
	var all []string
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type, path string)
	walk = func(t reflect.Type, path string) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for _, f := range fieldsOf(t) {
			all = append(all, strings.TrimPrefix(path+"."+f.name, "."))
			walk(t.Field(f.index).Type, path+"."+f.name)
		}
	}
	walk(reflect.TypeFor[Lab](), "")
	return all
}
