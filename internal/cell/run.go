package cell

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// This file writes the function that executes a cell's statements.

// runFunc writes the function that executes the cell.
func (l *lowering) runFunc() string {
	l.cur = l.src
	l.enter(nil)
	defer l.leave()
	var b strings.Builder
	b.WriteString("\nfunc gopar__run() {\n")
	var inits, mains string
	for i, d := range l.inits {
		call := fmt.Sprintf("\t%s%d()\n", l.initName(d), i)
		if d.Name.Name == "main" {
			mains += call
		} else {
			inits += call
		}
	}
	steps, rest := l.orderedSteps()
	b.WriteString(l.hoisted(l.stepsText(steps) + inits + l.stepsText(rest) + mains))
	b.WriteString("}\n")
	return b.String()
}

// hoisted puts the addresses of the session variables that a cell with loops uses
// into locals: the compiler must load a global one after every store.
func (l *lowering) hoisted(text string) string {
	if !strings.Contains(text, "for ") {
		return text
	}
	var b strings.Builder
	for _, box := range slices.Sorted(maps.Keys(l.boxes)) {
		if strings.Contains(text, box) {
			fmt.Fprintf(&b, "\t%s := %s; _ = %s\n", box, box, box)
		}
	}
	return b.String() + text
}

func (l *lowering) stepsText(steps []step) string {
	var b strings.Builder
	for _, st := range steps {
		if st.spec != nil {
			b.WriteString(l.line(st.spec.node.Pos(), false) + l.assign(st.spec) + "\n")
			continue
		}
		for _, s := range st.stmts {
			if b.Len() > 0 { // what was interrupted in the statement before ends here
				b.WriteString(stopCheck + "\n")
			}
			b.WriteString(l.line(s.Pos(), false) + l.topStmt(s) + "\n")
		}
	}
	return b.String()
}

// orderedSteps is the order in which a cell's steps run. The variables that it
// declares before its first statement are initialized as those of a Go package, by
// dependency, and before its init functions run; the rest follows as written.
func (l *lowering) orderedSteps() (vars, rest []step) {
	byName := map[types.Object]int{}
	n := 0
	for ; n < len(l.steps) && l.steps[n].declares(); n++ {
		for _, name := range l.steps[n].spec.names {
			byName[l.info.Defs[name]] = n
		}
	}
	placed := map[int]bool{}
	for i, st := range l.steps[:n] { // zero values first
		if len(st.spec.values) == 0 {
			vars, placed[i] = append(vars, st), true
		}
	}
	for _, init := range l.info.InitOrder {
		for _, v := range init.Lhs {
			if i, ok := byName[v]; ok && !placed[i] {
				vars, placed[i] = append(vars, l.steps[i]), true
			}
		}
	}
	for i, st := range l.steps[:n] {
		if !placed[i] {
			vars = append(vars, st)
		}
	}
	return vars, l.steps[n:]
}

// declares reports whether a step is a declaration with var.
func (st step) declares() bool {
	if st.spec == nil {
		return false
	}
	_, short := st.spec.node.(*ast.AssignStmt)
	return !short
}

// topStmt writes a statement of the cell's top level; the last expression goes to
// the display hook.
func (l *lowering) topStmt(s ast.Stmt) string {
	e, ok := s.(*ast.ExprStmt)
	if ok && isVoid(l.info.TypeOf(e.X)) {
		return l.stmt(s)
	}
	if !ok || l.last == nil || e.X != l.last || l.unwrapped[l.last] || l.prints(e.X) {
		return l.stmt(s)
	}
	if isShow(e.X) { // several values, wrapped by parse
		return fmt.Sprintf("%s.Show(%s)", unitAlias, l.args(e.X.(*ast.CallExpr)))
	}
	if l.src.quiet {
		if _, call := ast.Unparen(e.X).(*ast.CallExpr); call && !l.info.Types[ast.Unparen(e.X).(*ast.CallExpr).Fun].IsType() {
			return l.stmt(s)
		}
		return "_ = " + l.emit(e.X)
	}
	show := "Show"
	if l.returnsError(e.X) {
		show = "ShowResults"
	}
	return fmt.Sprintf("%s.%s(%s)", unitAlias, show, l.emit(e.X))
}

// isShow reports whether e is the display hook's call that parse put around several
// values.
func isShow(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == showFunc
}

// args writes the arguments of a call.
func (l *lowering) args(call *ast.CallExpr) string {
	var parts []string
	for _, a := range call.Args {
		parts = append(parts, l.emit(a))
	}
	return strings.Join(parts, ", ")
}

// prints reports whether an expression is a call of one of fmt's printing
// functions, whose results nobody wants to see.
func (l *lowering) prints(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := l.info.Uses[sel.Sel].(*types.Func)
	return ok && f.Pkg() != nil && f.Pkg().Path() == "fmt" && (strings.HasPrefix(f.Name(), "Print") || strings.HasPrefix(f.Name(), "Fprint"))
}

// returnsError reports whether e is a call whose last result is an error, which is
// not shown when it is nil.
func (l *lowering) returnsError(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	return ok && !l.info.Types[call.Fun].IsType() && endsInError(l.info.TypeOf(e))
}

func endsInError(t types.Type) bool {
	if tuple, ok := t.(*types.Tuple); ok {
		if tuple.Len() == 0 {
			return false
		}
		t = tuple.At(tuple.Len() - 1).Type()
	}
	return t != nil && types.Identical(t, types.Universe.Lookup("error").Type())
}

// assign writes the definition of session variables as an assignment to their
// boxes.
func (l *lowering) assign(v *varSpec) string {
	var lhs []string
	for _, n := range v.names {
		if n.Name == "_" {
			lhs = append(lhs, "_")
			continue
		}
		obj := l.pkg.Scope().Lookup(n.Name)
		lhs = append(lhs, l.variable(obj))
	}
	if v.embed != nil {
		return strings.Join(lhs, ", ") + " = " + l.embed(v)
	}
	if len(v.values) == 0 {
		var zeros []string
		for i, n := range v.names {
			t := l.info.TypeOf(v.typ)
			if n.Name == "_" {
				continue
			}
			zeros = append(zeros, fmt.Sprintf("%s = *new(%s)", lhs[i], l.typ(t)))
		}
		return strings.Join(zeros, "; ")
	}
	var rhs []string
	for i, e := range v.values {
		text := l.emit(e)
		if v.typ != nil && v.names[min(i, len(v.names)-1)].Name == "_" && len(v.values) == len(v.names) {
			text = fmt.Sprintf("%s(%s)", l.typ(l.info.TypeOf(v.typ)), text)
		}
		rhs = append(rhs, text)
	}
	return strings.Join(lhs, ", ") + " = " + strings.Join(rhs, ", ")
}
