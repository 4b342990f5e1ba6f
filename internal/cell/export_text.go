package cell

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// This file writes the text of exported declarations and statements: the user's
// own, with names that had to change.

// edit replaces src.buf[from:to].
type edit struct {
	from, to int
	text     string
}

// ownLine is a line directive that assemble put into the text.
var ownLine = regexp.MustCompile(`/\*line [^*]*\*/`)

// item writes a node.
func (x *exporter) item(c *exportCell, src *source, node ast.Node) *exportItem {
	it := &exportItem{cell: c, pos: x.s.fset.Position(node.Pos()), refs: map[*entity]bool{}, imports: map[string]bool{}}
	it.text = x.text(c.checker, src, node, it)
	return it
}

// text is the node's text in the exported package; it notes what it refers to.
func (x *exporter) text(k *checker, src *source, node ast.Node, it *exportItem) string {
	edits := x.uses(k, src, node)
	selected := map[*ast.Ident]bool{}
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			selected[n.Sel] = true
		case *ast.Ident:
			o := k.info.Uses[n]
			if o == nil {
				o = k.info.Defs[n]
			}
			if o == nil {
				return true
			}
			if name := x.rename(k, o, selected[n], it); name != "" && name != n.Name {
				edits = append(edits, edit{src.off(n.Pos()), src.off(n.Pos()) + len(n.Name), name})
			}
		}
		return true
	})
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	at := src.off(node.Pos())
	for _, e := range edits {
		b.WriteString(src.buf[at:e.from] + e.text)
		at = e.to
	}
	b.WriteString(src.buf[at:src.off(node.End())])
	return ownLine.ReplaceAllString(b.String(), "")
}

// rename returns what an object is called where it is used; "": as written.
func (x *exporter) rename(k *checker, o types.Object, selected bool, it *exportItem) string {
	if p, ok := o.(*types.PkgName); ok {
		it.imports[p.Imported().Path()] = true
		return x.packages[p.Imported().Path()]
	}
	if e := x.s.byObj[originOf(o)]; e != nil {
		it.refs[e] = true
		return x.names[e]
	}
	if o.Name() == showFunc {
		x.needsShow = true
		return "show"
	}
	if selected {
		return o.Name() // in ipyparallel's spelling it is written otherwise
	}
	if o.Pkg() != nil && o.Pkg() != k.pkg && o.Pkg().Path() != sessionPath && o.Parent() == o.Pkg().Scope() { // a dot import
		it.imports[o.Pkg().Path()] = true
		return x.packages[o.Pkg().Path()] + "." + o.Name()
	}
	return ""
}

// uses returns the edits that use local variables which nothing uses: cells may
// have them, programs may not.
func (x *exporter) uses(k *checker, src *source, node ast.Node) []edit {
	unused := map[token.Pos]bool{}
	for _, id := range k.unused {
		unused[id.Pos()] = true
	}
	if len(unused) == 0 {
		return nil
	}
	var edits []edit
	insert := func(at token.Pos, before, after string, exprs ...ast.Expr) {
		for _, e := range exprs {
			if id, ok := e.(*ast.Ident); ok && unused[id.Pos()] {
				edits = append(edits, edit{src.off(at), src.off(at), before + "_ = " + id.Name + after})
			}
		}
	}
	header := func(s ast.Stmt, at token.Pos) {
		if a, ok := s.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
			insert(at, " ", ";", a.Lhs...)
		}
	}
	firstClause := func(b *ast.BlockStmt) token.Pos {
		if len(b.List) == 0 {
			return b.Lbrace + 1
		}
		return b.List[0].(*ast.CaseClause).Colon + 1
	}
	list := func(stmts []ast.Stmt) {
		for _, s := range stmts {
			switch s := s.(type) {
			case *ast.AssignStmt:
				if s.Tok == token.DEFINE {
					insert(s.End(), "; ", "", s.Lhs...)
				}
			case *ast.DeclStmt:
				if g, ok := s.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
					for _, spec := range g.Specs {
						for _, n := range spec.(*ast.ValueSpec).Names {
							insert(s.End(), "; ", "", n)
						}
					}
				}
			}
		}
	}
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			list(n.List)
		case *ast.CaseClause:
			list(n.Body)
		case *ast.CommClause:
			header(n.Comm, n.Colon+1)
			list(n.Body)
		case *ast.IfStmt:
			header(n.Init, n.Body.Lbrace+1)
		case *ast.ForStmt:
			header(n.Init, n.Body.Lbrace+1)
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				insert(n.Body.Lbrace+1, " ", ";", n.Key, n.Value)
			}
		case *ast.SwitchStmt:
			header(n.Init, firstClause(n.Body))
		case *ast.TypeSwitchStmt:
			header(n.Init, firstClause(n.Body))
			header(n.Assign, firstClause(n.Body))
		}
		return true
	})
	return edits
}

