package cell

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/interp"
)

// This file decides whether a cell is straight-line and writes it as a script. It
// knows the constructs that interp.Proven lists and no others: whatever it does not
// recognize makes the cell one to compile.

// scripting writes the script of one statement.
type scripting struct {
	l       *lowering
	imports map[string]bool
	symbols map[string]interp.Symbol
	deps    map[string]bool
	ok      bool
}

// script returns the interpreted form of a cell and the units it needs, nil if the
// cell must be compiled.
func (l *lowering) script() (*interp.Script, []string) {
	c := l.checker
	if l.s.known == nil || c.src.cgo != nil || len(c.decls)+len(c.carried)+len(c.inits)+len(c.blank)+len(c.carryOver) > 0 || len(c.steps) == 0 {
		return nil, nil
	}
	deps := map[string]bool{}
	var parts []*interp.Script
	add := func(p token.Pos, write func(*scripting) string) bool {
		w := &scripting{l: l, imports: map[string]bool{}, symbols: map[string]interp.Symbol{}, deps: deps, ok: true}
		text := write(w)
		part := w.part(text)
		part.File, part.Line = c.src.id, l.s.fset.Position(p).Line
		parts = append(parts, part)
		return w.ok
	}
	for _, st := range c.steps {
		if v := st.spec; v != nil && !add(v.node.Pos(), func(w *scripting) string { return w.define(v) }) {
			return nil, nil
		}
		for _, s := range st.stmts {
			if !add(s.Pos(), func(w *scripting) string { return w.stmt(s) }) {
				return nil, nil
			}
		}
	}
	return join(parts), slices.Sorted(maps.Keys(deps))
}

// part is the script of one statement.
func (w *scripting) part(body string) *interp.Script {
	s := &interp.Script{Imports: slices.Sorted(maps.Keys(w.imports)), Body: body}
	for _, name := range slices.Sorted(maps.Keys(w.symbols)) {
		s.Symbols = append(s.Symbols, w.symbols[name])
	}
	return s
}

// join chains the scripts of a cell's statements.
func join(parts []*interp.Script) *interp.Script {
	for i := range len(parts) - 1 {
		parts[i].Then = parts[i+1]
	}
	return parts[0]
}

// no marks the cell as one to compile.
func (w *scripting) no() string {
	w.ok = false
	return ""
}

// define writes the definition of session variables.
func (w *scripting) define(v *varSpec) string {
	if len(v.values) != len(v.names) {
		return w.defineResults(v)
	}
	if len(v.values) > 1 {
		return w.no() // a, b := b, a evaluates all before it assigns any
	}
	if v.names[0].Name == "_" {
		return w.no()
	}
	obj := w.l.pkg.Scope().Lookup(v.names[0].Name)
	if obj == nil || !w.storable(obj.Type()) || !types.Identical(obj.Type(), w.l.info.TypeOf(v.values[0])) {
		return w.no()
	}
	return fmt.Sprintf("Def(%q, %s)\n", w.l.varID(obj), w.expr(v.values[0]))
}

// defineResults writes a, b := f().
func (w *scripting) defineResults(v *varSpec) string {
	if len(v.values) != 1 {
		return w.no()
	}
	tuple, ok := w.l.info.TypeOf(v.values[0]).(*types.Tuple)
	if _, call := ast.Unparen(v.values[0]).(*ast.CallExpr); !ok || !call {
		return w.no()
	}
	var names []string
	var defs strings.Builder
	for i, n := range v.names {
		if n.Name == "_" {
			names = append(names, "_")
			continue
		}
		obj := w.l.pkg.Scope().Lookup(n.Name)
		if obj == nil || !types.Identical(obj.Type(), tuple.At(i).Type()) {
			return w.no()
		}
		if !w.storable(obj.Type()) && !isError(obj.Type()) {
			return w.no()
		}
		names = append(names, fmt.Sprintf("r%d", i))
		fmt.Fprintf(&defs, "%s(%q, r%d)\n", defName(obj.Type()), w.l.varID(obj), i)
	}
	return strings.Join(names, ", ") + " := " + w.expr(v.values[0]) + "\n" + defs.String()
}

