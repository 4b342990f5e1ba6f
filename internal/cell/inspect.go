package cell

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	"github.com/gopar-project/gopar/internal/native"
)

// Description is what is known about a name.
type Description struct {
	Signature string // its declaration as Go source, without bodies
	Doc       string // its documentation comment; may be empty
	Source    string // the declaration with its body, where it is at hand
	Where     string // where it is declared: "cell 3", "package fmt", "builtin"
}

// Inspect describes the name at a byte offset of a text.
func (s *Session) Inspect(text string, off int) (Description, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	off = min(max(off, 0), len(text))
	start, end := off, off
	for start > 0 && isIdentByte(text[start-1]) {
		start--
	}
	for end < len(text) && isIdentByte(text[end]) {
		end++
	}
	if start == end { // behind a call's parenthesis: describe what is called
		head := strings.TrimRight(text[:start], " \t")
		if !strings.HasSuffix(head, "(") || len(head) < 2 || !isIdentByte(head[len(head)-2]) {
			return Description{}, false
		}
		end = len(head) - 1
		for start = end; start > 0 && isIdentByte(text[start-1]); {
			start--
		}
	}
	name := text[start:end]
	p, done := s.probeAt(text[:start]+text[end:], start)
	defer done()
	if p == nil {
		if o := types.Universe.Lookup(name); o != nil {
			return s.describe(o), true
		}
		return Description{}, false
	}
	o := p.object(p.marked(), name)
	if o == nil {
		return Description{}, false
	}
	return s.describe(o), true
}

// object finds what name would mean where the marked identifier stands.
func (p *probe) object(id *ast.Ident, name string) types.Object {
	if base := p.baseOf(id); base != nil {
		if b, ok := base.(*ast.Ident); ok {
			if pkg, ok := p.info.Uses[b].(*types.PkgName); ok {
				return pkg.Imported().Scope().Lookup(name)
			}
		}
		t := p.info.TypeOf(base)
		if t == nil {
			return nil
		}
		o, _, _ := types.LookupFieldOrMethod(t, true, p.pkg, name)
		if o == nil && fromGopar(t) {
			o, _, _ = types.LookupFieldOrMethod(t, true, p.pkg, goName(name))
		}
		return o
	}
	if _, o := p.scopeAt(id.Pos()).LookupParent(name, id.Pos()); o != nil {
		return o
	}
	path, ok := p.imports[name]
	if !ok {
		if paths := candidates(p.s.packages, name); len(paths) > 0 {
			path, ok = paths[0], true
		}
	}
	if ok {
		if pkg, err := p.s.importer.Import(path); err == nil {
			return types.NewPkgName(token.NoPos, p.pkg, name, pkg)
		}
	}
	return nil
}

// describe gathers what is known about an object.
func (s *Session) describe(o types.Object) Description {
	d := Description{Signature: declaration(o)}
	switch {
	case o.Pkg() == nil:
		d.Where = "builtin"
		d.Doc = s.docs("builtin").of(o)
		return d
	case o.Pkg().Path() != sessionPath:
		d.Where = "package " + o.Pkg().Path()
		d.Doc = s.docs(o.Pkg().Path()).of(o)
		return d
	}
	if p, ok := o.(*types.PkgName); ok {
		d.Where = "package " + p.Imported().Path()
		d.Doc = s.docs(p.Imported().Path()).of(o)
		return d
	}
	d.Where = "this cell"
	if e := s.owner(o); e != nil {
		d.Where = e.cell
		if dec := declOf(e, o); dec != nil {
			d.Source, d.Doc = dec.text(), dec.doc()
			if g, ok := dec.node.(*ast.TypeSpec); ok {
				d.Source = "type " + dec.src.src(g)
			}
		}
	}
	return d
}

// owner is the entity that an object or a method belongs to.
func (s *Session) owner(o types.Object) *entity {
	if e := s.byObj[originOf(o)]; e != nil {
		return e
	}
	if f, ok := o.(*types.Func); ok && f.Signature().Recv() != nil {
		t := f.Signature().Recv().Type()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		if n, ok := t.(*types.Named); ok {
			return s.byObj[n.Origin().Obj()]
		}
	}
	return nil
}

