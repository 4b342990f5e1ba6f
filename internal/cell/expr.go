package cell

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// ident writes an identifier.
func (l *lowering) ident(n *ast.Ident) string {
	obj := l.info.Uses[n]
	if obj == nil {
		return n.Name // a definition, or a label
	}
	if l.isC(obj) {
		return n.Name
	}
	switch o := obj.(type) {
	case *types.PkgName:
		return l.importAlias(o.Imported().Path())
	case *types.Var:
		if !o.IsField() && l.isSession(o) {
			return l.variable(o)
		}
	case *types.Func:
		if l.isSession(o.Origin()) {
			if l.unitOf(o.Origin()) != "" && hidesFields(o.Origin().Signature()) {
				return l.fail(n, unnamedFields, o.Name())
			}
			return l.function(o)
		}
	case *types.TypeName:
		if l.isSession(o) {
			if a, ok := o.Type().(*types.Alias); ok && l.unitOf(o) != "" && hidesFields(a.Origin().Rhs()) {
				return l.fail(n, unnamedFields, o.Name())
			}
			return l.typeName(o)
		}
	case *types.Const:
		if l.isSession(o) {
			if hash := l.unitOf(o); hash != "" {
				return l.unitAliasOf(hash) + ".C_" + o.Name()
			}
		}
	}
	if p := obj.Pkg(); p != nil && p != l.pkg && p.Path() != sessionPath && obj.Parent() == p.Scope() {
		return l.importAlias(p.Path()) + "." + obj.Name() // by a dot import
	}
	return n.Name
}

const unnamedFields = "%s has a struct type without a name, with unexported fields and depending on a type parameter: " +
	"it can only be used in the cell that declares it, unless the struct gets a name or its fields are exported"

// hidesFields reports whether a type mentions a struct type that units cannot share:
// one without a name, with unexported fields, that depends on a type parameter.
func hidesFields(t types.Type) bool {
	return mentions(t, func(t types.Type) bool {
		st, ok := t.(*types.Struct)
		return ok && hasUnexported(st) && mentionsTypeParam(st)
	})
}

// selector writes x.f: a package member, a method, or a field.
func (l *lowering) selector(n *ast.SelectorExpr) string {
	sel, ok := l.info.Selections[n]
	if !ok {
		if obj := l.info.Uses[n.Sel]; obj != nil {
			if replaced, ok := endsProcess[qualified(obj)]; ok {
				return replaced
			}
		}
		return l.emit(n.X) + l.text(n.X.End(), n.Sel.Pos()) + l.checkedName(n.Sel)
	}
	if sel.Kind() == types.FieldVal {
		return l.fieldOf(n, sel)
	}
	l.noteMethod(sel)
	return l.emit(n.X) + l.text(n.X.End(), n.Sel.Pos()) + l.methodName(l.checkedName(n.Sel))
}

// checkedName is the name the checker saw for an identifier.
func (l *lowering) checkedName(id *ast.Ident) string {
	if name, ok := l.given[id]; ok {
		return name
	}
	return id.Name
}

// endsProcess maps functions that end the process to what ends the cell.
var endsProcess = map[string]string{
	"os.Exit": "gopar__unit.Exit", "log.Fatal": "gopar__unit.Fatal",
	"log.Fatalf": "gopar__unit.Fatalf", "log.Fatalln": "gopar__unit.Fatalln",
}

func qualified(o types.Object) string {
	if o.Pkg() == nil {
		return o.Name()
	}
	return o.Pkg().Path() + "." + o.Name()
}

// noteMethod accounts a method's use of variables to its receiver's type.
func (l *lowering) noteMethod(sel *types.Selection) {
	if l.fn == nil {
		return
	}
	t := sel.Recv()
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	if named, ok := types.Unalias(t).(*types.Named); ok && l.isSession(named.Obj()) {
		l.fn.calls[named.Obj()] = true
	}
}

