package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// This file rewrites syntax: emit returns the text of a node as it must stand in
// the unit. What needs no change is copied from the user's text, newlines and all,
// so that lines stay where they are.

// stopCheck ends the cell when it was interrupted.
const stopCheck = " if gopar__unit.Stop.Load() != 0 { gopar__unit.Interrupted() };"

// splice copies a node's text with its children rewritten.
func (l *lowering) splice(n ast.Node) string {
	var b strings.Builder
	pos := n.Pos()
	ast.Inspect(n, func(m ast.Node) bool {
		if m == n {
			return true
		}
		if m == nil {
			return false
		}
		if _, comment := m.(*ast.CommentGroup); comment || m.Pos() < pos {
			return false
		}
		b.WriteString(l.text(pos, m.Pos()))
		b.WriteString(l.emit(m))
		pos = m.End()
		return false
	})
	b.WriteString(l.text(pos, n.End()))
	return b.String()
}

// text is the user's text between two positions of the current source.
func (l *lowering) text(from, to token.Pos) string {
	if from >= to {
		return ""
	}
	return l.cur.buf[l.cur.off(from):min(l.cur.off(to), len(l.cur.buf))]
}

// replace puts generated text in the place of a node and resynchronizes lines.
func (l *lowering) replace(n ast.Node, text string) string {
	if strings.Count(l.text(n.Pos(), n.End()), "\n") == strings.Count(text, "\n") {
		return text
	}
	return text + l.line(n.End(), false)
}

func (l *lowering) emit(n ast.Node) string {
	if e, ok := n.(ast.Expr); ok && l.implicit[e] != nil {
		return l.reshaped(e, l.implicit[e])
	}
	switch n := n.(type) {
	case *ast.Ident:
		return l.ident(n)
	case *ast.SelectorExpr:
		return l.selector(n)
	case *ast.CompositeLit:
		return l.composite(n)
	case *ast.CallExpr:
		return l.call(n)
	case *ast.FuncLit:
		return l.emit(n.Type) + " " + l.funcBody(n.Body, n)
	case *ast.StructType:
		if t, ok := l.info.TypeOf(n).(*types.Struct); ok && !l.plain && hasUnexported(t) && !l.mentionsLocal(t) {
			return l.replace(n, l.structType(t))
		}
	case *ast.Field:
		return l.field(n)
	case *ast.ForStmt:
		return l.loop(n)
	case *ast.RangeStmt:
		return l.loop(n)
	case *ast.IfStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.CommClause, *ast.CaseClause:
		return l.control(n)
	case *ast.BlockStmt:
		return l.block(n, "")
	case *ast.GoStmt:
		return l.goStmt(n)
	case *ast.LabeledStmt:
		return l.labeled(n)
	case *ast.DeclStmt:
		return l.localDecl(n)
	case *ast.TypeSpec:
		return l.text(n.Pos(), n.Name.Pos()) + n.Name.Name + l.localParams(n) + l.declaredType(n)
	}
	return l.splice(n)
}

// stmt writes a statement and, where it defines locals that nothing uses, a use.
func (l *lowering) stmt(s ast.Stmt) string {
	text := l.emit(s)
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			return text + l.writeThrough(s.Lhs...) + l.uses(s.Lhs...)
		}
		return text + l.writeThrough(s.Lhs...)
	case *ast.IncDecStmt:
		return text + l.writeThrough(s.X)
	}
	return text
}

// uses writes "; _ = x" for those of the identifiers that are unused locals.
func (l *lowering) uses(exprs ...ast.Expr) string {
	var b strings.Builder
	for _, e := range exprs {
		if id, ok := e.(*ast.Ident); ok && l.skip[id.Pos()] {
			b.WriteString("; _ = " + id.Name)
		}
	}
	return b.String()
}

// usesAtStart is uses for the beginning of a block.
func (l *lowering) usesAtStart(exprs ...ast.Expr) string {
	if s := l.uses(exprs...); s != "" {
		return strings.TrimPrefix(s, "; ") + "; "
	}
	return ""
}

// initUses writes uses for what an init statement (if x := f(); …) defines.
func (l *lowering) initUses(s ast.Stmt) string {
	if a, ok := s.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
		return l.usesAtStart(a.Lhs...)
	}
	return ""
}

// localParams is what stands between a local type's name and the type.
func (l *lowering) localParams(ts *ast.TypeSpec) string {
	if ts.TypeParams == nil {
		return l.text(ts.Name.End(), ts.Type.Pos())
	}
	return l.text(ts.Name.End(), ts.TypeParams.Pos()) + l.emit(ts.TypeParams) + l.text(ts.TypeParams.End(), ts.Type.Pos())
}