// typeText writes a type.
func (x *exporter) typeText(t types.Type, it *exportItem) string {
	switch t := t.(type) {
	case *types.Named:
		if e := x.s.byObj[t.Origin().Obj()]; e != nil {
			it.refs[e] = true
			text := x.names[e]
			if t.TypeArgs().Len() > 0 {
				var args []string
				for a := range t.TypeArgs().Types() {
					args = append(args, x.typeText(a, it))
				}
				text += "[" + strings.Join(args, ", ") + "]"
			}
			return text
		}
	case *types.Pointer:
		return "*" + x.typeText(t.Elem(), it)
	case *types.Slice:
		return "[]" + x.typeText(t.Elem(), it)
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), x.typeText(t.Elem(), it))
	case *types.Map:
		return "map[" + x.typeText(t.Key(), it) + "]" + x.typeText(t.Elem(), it)
	}
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == sessionPath {
			return ""
		}
		it.imports[p.Path()] = true
		if x.packages[p.Path()] == "" {
			name := p.Name()
			for _, other := range x.packages {
				if other == name {
					name = x.free(name + "pkg")
				}
			}
			x.packages[p.Path()] = name
		}
		return x.packages[p.Path()]
	})
}

// mainBody writes the statements of all cells.
func (x *exporter) mainBody() *exportItem {
	body := &exportItem{refs: map[*entity]bool{}, imports: map[string]bool{}}
	var b strings.Builder
	for _, c := range x.cells {
		if c.Failed {
			continue
		}
		text := x.carriedOver(c, body) + x.statements(c, body)
		if text == "" {
			continue
		}
		b.WriteString("// " + c.Name + "\n")
		if leaves(c.checker) {
			text = "func() {\n" + text + "}()\n"
		}
		b.WriteString(text)
	}
	body.text = b.String()
	x.want(body)
	return body
}

// statements writes what a cell runs.
func (x *exporter) statements(c *exportCell, it *exportItem) string {
	k := c.checker
	var b strings.Builder
	steps, rest := c.low.orderedSteps()
	x.steps(c, steps, it, &b)
	for _, name := range []string{"init", "main"} {
		if name == "main" {
			x.steps(c, rest, it, &b)
		}
		for _, d := range k.inits {
			if d.Name.Name == name {
				b.WriteString("func() " + x.text(k, k.src, d.Body, it) + "()\n")
			}
		}
	}
	return b.String()
}

func (x *exporter) steps(c *exportCell, steps []step, it *exportItem, b *strings.Builder) {
	k := c.checker
	for _, st := range steps {
		if st.spec != nil {
			b.WriteString(x.line(st.spec.node) + x.definition(k, st.spec, it))
			continue
		}
		for _, s := range st.stmts {
			b.WriteString(x.line(s))
			if e, ok := s.(*ast.ExprStmt); ok && e.X == k.last {
				b.WriteString(x.result(c, it))
				continue
			}
			b.WriteString(x.text(k, k.src, s, it) + "\n")
		}
	}
}

// line is the directive before a statement.
func (x *exporter) line(n ast.Node) string {
	if !x.lines {
		return ""
	}
	return lineAt(x.s.fset.Position(n.Pos()))
}