func declOf(e *entity, o types.Object) *decl {
	if f, ok := o.(*types.Func); ok && f.Signature().Recv() != nil {
		return findMethod(e.meths, f.Name())
	}
	return e.decl
}

func (d *decl) doc() string {
	switch n := d.node.(type) {
	case *ast.FuncDecl:
		return docText(n.Doc)
	case *ast.TypeSpec:
		return docText(n.Doc)
	case *ast.GenDecl:
		return docText(n.Doc)
	}
	return ""
}

// docText is the text of a documentation comment without the line directive that
// assemble put before it.
func docText(g *ast.CommentGroup) string {
	if g == nil {
		return ""
	}
	own := &ast.CommentGroup{}
	for _, c := range g.List {
		if !strings.HasPrefix(c.Text, "/*line ") {
			own.List = append(own.List, c)
		}
	}
	if len(own.List) == 0 {
		return ""
	}
	return own.Text()
}

// declaration writes an object's declaration on as few lines as it takes.
func declaration(o types.Object) string {
	switch o := o.(type) {
	case *types.PkgName:
		return "package " + o.Imported().Name() + " // import " + fmt.Sprintf("%q", native.SourcePath(o.Imported().Path()))
	case *types.Builtin:
		return "func " + o.Name()
	}
	return types.ObjectString(o, shortQualifier)
}

// packageDocs is the documentation of one package.
type packageDocs struct{ pkg *doc.Package }

// docs reads the documentation of a package from its source, once.
func (s *Session) docs(path string) packageDocs {
	if d, ok := s.docCache[path]; ok {
		return d
	}
	var d packageDocs
	if s.sourceDir != nil {
		d.pkg = readDocs(s.sourceDir(path), path)
	}
	s.docCache[path] = d
	return d
}

func readDocs(dir, path string) *doc.Package {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if dir == "" || err != nil {
		return nil
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		if f, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution); err == nil {
			if len(files) == 0 || files[0].Name.Name == f.Name.Name {
				files = append(files, f)
			}
		}
	}
	mode := doc.Mode(0)
	if path == "builtin" {
		mode = doc.AllDecls
	}
	pkg, err := doc.NewFromFiles(fset, files, path, mode)
	if err != nil {
		return nil
	}
	return pkg
}

// of returns the documentation of an object of the package, "" if there is none.
func (d packageDocs) of(o types.Object) string {
	if d.pkg == nil {
		return ""
	}
	if _, ok := o.(*types.PkgName); ok {
		return d.pkg.Doc
	}
	recv := ""
	if f, ok := o.(*types.Func); ok && f.Signature().Recv() != nil {
		recv = receiverName(f)
	}
	for _, f := range d.pkg.Funcs {
		if recv == "" && f.Name == o.Name() {
			return f.Doc
		}
	}
	for _, t := range d.pkg.Types {
		if text, ok := ofType(t, recv, o.Name()); ok {
			return text
		}
	}
	for _, v := range append(d.pkg.Consts, d.pkg.Vars...) {
		for _, n := range v.Names {
			if n == o.Name() {
				return v.Doc
			}
		}
	}
	return ""
}

func ofType(t *doc.Type, recv, name string) (string, bool) {
	if recv == "" && t.Name == name {
		return t.Doc, true
	}
	if t.Name == recv {
		for _, m := range t.Methods {
			if m.Name == name {
				return m.Doc, true
			}
		}
	}
	if recv == "" {
		for _, f := range t.Funcs {
			if f.Name == name {
				return f.Doc, true
			}
		}
		for _, v := range append(t.Consts, t.Vars...) {
			for _, n := range v.Names {
				if n == name {
					return v.Doc, true
				}
			}
		}
	}
	return "", false
}

func receiverName(f *types.Func) string {
	t := f.Signature().Recv().Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}