// fieldOf writes a field selection, step by step where an unexported field of
// another unit is reached.
func (l *lowering) fieldOf(n *ast.SelectorExpr, sel *types.Selection) string {
	obj := sel.Obj().(*types.Var)
	x := l.emit(n.X)
	if obj.Exported() || !l.needsMirror(sel) {
		return x + l.text(n.X.End(), n.Sel.Pos()) + n.Sel.Name
	}
	t := sel.Recv()
	addressable := l.info.Types[n.X].Addressable()
	for _, i := range sel.Index() {
		pointer, isPointer := types.Unalias(t).Underlying().(*types.Pointer)
		owner := t
		if isPointer {
			owner = pointer.Elem()
		}
		st := types.Unalias(owner).Underlying().(*types.Struct)
		f := st.Field(i)
		switch {
		case !l.foreignField(owner, f):
			x = x + "." + f.Name()
		case isPointer:
			x = fmt.Sprintf("(*%s)(%s.Pointer(%s)).%s", l.mirror(owner), unsafeName, x, f.Name())
		case addressable:
			x = fmt.Sprintf("(*%s)(%s.Pointer(&%s)).%s", l.mirror(owner), unsafeName, x, f.Name())
		default:
			x = fmt.Sprintf("%s[%s](%s).%s", l.viewFunc(), l.mirror(owner), x, f.Name())
		}
		addressable = addressable || isPointer
		t = f.Type()
	}
	return l.replace(n, x)
}

// needsMirror reports whether any step of a selection reaches an unexported field
// of another unit.
func (l *lowering) needsMirror(sel *types.Selection) bool {
	t := sel.Recv()
	for _, i := range sel.Index() {
		if p, ok := types.Unalias(t).Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := types.Unalias(t).Underlying().(*types.Struct)
		if !ok {
			return false
		}
		if l.foreignField(t, st.Field(i)) {
			return true
		}
		t = st.Field(i).Type()
	}
	return false
}

// foreignField reports whether f, a field of type owner, is unexported and was
// declared by another unit.
func (l *lowering) foreignField(owner types.Type, f *types.Var) bool {
	if f.Exported() || f.Pkg() == nil || f.Pkg().Path() != sessionPath {
		return false
	}
	if st, ok := types.Unalias(owner).(*types.Struct); ok {
		_, known := l.s.structs[types.TypeString(st, l.unitQualifier)]
		return known
	}
	return f.Pkg() != l.pkg
}

// mirror names a struct type declared in this unit with the layout of t, a struct
// type of another unit.
func (l *lowering) mirror(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		o := t.Origin()
		name := prefix + "m_" + o.Obj().Name() + "_" + l.unitOf(o.Obj())
		if strings.HasSuffix(name, "_") {
			name += "own"
		}
		params, args := l.typeParams(t)
		if !l.done[name] {
			l.done[name] = true
			text := l.mirrorText(o.Underlying().(*types.Struct))
			fmt.Fprintf(&l.head, "type %s%s %s\n", name, params, text)
		}
		if args == "" {
			return name
		}
		var as []string
		for a := range t.TypeArgs().Types() {
			as = append(as, l.typ(a))
		}
		if len(as) == 0 { // inside the generic type's own declaration
			return name + args
		}
		return name + "[" + strings.Join(as, ", ") + "]"
	case *types.Struct:
		name := prefix + "m_" + shortHash(types.TypeString(t, l.unitQualifier))
		if !l.done[name] {
			l.done[name] = true
			text := l.mirrorText(t)
			fmt.Fprintf(&l.head, "type %s %s\n", name, text)
		}
		return name
	}
	return l.typ(t)
}

// mirrorText writes a struct with the same fields, none of them embedded.
func (l *lowering) mirrorText(t *types.Struct) string {
	var fields []string
	for f := range t.Fields() {
		fields = append(fields, f.Name()+" "+l.typ(f.Type()))
	}
	return "struct{ " + strings.Join(fields, "; ") + " }"
}

// viewFunc is a function of the unit that reinterprets a value.
func (l *lowering) viewFunc() string {
	const name = prefix + "view"
	if !l.done[name] {
		l.done[name] = true
		l.head.WriteString("func gopar__view[M, T any](v T) M { return *(*M)(gopar__unsafe.Pointer(&v)) }\n")
	}
	return name
}

// composite writes a composite literal; one of another unit's struct type with
// unexported fields is made as its mirror.
func (l *lowering) composite(n *ast.CompositeLit) string {
	t := l.info.TypeOf(n)
	pointer := false
	if p, ok := types.Unalias(t).Underlying().(*types.Pointer); ok && n.Type == nil {
		t, pointer = p.Elem(), true
	}
	st, ok := types.Unalias(t).Underlying().(*types.Struct)
	if !ok {
		return l.splice(n)
	}
	if !l.setsForeign(n, t, st) {
		return l.structLit(n)
	}
	lit := fmt.Sprintf("(*%s)(%s.Pointer(&%s%s))", l.typ(t), unsafeName, l.mirror(t), l.elements(n))
	if !pointer {
		lit = "(*" + lit + ")"
	}
	return lit
}

