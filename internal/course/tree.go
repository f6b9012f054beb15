package course

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// node is one value of a YAML file: a text, a list or a map. Of YAML that is all that a lab needs; anchors, aliases, tags
// and merge keys are refused, so that what a person reads is what there is.
type node struct {
	line  int
	kind  nodeKind
	text  string // of a scalar, as written: 0755 stays 0755
	null  bool   // nothing is written there
	items []node // of a list
	pairs []pair // of a map, in order
}

type nodeKind int

const (
	scalar nodeKind = iota
	list
	mapping
)

func (k nodeKind) String() string { return [...]string{"a text", "a list", "a map"}[k] }

type pair struct {
	key   string
	line  int
	value node
}

// LineError is an error at a line of a file, one plain sentence.
type LineError struct {
	File string
	Line int
	Text string
}

func (e *LineError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// problems gathers what is wrong with one file, so that a writer sees all of it at once.
type problems struct {
	file string
	list []error
}

func (p *problems) add(line int, format string, args ...any) {
	p.list = append(p.list, &LineError{p.file, line, fmt.Sprintf(format, args...)})
}

func (p *problems) err() error { return errors.Join(p.list...) }

// parseYAML reads a file with one document, whose top is a map.
func parseYAML(p *problems, text []byte) (top node, ok bool) {
	defer func() { // the library is young, and files come from anybody
		if r := recover(); r != nil {
			p.add(0, "this is no YAML that can be read: %v", r)
			ok = false
		}
	}()
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		var at interface {
			GetToken() *token.Token
			GetMessage() string
		}
		if errors.As(err, &at) && at.GetToken() != nil {
			p.add(at.GetToken().Position.Line, "this is no YAML: %s", at.GetMessage())
		} else {
			p.add(0, "this is no YAML: %v", err)
		}
		return node{}, false
	}
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil {
			bodies = append(bodies, d.Body)
		}
	}
	if len(bodies) != 1 {
		p.add(1, "the file must hold one YAML document, and holds %d", len(bodies))
		return node{}, false
	}
	before := len(p.list)
	top = p.tree(bodies[0], 0)
	if len(p.list) == before && top.kind != mapping {
		p.add(top.line, "the file must be a map of fields, and is %s", top.kind)
	}
	return top, len(p.list) == before
}

const deepest = 40

func (p *problems) tree(n ast.Node, depth int) node {
	out := node{line: lineOf(n)}
	if depth > deepest {
		p.add(out.line, "this is nested more than %d levels deep", deepest)
		return out
	}
	switch n := n.(type) {
	case nil, *ast.NullNode:
		out.null = true
	case *ast.MappingNode:
		out.kind = mapping
		for _, v := range n.Values {
			p.pair(&out, v, depth)
		}
	case *ast.MappingValueNode:
		out.kind = mapping
		p.pair(&out, n, depth)
	case *ast.SequenceNode:
		out.kind = list
		for _, v := range n.Values {
			out.items = append(out.items, p.tree(v, depth+1))
		}
	case *ast.LiteralNode:
		out.text = n.Value.Value
	case *ast.StringNode:
		out.text = n.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.text = n.GetToken().Value
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode:
		p.add(out.line, "anchors, aliases and tags of YAML are not used in labs; write the value itself")
	default:
		p.add(out.line, "%s is not used in labs", n.Type())
	}
	return out
}

func (p *problems) pair(into *node, v *ast.MappingValueNode, depth int) {
	key := p.tree(v.Key, depth+1)
	if into.line == 0 || key.line < into.line {
		into.line = key.line
	}
	for _, other := range into.pairs {
		if other.key == key.text {
			p.add(key.line, "%q is here twice, first in line %d", key.text, other.line)
			return
		}
	}
	into.pairs = append(into.pairs, pair{key.text, key.line, p.tree(v.Value, depth+1)})
}

func lineOf(n ast.Node) int {
	if n == nil {
		return 0
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}
