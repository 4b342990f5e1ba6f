package cell

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/internal/interp"
)

// This file writes the expressions of scripts.

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
	case *ast.BinaryExpr:
		return w.binary(e)
	case *ast.UnaryExpr:
		return w.unary(e)
	case *ast.CompositeLit:
		return w.literal(e)
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
	if tv.IsType() {
		return w.convert(tv.Type, e)
	}
	if e.Ellipsis.IsValid() || l.takesTasks(e) {
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

// index writes s[i] of a slice and m[k] of a map variable.
func (w *scripting) index(e *ast.IndexExpr) string {
	switch t := types.Unalias(w.l.info.TypeOf(e.X)).Underlying().(type) {
	case *types.Map:
		if id, ok := e.X.(*ast.Ident); ok && types.Identical(t.Key(), w.l.info.TypeOf(e.Index)) {
			return w.ident(id) + "[" + w.expr(e.Index) + "]"
		}
		return w.no()
	case *types.Slice:
	default:
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

// binary writes an operation on two values of one basic type.
func (w *scripting) binary(e *ast.BinaryExpr) string {
	x, y := w.l.info.TypeOf(e.X), w.l.info.TypeOf(e.Y)
	switch e.Op {
	case token.LAND, token.LOR:
		if isBasic(x, types.IsBoolean) && isBasic(y, types.IsBoolean) {
			return "(" + w.expr(e.X) + e.Op.String() + w.expr(e.Y) + ")"
		}
	case token.SHL, token.SHR:
	default:
		if types.Identical(x, y) && (isBasic(x, types.IsNumeric) && !isBasic(x, types.IsComplex) || isBasic(x, types.IsString)) {
			return "(" + w.expr(e.X) + " " + e.Op.String() + " " + w.expr(e.Y) + ")"
		}
	}
	return w.no()
}

// isBasic reports whether a type is based on a basic type of a kind.
func isBasic(t types.Type, info types.BasicInfo) bool {
	if t == nil {
		return false
	}
	b, ok := types.Unalias(t).Underlying().(*types.Basic)
	return ok && b.Info()&info != 0
}

// unary writes -x, +x, ^x and !x of basic types.
func (w *scripting) unary(e *ast.UnaryExpr) string {
	switch e.Op {
	case token.SUB, token.ADD, token.XOR, token.NOT:
		if isBasic(w.l.info.TypeOf(e.X), types.IsNumeric|types.IsBoolean) && !isBasic(w.l.info.TypeOf(e.X), types.IsComplex) {
			return e.Op.String() + "(" + w.expr(e.X) + ")"
		}
	}
	return w.no()
}

// convert writes a conversion among unnamed numeric types.
func (w *scripting) convert(to types.Type, e *ast.CallExpr) string {
	b, ok := types.Unalias(to).(*types.Basic)
	from := w.l.info.TypeOf(e.Args[0])
	if !ok || b.Info()&types.IsNumeric == 0 || b.Info()&types.IsComplex != 0 || !isBasic(from, types.IsNumeric) || isBasic(from, types.IsComplex) {
		return w.no()
	}
	return b.Name() + "(" + w.expr(e.Args[0]) + ")"
}

// literal writes a slice, array or map of basic types.
func (w *scripting) literal(e *ast.CompositeLit) string {
	text, elem := w.container(w.l.info.TypeOf(e))
	if e.Type == nil || text == "" {
		return w.no()
	}
	var parts []string
	for _, el := range e.Elts {
		key := ""
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			m, isMap := w.l.info.TypeOf(e).(*types.Map)
			if !isMap || !types.Identical(m.Key(), w.l.info.TypeOf(kv.Key)) {
				return w.no()
			}
			key, el = w.expr(kv.Key)+": ", kv.Value
		}
		if !types.Identical(elem, w.l.info.TypeOf(el)) {
			return w.no()
		}
		parts = append(parts, key+w.expr(el))
	}
	return text + "{" + strings.Join(parts, ", ") + "}"
}

// container writes an unnamed type made of basic types, and returns its elements'
// type; "" for any other type.
func (w *scripting) container(t types.Type) (text string, elem types.Type) {
	basic := func(t types.Type) (string, bool) {
		b, ok := types.Unalias(t).(*types.Basic)
		if !ok || b.Info()&(types.IsComplex|types.IsUntyped) != 0 || b.Kind() == types.UnsafePointer {
			return "", false
		}
		return b.Name(), true
	}
	switch t := types.Unalias(t).(type) {
	case *types.Slice:
		if e, ok := basic(t.Elem()); ok {
			return "[]" + e, t.Elem()
		}
	case *types.Map:
		k, ok1 := basic(t.Key())
		e, ok2 := basic(t.Elem())
		if ok1 && ok2 {
			return "map[" + k + "]" + e, t.Elem()
		}
	}
	return "", nil
}