// structLit copies a struct literal; its keys are field names, not expressions.
func (l *lowering) structLit(n *ast.CompositeLit) string {
	if n.Type == nil {
		return l.elements(n)
	}
	text := l.emit(n.Type) + l.text(n.Type.End(), n.Lbrace) + l.elements(n)
	if _, ok := n.Type.(*ast.StructType); ok { // a name now, which must not begin a literal in the head of an if or for
		return "(" + text + ")"
	}
	return text
}

// elements writes the braces of a struct literal.
func (l *lowering) elements(n *ast.CompositeLit) string {
	var b strings.Builder
	pos := n.Lbrace
	for _, e := range n.Elts {
		value := e
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			value = kv.Value
		}
		b.WriteString(l.text(pos, value.Pos()) + l.emit(value))
		pos = value.End()
	}
	b.WriteString(l.text(pos, n.End()))
	return b.String()
}

// setsForeign reports whether a struct literal sets an unexported field that
// another unit declares.
func (l *lowering) setsForeign(n *ast.CompositeLit, t types.Type, st *types.Struct) bool {
	for i, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			for f := range st.Fields() {
				if id, ok := kv.Key.(*ast.Ident); ok && f.Name() == id.Name && l.foreignField(t, f) {
					return true
				}
			}
			continue
		}
		if i < st.NumFields() && l.foreignField(t, st.Field(i)) {
			return true
		}
	}
	return false
}

// field writes a field of a struct, a parameter or an interface's method.
func (l *lowering) field(n *ast.Field) string {
	if len(n.Names) == 1 {
		if f, ok := l.info.Defs[n.Names[0]].(*types.Func); ok { // a method of an interface
			return l.methodName(f.Name()) + l.text(n.Names[0].End(), n.Type.Pos()) + l.emit(n.Type)
		}
	}
	return l.splice(n)
}

// call writes a call or conversion.
func (l *lowering) call(n *ast.CallExpr) string {
	if tv := l.info.Types[n.Fun]; tv.IsType() && len(n.Args) == 1 {
		to, from := tv.Type, l.info.TypeOf(n.Args[0])
		if l.reshapes(to, from) {
			return fmt.Sprintf("%s[%s](%s)", l.viewFunc(), l.typ(to), l.emit(n.Args[0]))
		}
		if a, b := pointee(to), pointee(from); a != nil && b != nil && l.reshapes(a, b) {
			return fmt.Sprintf("(%s)(%s.Pointer(%s))", l.typ(to), unsafeName, l.emit(n.Args[0]))
		}
	}
	if l.takesTasks(n) {
		return l.taskCall(n)
	}
	if offset, ok := l.offsetof(n); ok {
		return offset
	}
	l.noteCallbacks(n)
	if wrap, ok := l.startsGoroutine(n); ok {
		return l.asyncCall(n, wrap)
	}
	if fun, ok := l.calledLeaf(n.Fun); ok {
		return l.callOf(n, fun)
	}
	return l.splice(n)
}

// offsetof writes the value of unsafe.Offsetof(x.f): in lowered code a promoted
// field is selected step by step, and the compiler would count from the last step.
func (l *lowering) offsetof(n *ast.CallExpr) (string, bool) {
	callee := calledObject(l.info, n)
	v := l.info.Types[n].Value
	if callee == nil || v == nil || qualified(callee) != "unsafe.Offsetof" {
		return "", false
	}
	return l.replace(n, "uintptr("+v.ExactString()+")"), true
}

// reshapes reports whether a conversion is between struct types whose unexported
// fields belong to different units: the same layout to us, not to the compiler.
func (l *lowering) reshapes(to, from types.Type) bool {
	if from == nil || types.Identical(to, from) {
		return false
	}
	a, ok := types.Unalias(to).Underlying().(*types.Struct)
	if !ok {
		return false
	}
	b, ok := types.Unalias(from).Underlying().(*types.Struct)
	if !ok || a.NumFields() != b.NumFields() {
		return false
	}
	for i := range a.NumFields() {
		if l.foreignField(to, a.Field(i)) || l.foreignField(from, b.Field(i)) {
			return true
		}
	}
	return false
}

// pointee is the type that t points to, nil if it is no pointer type.
func pointee(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	if p, ok := types.Unalias(t).Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return nil
}

// callOf writes a call with its function replaced.
func (l *lowering) callOf(n *ast.CallExpr, fun string) string {
	var b strings.Builder
	b.WriteString(fun)
	pos := n.Fun.End()
	for _, a := range n.Args {
		b.WriteString(l.text(pos, a.Pos()) + l.emit(a))
		pos = a.End()
	}
	return b.String() + l.text(pos, n.End())
}