// localDecl writes a declaration inside a function.
func (l *lowering) localDecl(d *ast.DeclStmt) string {
	text := l.splice(d)
	g, ok := d.Decl.(*ast.GenDecl)
	if !ok || g.Tok != token.VAR {
		return text
	}
	for _, spec := range g.Specs {
		for _, n := range spec.(*ast.ValueSpec).Names {
			text += l.uses(n)
		}
	}
	return text
}

// block writes a block with generated statements at its start.
func (l *lowering) block(b *ast.BlockStmt, prologue string) string {
	return "{" + prologue + l.stmts(b.Lbrace+1, b.List, b.Rbrace) + "}"
}

// stmts writes a list of statements with the text around them.
func (l *lowering) stmts(from token.Pos, list []ast.Stmt, to token.Pos) string {
	var b strings.Builder
	for _, s := range list {
		b.WriteString(l.text(from, s.Pos()))
		b.WriteString(l.stmt(s))
		from = s.End()
	}
	b.WriteString(l.text(from, to))
	return b.String()
}

// funcBody writes a function's body with the check that lets it be interrupted,
// which a function that calls nothing does without: it cannot recurse. A literal
// that a library gets has it all the same: the loop is there (sort.Slice).
func (l *lowering) funcBody(body *ast.BlockStmt, fn ast.Node) string {
	if l.callbacks[fn] || l.callsSomething(fn) {
		return l.block(body, stopCheck)
	}
	return l.block(body, "")
}

func (l *lowering) callsSomething(fn ast.Node) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if tv := l.info.Types[c.Fun]; !tv.IsType() && !tv.IsBuiltin() {
				found = true
			}
		}
		return !found
	})
	return found
}

// control writes statements with bodies: loops get the interrupt check, and unused
// variables of their headers are used in their bodies.
func (l *lowering) control(n ast.Node) string {
	switch n := n.(type) {
	case *ast.ForStmt:
		return l.headed(n, n.Body, l.stopCheck()+l.initUses(n.Init))
	case *ast.RangeStmt:
		prologue := l.stopCheck()
		if n.Tok == token.DEFINE {
			prologue += l.usesAtStart(n.Key, n.Value)
		}
		return l.headed(n, n.Body, prologue)
	case *ast.IfStmt:
		return l.headed(n, n.Body, l.initUses(n.Init))
	case *ast.SwitchStmt:
		return l.clauses(n, n.Body, l.initUses(n.Init))
	case *ast.TypeSwitchStmt:
		prologue := l.initUses(n.Init)
		if a, ok := n.Assign.(*ast.AssignStmt); ok {
			prologue += l.usesAtStart(a.Lhs...)
		}
		return l.clauses(n, n.Body, prologue)
	case *ast.CaseClause:
		return l.clause(n, n.Colon, n.Body, "")
	case *ast.CommClause:
		prologue := ""
		if a, ok := n.Comm.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
			prologue = l.usesAtStart(a.Lhs...)
		}
		return l.clause(n, n.Colon, n.Body, prologue)
	}
	return l.splice(n)
}

// headed writes a statement whose body gets a prologue.
func (l *lowering) headed(n ast.Node, body *ast.BlockStmt, prologue string) string {
	var b strings.Builder
	pos := n.Pos()
	ast.Inspect(n, func(m ast.Node) bool {
		if m == n {
			return true
		}
		if m == nil {
			return false
		}
		b.WriteString(l.text(pos, m.Pos()))
		if m == ast.Node(body) {
			b.WriteString(l.block(body, prologue))
		} else {
			b.WriteString(l.emit(m))
		}
		pos = m.End()
		return false
	})
	b.WriteString(l.text(pos, n.End()))
	return b.String()
}

// clauses writes a switch whose first clause gets a prologue.
func (l *lowering) clauses(n ast.Node, body *ast.BlockStmt, prologue string) string {
	if prologue == "" || len(body.List) == 0 {
		return l.splice(n)
	}
	first := body.List[0].(*ast.CaseClause)
	head := l.text(body.Lbrace, first.Pos())
	text := l.clause(first, first.Colon, first.Body, prologue)
	rest := l.stmts(first.End(), body.List[1:], body.End())
	var b strings.Builder
	pos := n.Pos()
	ast.Inspect(n, func(m ast.Node) bool {
		if m == n {
			return true
		}
		if m == nil || m == ast.Node(body) {
			return false
		}
		b.WriteString(l.text(pos, m.Pos()) + l.emit(m))
		pos = m.End()
		return false
	})
	return b.String() + l.text(pos, body.Pos()) + head + text + rest
}