func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}

// defName is the script's function that defines a variable of a type: an error may
// be nil, which says nothing about its type.
func defName(t types.Type) string {
	if isError(t) {
		return "DefError"
	}
	return "Def"
}

// storable reports whether a value's dynamic type is the type of a variable: any
// but an interface.
func (w *scripting) storable(t types.Type) bool { return !types.IsInterface(t) }

// stmt writes a statement of the top level.
func (w *scripting) stmt(s ast.Stmt) string {
	switch s := s.(type) {
	case *ast.ExprStmt:
		return w.exprStmt(s)
	case *ast.AssignStmt:
		return w.assign(s)
	case *ast.IncDecStmt:
		op := map[token.Token]string{token.INC: "+=", token.DEC: "-="}[s.Tok]
		if t := w.l.info.TypeOf(s.X); op != "" && isBasic(t, types.IsInteger) {
			return w.operate(s.X, op, t, w.constant(t, constant.MakeInt64(1)))
		}
	}
	return w.no()
}

// operate writes x op= y for a session variable of an unnamed basic type.
func (w *scripting) operate(x ast.Expr, op string, t types.Type, y string) string {
	id, ok := x.(*ast.Ident)
	obj := w.l.info.Uses[id]
	if !ok || obj == nil || !w.l.isSession(obj) || types.Unalias(t) != types.Unalias(t).Underlying() {
		return w.no()
	}
	return w.ident(id) + " " + op + " " + y + "\n"
}

func (w *scripting) exprStmt(s *ast.ExprStmt) string {
	l := w.l
	if l.last == nil || s.X != l.last || l.unwrapped[l.last] || l.prints(s.X) || l.src.quiet {
		if _, call := ast.Unparen(s.X).(*ast.CallExpr); !call || isShow(s.X) {
			return w.no()
		}
		return w.expr(s.X) + "\n"
	}
	if isShow(s.X) {
		return "Show(" + w.list(s.X.(*ast.CallExpr).Args) + ")\n"
	}
	if tuple, ok := l.info.TypeOf(s.X).(*types.Tuple); ok {
		var names []string
		for i := range tuple.Len() {
			names = append(names, fmt.Sprintf("r%d", i))
		}
		all := strings.Join(names, ", ")
		return all + " := " + w.expr(s.X) + "\n" + w.show(s.X) + "(" + all + ")\n"
	}
	return w.show(s.X) + "(" + w.expr(s.X) + ")\n"
}

// show is the display hook for a result.
func (w *scripting) show(e ast.Expr) string {
	if w.l.returnsError(e) {
		return "ShowResults"
	}
	return "Show"
}

// assign writes x = e and x += e for a session variable of exactly e's type.
func (w *scripting) assign(s *ast.AssignStmt) string {
	switch s.Tok {
	case token.ADD_ASSIGN, token.SUB_ASSIGN, token.MUL_ASSIGN, token.QUO_ASSIGN, token.REM_ASSIGN:
		t := w.l.info.TypeOf(s.Lhs[0])
		if types.Identical(t, w.l.info.TypeOf(s.Rhs[0])) && isBasic(t, types.IsInteger|types.IsFloat|types.IsString) {
			return w.operate(s.Lhs[0], s.Tok.String(), t, w.expr(s.Rhs[0]))
		}
		return w.no()
	}
	if s.Tok != token.ASSIGN || len(s.Lhs) != 1 || len(s.Rhs) != 1 {
		return w.no()
	}
	id, ok := s.Lhs[0].(*ast.Ident)
	if !ok || id.Name == "_" {
		return w.no()
	}
	obj := w.l.info.Uses[id]
	if obj == nil || !w.l.isSession(obj) || !w.storable(obj.Type()) || !types.Identical(obj.Type(), w.l.info.TypeOf(s.Rhs[0])) {
		return w.no()
	}
	return fmt.Sprintf("Def(%q, %s)\n", w.l.varID(obj), w.expr(s.Rhs[0]))
}

func (w *scripting) list(args []ast.Expr) string {
	var parts []string
	for _, a := range args {
		parts = append(parts, w.expr(a))
	}
	return strings.Join(parts, ", ")
}