// definition writes var and := as an assignment to variables of the package.
func (x *exporter) definition(k *checker, spec *varSpec, it *exportItem) string {
	var names, values []string
	for _, n := range spec.names {
		if n.Name == "_" {
			names = append(names, "_")
			continue
		}
		names = append(names, x.text(k, k.src, n, it))
	}
	for _, v := range spec.values {
		values = append(values, x.text(k, k.src, v, it))
	}
	if len(values) > 0 {
		return strings.Join(names, ", ") + " = " + strings.Join(values, ", ") + "\n"
	}
	var b strings.Builder
	for i, n := range names {
		if n != "_" {
			b.WriteString(n + " = *new(" + x.typeText(k.info.Defs[spec.names[i]].Type(), it) + ")\n")
		}
	}
	return b.String()
}

// result writes the last expression: as a notebook shows it.
func (x *exporter) result(c *exportCell, it *exportItem) string {
	k := c.checker
	text := x.text(k, k.src, k.last, it)
	call, isCall := k.last.(*ast.CallExpr)
	if isCall {
		if id, ok := call.Fun.(*ast.Ident); ok && id.Name == showFunc {
			return text + "\n"
		}
	}
	if k.src.quiet || k.unwrapped[k.last] || c.low.prints(k.last) {
		if isCall || isReceive(k.last) {
			return text + "\n"
		}
		return "_ = " + text + "\n"
	}
	t := k.info.TypeOf(k.last)
	if t != nil && showsItself(t) {
		const display = goparPrefix + "display"
		it.imports[display] = true
		if x.packages[display] == "" {
			x.packages[display] = "display"
		}
		return x.packages[display] + ".Show(" + text + ")\n"
	}
	x.needsShow = true
	if c.low.returnsError(k.last) {
		return "showResults(" + text + ")\n"
	}
	return "show(" + text + ")\n"
}

func isReceive(e ast.Expr) bool {
	u, ok := ast.Unparen(e).(*ast.UnaryExpr)
	return ok && u.Op == token.ARROW
}

// showsItself reports whether package display knows more about a type than fmt.
func showsItself(t types.Type) bool {
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == goparPrefix+"display" {
		return true
	}
	set := types.NewMethodSet(t)
	for _, name := range []string{"MIMEBundle", "Show"} {
		if set.Lookup(nil, name) != nil {
			return true
		}
	}
	return set.Lookup(nil, "ColorModel") != nil && set.Lookup(nil, "Bounds") != nil // an image.Image
}

// carriedOver gives variables whose type was declared anew their values.
func (x *exporter) carriedOver(c *exportCell, it *exportItem) string {
	var b strings.Builder
	for _, v := range c.checker.carryOver {
		now := x.s.byObj[c.checker.pkg.Scope().Lookup(v.from.name)]
		if now == nil || now == v.from {
			continue
		}
		it.refs[now], it.refs[v.from] = true, true
		fmt.Fprintf(&b, "%s = %s(%s)\n", x.names[now], parenthesized(x.typeText(now.obj.Type(), it)), x.names[v.from])
	}
	return b.String()
}

func parenthesized(t string) string {
	if strings.HasPrefix(t, "*") {
		return "(" + t + ")"
	}
	return t
}

// variables writes the definitions of the wanted variables, and wants what these
// use, which may be variables of earlier cells.
func (x *exporter) variables() *exportItem {
	for {
		before := len(x.reach())
		body := &exportItem{refs: map[*entity]bool{}, imports: map[string]bool{}}
		for _, c := range x.cells {
			vars, rest := c.low.orderedSteps()
			for _, st := range slices.Concat(vars, rest) {
				if st.spec == nil || len(st.spec.values) == 0 {
					continue
				}
				isWanted := func(n *ast.Ident) bool { return x.wanted[x.s.byObj[c.checker.info.Defs[n]]] }
				if slices.ContainsFunc(st.spec.names, isWanted) {
					body.text += x.definition(c.checker, st.spec, body)
				}
			}
		}
		x.want(body)
		if len(x.reach()) == before {
			return body
		}
	}
}

// leaves reports whether statements at the top level of the cell return, defer or
// have labels, which concern a function of their own.
func leaves(k *checker) bool {
	found := false
	for _, st := range k.steps {
		for _, s := range st.stmts {
			ast.Inspect(s, func(n ast.Node) bool {
				switch n.(type) {
				case *ast.FuncLit:
					return false
				case *ast.ReturnStmt, *ast.DeferStmt, *ast.LabeledStmt:
					found = true
				}
				return !found
			})
		}
	}
	return found
}