// clause writes a case of a switch or select.
func (l *lowering) clause(n ast.Node, colon token.Pos, body []ast.Stmt, prologue string) string {
	var b strings.Builder
	pos := n.Pos()
	inBody := map[ast.Node]bool{}
	for _, s := range body {
		inBody[s] = true
	}
	ast.Inspect(n, func(m ast.Node) bool {
		if m == n {
			return true
		}
		if m == nil || inBody[m] {
			return false
		}
		b.WriteString(l.text(pos, m.Pos()) + l.emit(m))
		pos = m.End()
		return false
	})
	b.WriteString(l.text(pos, colon+1))
	if prologue != "" {
		b.WriteString(" " + prologue)
	}
	return b.String() + l.stmts(colon+1, body, n.End())
}

// labeled puts the interrupt check behind labels that goto may loop over.
func (l *lowering) labeled(n *ast.LabeledStmt) string {
	head := l.text(n.Pos(), n.Colon+1)
	switch n.Stmt.(type) {
	case *ast.ForStmt, *ast.RangeStmt: // not in a block of its own: continue and break must find it
		return head + l.text(n.Colon+1, n.Stmt.Pos()) + l.control(n.Stmt)
	}
	switch n.Stmt.(type) {
	case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.EmptyStmt, *ast.BlockStmt:
		return head + l.text(n.Colon+1, n.Stmt.Pos()) + l.stmt(n.Stmt)
	}
	return head + stopCheck + l.text(n.Colon+1, n.Stmt.Pos()) + l.stmt(n.Stmt)
}

// goStmt starts a goroutine whose panic does not end the process. Function and
// arguments are evaluated first, as the language demands.
func (l *lowering) goStmt(n *ast.GoStmt) string {
	call := n.Call
	if lit, ok := call.Fun.(*ast.FuncLit); ok && len(call.Args) == 0 && lit.Type.Results == nil {
		return "gopar__unit.Go(" + l.emit(lit) + ")"
	}
	if tv := l.info.Types[call.Fun]; tv.IsBuiltin() || tv.IsType() {
		return l.goBuiltin(call)
	}
	sig, ok := l.info.TypeOf(call.Fun).Underlying().(*types.Signature)
	if !ok {
		return l.fail(n, "go needs a function call")
	}
	text := "{ gopar__f := " + l.callee(call.Fun) + "; "
	var args []string
	if tuple, ok := l.multi(call); ok {
		for i := range tuple.Len() {
			args = append(args, fmt.Sprintf("gopar__a%d", i))
		}
		text += strings.Join(args, ", ") + " := " + l.emit(call.Args[0]) + "; "
	} else {
		for i, a := range call.Args {
			name := fmt.Sprintf("gopar__a%d", i)
			args = append(args, name)
			text += fmt.Sprintf("var %s %s = %s; ", name, l.typ(paramType(sig, i, call.Ellipsis.IsValid())), l.emit(a))
		}
	}
	ellipsis := ""
	if call.Ellipsis.IsValid() {
		ellipsis = "..."
	}
	return text + "gopar__unit.Go(func() { gopar__f(" + strings.Join(args, ", ") + ellipsis + ") }) }"
}

// callee writes the function of a call as a value: of a generic function with the
// type arguments that a call leaves to inference.
func (l *lowering) callee(fun ast.Expr) string {
	generic := indexed(ast.Unparen(fun))
	name := generic
	if sel, ok := name.(*ast.SelectorExpr); ok {
		name = sel.Sel
	}
	id, ok := name.(*ast.Ident)
	if !ok || l.info.Instances[id].TypeArgs.Len() == 0 {
		return l.emit(fun)
	}
	var args []string
	for t := range l.info.Instances[id].TypeArgs.Types() {
		args = append(args, l.typ(t))
	}
	return l.emit(generic) + "[" + strings.Join(args, ", ") + "]"
}

// multi reports whether a call passes on all results of another call.
func (l *lowering) multi(call *ast.CallExpr) (*types.Tuple, bool) {
	if len(call.Args) != 1 {
		return nil, false
	}
	t, ok := l.info.TypeOf(call.Args[0]).(*types.Tuple)
	return t, ok
}

// paramType is the type that the i-th argument is passed as.
func paramType(sig *types.Signature, i int, spread bool) types.Type {
	last := sig.Params().Len() - 1
	if sig.Variadic() && i >= last {
		t := sig.Params().At(last).Type()
		if s, ok := t.(*types.Slice); ok && !spread {
			return s.Elem()
		}
		return t
	}
	return sig.Params().At(i).Type()
}

// goBuiltin starts a builtin (go close(c)) in a goroutine.
func (l *lowering) goBuiltin(call *ast.CallExpr) string {
	var names, values []string
	for i, a := range call.Args {
		names = append(names, fmt.Sprintf("gopar__a%d", i))
		values = append(values, l.emit(a))
	}
	text := "{ "
	if len(names) > 0 {
		text += strings.Join(names, ", ") + " := " + strings.Join(values, ", ") + "; "
	}
	return text + "gopar__unit.Go(func() { " + l.emit(call.Fun) + "(" + strings.Join(names, ", ") + ") }) }"
}
