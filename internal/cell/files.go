package cell

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// files builds the files that one pass of the checker sees: one for the cell and
// one for each source from which declarations are carried, each with the imports
// that were in force there.
func (c *checker) files() []*ast.File {
	files := []*ast.File{c.ownFile()}
	bySource := map[*source][]*decl{}
	var order []*source
	for _, d := range c.carried {
		if bySource[d.src] == nil {
			order = append(order, d.src)
		}
		bySource[d.src] = append(bySource[d.src], d)
	}
	for _, src := range order {
		imports := map[string]string{}
		var decls []ast.Decl
		for _, d := range bySource[src] {
			maps.Copy(imports, d.imports)
			decls = append(decls, c.astDecl(d))
		}
		files = append(files, c.file(src, imports, decls))
	}
	if len(c.carryOver) > 0 {
		files = append(files, c.carryFile())
	}
	return files
}

// carryFile declares the variables that are carried over, with imports for the
// packages their types mention.
func (c *checker) carryFile() *ast.File {
	imports := map[string]string{}
	var decls []ast.Decl
	for _, v := range c.carryOver {
		decls = append(decls, v.spec)
		maps.Copy(imports, v.imports)
	}
	return c.file(c.src, imports, decls)
}

// ownFile is the cell itself: its declarations, its variables as package-level
// ones, and a function with everything it executes.
func (c *checker) ownFile() *ast.File {
	var decls []ast.Decl
	for _, d := range c.decls {
		decls = append(decls, c.astDecl(d))
	}
	for _, d := range c.inits {
		decls = append(decls, d)
	}
	body := &ast.BlockStmt{Lbrace: c.src.file.Package, Rbrace: c.src.file.FileEnd}
	for _, st := range c.steps {
		if st.spec != nil {
			decls = append(decls, st.spec.astDecl())
			continue
		}
		body.List = append(body.List, c.wrapLast(st.stmts)...)
	}
	c.run = &ast.FuncDecl{
		Name: &ast.Ident{NamePos: c.src.file.Package, Name: "gopar__run"},
		Type: &ast.FuncType{Func: c.src.file.Package, Params: &ast.FieldList{}},
		Body: body,
	}
	decls = append(decls, c.run)
	return c.file(c.src, c.imports, decls)
}

// wrapLast makes the last expression an argument of the display hook.
func (c *checker) wrapLast(stmts []ast.Stmt) []ast.Stmt {
	if c.last == nil || c.unwrapped[c.last] || isShow(c.last) {
		return stmts
	}
	e, ok := stmts[len(stmts)-1].(*ast.ExprStmt)
	if !ok || e.X != c.last {
		return stmts
	}
	call := &ast.CallExpr{
		Fun: &ast.Ident{NamePos: e.X.Pos(), Name: showFunc}, Lparen: e.X.Pos(), Args: []ast.Expr{e.X}, Rparen: e.X.End(),
	}
	out := slices.Clone(stmts)
	out[len(out)-1] = &ast.ExprStmt{X: call}
	return out
}

// file makes an *ast.File of declarations, importing those packages whose names
// are selected from and not hidden by a name of the session.
func (c *checker) file(src *source, imports map[string]string, decls []ast.Decl) *ast.File {
	own := c.declared()
	visible := map[string]string{}
	for name, path := range imports {
		if _, hidden := c.s.entities[name]; !hidden && !own[name] {
			visible[name] = path
		}
	}
	return c.importing(src, visible, decls)
}

// importing makes an *ast.File of declarations, importing those packages whose names
// are selected from.
func (c *checker) importing(src *source, imports map[string]string, decls []ast.Decl) *ast.File {
	f := &ast.File{
		Package: src.file.Package, Name: &ast.Ident{NamePos: src.file.Package, Name: "main"},
		FileStart: src.file.FileStart, FileEnd: src.file.FileEnd,
	}
	gen := &ast.GenDecl{Tok: token.IMPORT, TokPos: src.file.Package}
	add := func(name, path string) {
		spec := &ast.ImportSpec{Path: &ast.BasicLit{ValuePos: src.file.Package, Kind: token.STRING, Value: strconv.Quote(path)}}
		spec.Name = &ast.Ident{NamePos: src.file.Package, Name: name}
		gen.Specs = append(gen.Specs, spec)
		f.Imports = append(f.Imports, spec)
	}
	bases := selectorBases(decls)
	for _, name := range slices.Sorted(maps.Keys(imports)) {
		if strings.HasPrefix(name, dotKey) {
			add(".", imports[name])
			continue
		}
		if bases[name] {
			add(name, imports[name])
		}
	}
	if len(gen.Specs) > 0 {
		f.Decls = append(f.Decls, gen)
	}
	f.Decls = append(f.Decls, decls...)
	return f
}

// astDecl returns the declaration as go/types wants it. It looks for cycles among
// types that are declared as bare names before it knows which names are declared
// elsewhere, so a name of an earlier cell is put in parentheses.
func (c *checker) astDecl(d *decl) ast.Decl {
	switch n := d.node.(type) {
	case *ast.TypeSpec:
		if id, ok := n.Type.(*ast.Ident); ok && c.s.entities[id.Name] != nil {
			spec := *n
			spec.Type = &ast.ParenExpr{Lparen: id.Pos(), X: id, Rparen: id.End()}
			n = &spec
		}
		return &ast.GenDecl{TokPos: n.Pos(), Tok: token.TYPE, Specs: []ast.Spec{n}}
	case ast.Decl:
		return n
	}
	return nil
}

// astDecl returns the definition as a package-level variable declaration. Names
// that were defined before in the cell are blank in it.
func (v *varSpec) astDecl() ast.Decl {
	spec := &ast.ValueSpec{Type: v.typ, Values: v.values}
	for i, n := range v.names {
		if v.again[i] {
			n = &ast.Ident{NamePos: n.NamePos, Name: "_"}
		}
		spec.Names = append(spec.Names, n)
	}
	return &ast.GenDecl{TokPos: v.node.Pos(), Tok: token.VAR, Specs: []ast.Spec{spec}}
}

// selectorBases collects the identifiers that something is selected from.
func selectorBases(decls []ast.Decl) map[string]bool {
	bases := map[string]bool{}
	for _, d := range decls {
		ast.Inspect(d, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if id, ok := sel.X.(*ast.Ident); ok {
					bases[id.Name] = true
				}
			}
			return true
		})
	}
	return bases
}

// identsOf collects every identifier a node mentions, selected names and all: an
// over-approximation of what it depends on.
func identsOf(n ast.Node) []string {
	set := map[string]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			set[id.Name] = true
		}
		return true
	})
	return slices.Sorted(maps.Keys(set))
}

// declared are the names that the cell (with what it carries) declares.
func (c *checker) declared() map[string]bool {
	names := map[string]bool{}
	for _, d := range slices.Concat(c.decls, c.carried) {
		switch n := d.node.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil {
				names[d.name] = true
			}
		case *ast.GenDecl:
			for _, name := range constNames(n) {
				names[name] = true
			}
		default:
			names[d.name] = true
		}
	}
	for _, st := range c.steps {
		if st.spec == nil {
			continue
		}
		for _, n := range st.spec.names {
			names[n.Name] = true
		}
	}
	delete(names, "_")
	return names
}
