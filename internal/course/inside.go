package course

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// Inside is a "look inside" box of a lesson: some of lab's own code, by symbol.
//
//	```inside pkg/chroot Pivot
//	```
//
// Words after the symbol: "doc" shows its comment too.
type Inside struct {
	Package string // "pkg/chroot"
	Symbol  string // "Pivot", "Command.Ops"
	Doc     bool
}

// ParseInside reads the words behind "inside" of a fenced block.
func ParseInside(words string) (Inside, error) {
	f := strings.Fields(words)
	if len(f) < 2 || len(f) > 3 || len(f) == 3 && f[2] != "doc" {
		return Inside{}, fmt.Errorf("a box is called by a package and a symbol, such as `inside pkg/chroot Pivot`, and this by %q", words)
	}
	return Inside{f[0], f[1], len(f) == 3}, nil
}

// Quote is source code with the place where it stands.
type Quote struct {
	File string // "pkg/chroot/pivot.go"
	Line int
	Text string
}

// Find looks the symbol up in source, a file system whose top is the module's: a function, Type.Method, type, constant or
// variable.
func (in Inside) Find(source fs.FS) (Quote, error) {
	entries, err := fs.ReadDir(source, in.Package)
	if err != nil {
		return Quote{}, fmt.Errorf("look inside %s: %w", in.Package, reason(err))
	}
	for _, e := range entries {
		name := path.Join(in.Package, e.Name())
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(source, name)
		if err != nil {
			return Quote{}, fmt.Errorf("look inside %s: %w", name, reason(err))
		}
		plain := in.Symbol[strings.LastIndexByte(in.Symbol, '.')+1:]
		if !strings.Contains(string(text), plain) {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, text, parser.ParseComments)
		if err != nil {
			return Quote{}, fmt.Errorf("look inside %s: %w", name, err)
		}
		for _, d := range file.Decls {
			if from, to, ok := in.matches(d); ok {
				a, b := set.Position(from), set.Position(to)
				return Quote{name, a.Line, string(text[a.Offset:b.Offset])}, nil
			}
		}
	}
	return Quote{}, fmt.Errorf("look inside %s: there is no %s", in.Package, in.Symbol)
}

// matches says whether a declaration is the symbol's, and where it begins and ends.
func (in Inside) matches(d ast.Decl) (from, to token.Pos, ok bool) {
	begin := func(doc *ast.CommentGroup, pos token.Pos) token.Pos {
		if in.Doc && doc != nil {
			return doc.Pos()
		}
		return pos
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil && len(d.Recv.List) == 1 {
			name = receiver(d.Recv.List[0].Type) + "." + name
		}
		return begin(d.Doc, d.Pos()), d.End(), name == in.Symbol
	case *ast.GenDecl:
		for _, s := range d.Specs {
			var found bool
			switch s := s.(type) {
			case *ast.TypeSpec:
				found = s.Name.Name == in.Symbol
			case *ast.ValueSpec:
				for _, n := range s.Names {
					found = found || n.Name == in.Symbol
				}
			}
			if found {
				return begin(d.Doc, d.Pos()), d.End(), true
			}
		}
	}
	return 0, 0, false
}

func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}
