package cell

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
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
	if l.s.known == nil || len(c.decls)+len(c.carried)+len(c.inits)+len(c.blank)+len(c.carryOver) > 0 || len(c.steps) == 0 {
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
	}
	return w.no()
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
		return all + " := " + w.expr(s.X) + "\n" + w.show(l.info.TypeOf(s.X)) + "(" + all + ")\n"
	}
	return w.show(l.info.TypeOf(s.X)) + "(" + w.expr(s.X) + ")\n"
}

// show is the display hook for a result's type.
func (w *scripting) show(t types.Type) string {
	if endsInError(t) {
		return "ShowResults"
	}
	return "Show"
}

// assign writes x = e for a session variable of exactly e's type.
func (w *scripting) assign(s *ast.AssignStmt) string {
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

// expr writes an expression.
func (w *scripting) expr(e ast.Expr) string {
	tv := w.l.info.Types[e]
	if tv.Value != nil {
		return w.constant(tv.Type, tv.Value)
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return "(" + w.expr(e.X) + ")"
	case *ast.Ident:
		return w.ident(e)
	case *ast.SelectorExpr:
		return w.selector(e)
	case *ast.CallExpr:
		return w.call(e)
	case *ast.IndexExpr:
		return w.index(e)
	case *ast.SliceExpr:
		return w.slice(e)
	}
	return w.no()
}

// constant writes a constant as a conversion, so that its type is beyond doubt.
func (w *scripting) constant(t types.Type, v constant.Value) string {
	b, ok := types.Unalias(types.Default(t)).(*types.Basic)
	if !ok {
		return w.no()
	}
	switch {
	case b.Info()&types.IsBoolean != 0:
		return v.String()
	case b.Info()&types.IsString != 0:
		return strconv.Quote(constant.StringVal(v))
	case b.Info()&types.IsInteger != 0:
		return b.Name() + "(" + constant.ToInt(v).ExactString() + ")"
	case b.Info()&types.IsFloat != 0:
		f, _ := constant.Float64Val(v)
		return b.Name() + "(" + strconv.FormatFloat(f, 'g', -1, 64) + ")"
	}
	return w.no()
}

func (w *scripting) ident(id *ast.Ident) string {
	o := w.l.info.Uses[id]
	if o == nil || !w.l.isSession(o) {
		return w.no()
	}
	switch o := o.(type) {
	case *types.Var:
		return "(*" + w.symbol(interp.Symbol{Name: "V_" + shortHash(w.l.varID(o)), Kind: "var", Var: w.l.varID(o)}) + ")"
	case *types.Func:
		hash := w.l.unitOf(o)
		if hash == "" || o.Signature().TypeParams().Len() > 0 {
			return w.no()
		}
		w.deps[hash] = true
		return w.symbol(interp.Symbol{Name: "F_" + hash[:8] + "_" + o.Name(), Kind: "func", Unit: hash, Symbol: o.Name()})
	}
	return w.no()
}

// symbol declares a symbol the script uses and returns its name.
func (w *scripting) symbol(s interp.Symbol) string {
	w.symbols[s.Name] = s
	return s.Name
}

// selector writes pkg.Name, x.Field and x.Method for exported names.
func (w *scripting) selector(e *ast.SelectorExpr) string {
	name := w.l.checkedName(e.Sel)
	sel, ok := w.l.info.Selections[e]
	if !ok {
		return w.hostName(e, name)
	}
	if !token.IsExported(name) || sel.Kind() == types.MethodExpr {
		return w.no()
	}
	if sel.Kind() == types.FieldVal && len(sel.Index()) > 1 {
		return w.no()
	}
	if sel.Kind() == types.MethodVal && len(sel.Index()) > 1 && !types.IsInterface(sel.Recv()) {
		return w.no()
	}
	return w.receiver(e, sel) + "." + name
}

// receiver writes what a method is called on: its address where the method wants a
// pointer.
func (w *scripting) receiver(e *ast.SelectorExpr, sel *types.Selection) string {
	f, isMethod := sel.Obj().(*types.Func)
	if !isMethod || types.IsInterface(sel.Recv()) {
		return w.expr(e.X)
	}
	_, wantsPointer := types.Unalias(f.Signature().Recv().Type()).(*types.Pointer)
	_, isPointer := types.Unalias(sel.Recv()).Underlying().(*types.Pointer)
	if wantsPointer && !isPointer { // only a variable can be addressed here
		id, ok := ast.Unparen(e.X).(*ast.Ident)
		if !ok {
			return w.no()
		}
		text := w.ident(id)
		return strings.TrimSuffix(strings.TrimPrefix(text, "(*"), ")")
	}
	if isPointer && !wantsPointer {
		return "(*" + w.expr(e.X) + ")"
	}
	return w.expr(e.X)
}

// hostName writes the name of a function or variable of a host package.
func (w *scripting) hostName(e *ast.SelectorExpr, name string) string {
	o := w.l.info.Uses[e.Sel]
	if o == nil || o.Pkg() == nil || o.Pkg().Path() == sessionPath {
		return w.no()
	}
	if _, ends := endsProcess[qualified(o)]; ends || !w.l.s.known(o.Pkg().Path(), name) {
		return w.no()
	}
	f, ok := o.(*types.Func)
	if !ok || f.Signature().TypeParams().Len() > 0 {
		return w.no()
	}
	w.imports[o.Pkg().Path()] = true
	return o.Pkg().Name() + "." + name
}

// call writes a call of a function or method whose arguments have exactly the
// types of the parameters, or go to parameters of interface type.
func (w *scripting) call(e *ast.CallExpr) string {
	l := w.l
	tv := l.info.Types[e.Fun]
	if tv.IsType() || e.Ellipsis.IsValid() || l.takesTasks(e) {
		return w.no()
	}
	if tv.IsBuiltin() {
		return w.builtin(e)
	}
	if _, multi := l.multi(e); multi {
		return w.no()
	}
	sig, ok := tv.Type.Underlying().(*types.Signature)
	if !ok {
		return w.no()
	}
	switch ast.Unparen(e.Fun).(type) {
	case *ast.Ident, *ast.SelectorExpr:
	default:
		return w.no()
	}
	var args []string
	for i, a := range e.Args {
		p := paramType(sig, i, false)
		t := l.info.TypeOf(a)
		if !types.Identical(p, t) && (!types.IsInterface(p) || types.IsInterface(t) || isNil(l.info.Types[a])) {
			return w.no()
		}
		args = append(args, w.expr(a))
	}
	if id, ok := ast.Unparen(e.Fun).(*ast.Ident); ok {
		if _, isFunc := l.info.Uses[id].(*types.Func); !isFunc {
			return w.no() // a variable that holds a function may hold nil
		}
	}
	return w.expr(e.Fun) + "(" + strings.Join(args, ", ") + ")"
}

func isNil(tv types.TypeAndValue) bool { return tv.IsNil() }

// builtin writes len of things whose length is not constant.
func (w *scripting) builtin(e *ast.CallExpr) string {
	id, ok := ast.Unparen(e.Fun).(*ast.Ident)
	if !ok || id.Name != "len" {
		return w.no()
	}
	switch types.Unalias(w.l.info.TypeOf(e.Args[0])).Underlying().(type) {
	case *types.Slice, *types.Map, *types.Basic:
		return "len(" + w.expr(e.Args[0]) + ")"
	}
	return w.no()
}

// index writes s[i] of a slice.
func (w *scripting) index(e *ast.IndexExpr) string {
	if _, ok := types.Unalias(w.l.info.TypeOf(e.X)).Underlying().(*types.Slice); !ok {
		return w.no()
	}
	if !types.Identical(w.l.info.TypeOf(e.Index), types.Typ[types.Int]) {
		return w.no()
	}
	return w.expr(e.X) + "[" + w.expr(e.Index) + "]"
}

// slice writes s[a:b] of a slice.
func (w *scripting) slice(e *ast.SliceExpr) string {
	if _, ok := types.Unalias(w.l.info.TypeOf(e.X)).Underlying().(*types.Slice); !ok || e.Slice3 {
		return w.no()
	}
	bound := func(b ast.Expr) string {
		if b == nil {
			return ""
		}
		if !types.Identical(w.l.info.TypeOf(b), types.Typ[types.Int]) {
			return w.no()
		}
		return w.expr(b)
	}
	return w.expr(e.X) + "[" + bound(e.Low) + ":" + bound(e.High) + "]"
}
