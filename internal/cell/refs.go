package cell

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// This file writes references: to host packages, to other units, to session
// variables, and types as text.

// importAlias imports a host package into the unit.
func (l *lowering) importAlias(path string) string {
	if alias, ok := l.imports[path]; ok {
		return alias
	}
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, path)
	alias := fmt.Sprintf("%sp%d_%s", prefix, len(path), clean)
	l.imports[path] = alias
	return alias
}

// unitAliasOf imports another unit.
func (l *lowering) unitAliasOf(hash string) string {
	alias, ok := l.deps[hash]
	if !ok {
		alias = prefix + "u_" + hash[:12]
		l.deps[hash] = alias
	}
	return alias
}

// isSession reports whether an object is a package-level one of the session (this
// cell's or an earlier one's), as opposed to a local one or a host package's.
func (l *lowering) isSession(o types.Object) bool {
	if o == nil || o.Pkg() == nil || o.Pkg().Path() != sessionPath {
		return false
	}
	return o.Parent() == l.pkg.Scope() || l.s.byObj[o] != nil
}

// unitOf returns the hash of the earlier unit that declares a session object, ""
// if this unit does.
func (l *lowering) unitOf(o types.Object) string {
	if e := l.s.byObj[o]; e != nil {
		return e.unit
	}
	return l.s.units[o.Pkg()]
}

// variable writes a session variable: the box it lives in, dereferenced.
func (l *lowering) variable(o types.Object) string {
	name := strings.TrimPrefix(o.Name(), oldPrefix)
	id := l.varID(o)
	if l.fn != nil {
		l.fn.vars[id] = true
	}
	box := prefix + "v_" + name
	if prev, ok := l.done2(box, id); ok && prev != id {
		box += "_" + shortHash(id)
	}
	if !l.boxes[box] {
		l.boxes[box] = true
		t := l.typ(o.Type())
		l.order = append(l.order, fmt.Sprintf("var %s = (*%s)(%s.Var(%q, (*%s)(nil)))\n", box, t, unitAlias, id, t))
	}
	return "(*" + box + ")"
}

// done2 remembers which id a box name stands for.
func (l *lowering) done2(box, id string) (string, bool) {
	if l.boxIDs == nil {
		l.boxIDs = map[string]string{}
	}
	prev, ok := l.boxIDs[box]
	if !ok {
		l.boxIDs[box] = id
	}
	return prev, ok
}

// varID is the key of a session variable's box: its name and its type.
func (l *lowering) varID(o types.Object) string {
	if e := l.s.byObj[o]; e != nil && e.varID != "" {
		return e.varID
	}
	return o.Name() + "|" + types.TypeString(o.Type(), l.unitQualifier)
}

// unitQualifier writes session types with the path of their unit.
func (l *lowering) unitQualifier(p *types.Package) string {
	if p.Path() != sessionPath {
		return p.Path()
	}
	if p == l.pkg {
		return "cell/" + hashMark
	}
	return "cell/" + l.s.units[p]
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// function writes a reference to a package-level function of the session.
func (l *lowering) function(f *types.Func) string {
	f = f.Origin()
	if l.fn != nil {
		l.fn.calls[f] = true
	}
	sig := f.Signature()
	hash := l.unitOf(f)
	if sig.TypeParams().Len() > 0 {
		if hash == "" {
			return "G_" + f.Name()
		}
		return l.unitAliasOf(hash) + ".G_" + f.Name()
	}
	if hash == "" {
		return funcName(f.Name())
	}
	l.unitAliasOf(hash)
	name := prefix + "f_" + hash[:8] + "_" + f.Name()
	if !l.done[name] {
		l.done[name] = true
		decl := fmt.Sprintf("\n//go:linkname %s cell/%s.%s\nfunc %s%s\n", name, hash, funcName(f.Name()), name, l.signature(sig))
		l.head.WriteString(decl)
	}
	return name
}

// leavesType is the type whose methods a unit exports its leaf functions by, so
// that the compiler can inline them into other units, as it would in one package.
const leavesType = "GoparLeaves"

// leaf reports whether a function calls nothing and recovers nothing: only then is
// calling it through a method the same in every respect.
func (l *lowering) leaf(f *ast.FuncDecl) bool {
	if f.Recv != nil || f.Type.TypeParams != nil || f.Body == nil || f.Name.Name == "_" || l.callsSomething(f) {
		return false
	}
	recovers := false
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && l.info.Uses[id] == types.Universe.Lookup("recover") {
			recovers = true
		}
		return !recovers
	})
	return !recovers
}

// leaves writes the methods that export the unit's leaf functions.
func (l *lowering) leaves() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\ntype %s struct{}\n", leavesType)
	for _, d := range slices.Concat(l.checker.decls, l.carried) {
		f, ok := d.node.(*ast.FuncDecl)
		if !ok || !l.leaf(f) {
			continue
		}
		obj := l.info.Defs[f.Name].(*types.Func)
		b.WriteString(l.leafMethod(obj))
	}
	return b.String()
}

func (l *lowering) leafMethod(f *types.Func) string {
	sig := f.Signature()
	var params, args []string
	for i := range sig.Params().Len() {
		t, dots := l.typ(sig.Params().At(i).Type()), ""
		if sig.Variadic() && i == sig.Params().Len()-1 {
			t, dots = "..."+l.typ(sig.Params().At(i).Type().(*types.Slice).Elem()), "..."
		}
		params = append(params, fmt.Sprintf("a%d %s", i, t))
		args = append(args, fmt.Sprintf("a%d%s", i, dots))
	}
	results := strings.TrimPrefix(l.signature(types.NewSignatureType(nil, nil, nil, nil, sig.Results(), false)), "()")
	call := funcName(f.Name()) + "(" + strings.Join(args, ", ") + ")"
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	return fmt.Sprintf("func (%s) F_%s(%s)%s { %s }\n", leavesType, f.Name(), strings.Join(params, ", "), results, call)
}

// calledLeaf writes the function of a call if that is a leaf function of another
// unit.
func (l *lowering) calledLeaf(fun ast.Expr) (string, bool) {
	id, ok := ast.Unparen(fun).(*ast.Ident)
	if !ok {
		return "", false
	}
	f, ok := l.info.Uses[id].(*types.Func)
	if !ok {
		return "", false
	}
	e := l.s.byObj[f]
	if e == nil || !e.leaf {
		return "", false
	}
	if l.fn != nil {
		l.fn.calls[f] = true
	}
	// in parentheses, because the call may stand in the head of an if or for
	return "(" + l.unitAliasOf(e.unit) + "." + leavesType + "{}).F_" + f.Name(), true
}

// typeName writes a type of the session by the name the user gave it, which is
// declared as an alias if another unit declares the type. Embedded fields keep
// their names that way.
func (l *lowering) typeName(o *types.TypeName) string {
	hash := l.unitOf(o)
	if l.fn != nil {
		l.fn.calls[o] = true
	}
	if hash == "" {
		return o.Name()
	}
	if own := l.pkg.Scope().Lookup(o.Name()); own != nil && own != types.Object(o) {
		return l.genericName(o) // the cell declares another thing of that name
	}
	l.alias(o, o.Name(), hash)
	return o.Name()
}

// genericName writes a type of the session by a name that nothing hides.
func (l *lowering) genericName(o *types.TypeName) string {
	hash := l.unitOf(o)
	if hash == "" {
		return "T_" + o.Name()
	}
	return l.unitAliasOf(hash) + ".T_" + o.Name()
}

// alias declares name as an alias of another unit's type.
func (l *lowering) alias(o *types.TypeName, name, hash string) {
	key := "type " + name
	if l.done[key] {
		return
	}
	l.done[key] = true
	params, args := l.typeParams(o.Type())
	fmt.Fprintf(&l.head, "type %s%s = %s.T_%s%s\n", name, params, l.unitAliasOf(hash), o.Name(), args)
}

// typeParams writes the type parameters of a generic type: declared and as
// arguments.
func (l *lowering) typeParams(t types.Type) (params, args string) {
	var list *types.TypeParamList
	switch t := t.(type) {
	case *types.Named:
		list = t.Origin().TypeParams()
	case *types.Alias:
		list = t.Origin().TypeParams()
	}
	if list.Len() == 0 {
		return "", ""
	}
	var ps, as []string
	for p := range list.TypeParams() {
		ps = append(ps, p.Obj().Name()+" "+l.constraint(p.Constraint()))
		as = append(as, p.Obj().Name())
	}
	return "[" + strings.Join(ps, ", ") + "]", "[" + strings.Join(as, ", ") + "]"
}

// constraint writes a constraint; an implicit interface loses its wrapper.
func (l *lowering) constraint(t types.Type) string {
	if i, ok := t.(*types.Interface); ok && i.IsImplicit() && i.NumEmbeddeds() == 1 {
		return l.typ(i.EmbeddedType(0))
	}
	return l.typ(t)
}

// signature writes parameters and results.
func (l *lowering) signature(sig *types.Signature) string {
	var b strings.Builder
	b.WriteString("(")
	for i := range sig.Params().Len() {
		if i > 0 {
			b.WriteString(", ")
		}
		t := sig.Params().At(i).Type()
		if sig.Variadic() && i == sig.Params().Len()-1 {
			b.WriteString("..." + l.typ(t.(*types.Slice).Elem()))
			continue
		}
		b.WriteString(l.typ(t))
	}
	b.WriteString(")")
	switch n := sig.Results().Len(); {
	case n == 1:
		b.WriteString(" " + l.typ(sig.Results().At(0).Type()))
	case n > 1:
		var rs []string
		for v := range sig.Results().Variables() {
			rs = append(rs, l.typ(v.Type()))
		}
		b.WriteString(" (" + strings.Join(rs, ", ") + ")")
	}
	return b.String()
}

// typ writes a type as it must be written in this unit, by names that no local
// declaration hides.
func (l *lowering) typ(t types.Type) string {
	switch t := t.(type) {
	case *types.Basic:
		if t.Kind() == types.UnsafePointer {
			return unsafeName + ".Pointer"
		}
		if t.Info()&types.IsUntyped != 0 {
			return l.typ(types.Default(t))
		}
		return t.Name()
	case *types.Alias:
		if t.TypeArgs().Len() == 0 && t.Obj().Pkg() == nil {
			return t.Obj().Name() // any
		}
		return l.typ(types.Unalias(t))
	case *types.Named:
		return l.named(t)
	case *types.TypeParam:
		return t.Obj().Name()
	case *types.Pointer:
		return "*" + l.typ(t.Elem())
	case *types.Slice:
		return "[]" + l.typ(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), l.typ(t.Elem()))
	case *types.Map:
		return "map[" + l.typ(t.Key()) + "]" + l.typ(t.Elem())
	case *types.Chan:
		elem := l.typ(t.Elem())
		switch t.Dir() {
		case types.SendOnly:
			return "chan<- " + elem
		case types.RecvOnly:
			return "<-chan " + elem
		}
		return "chan (" + elem + ")"
	case *types.Signature:
		return "func" + l.signature(t)
	case *types.Struct:
		return l.structType(t)
	case *types.Interface:
		return l.interfaceType(t)
	case *types.Union:
		var terms []string
		for term := range t.Terms() {
			s := l.typ(term.Type())
			if term.Tilde() {
				s = "~" + s
			}
			terms = append(terms, s)
		}
		return strings.Join(terms, " | ")
	}
	return "any"
}

func (l *lowering) named(t *types.Named) string {
	o := t.Obj()
	name := o.Name()
	switch {
	case o.Pkg() == nil: // error, comparable
	case l.isSession(o):
		name = l.genericName(o)
	case o.Pkg().Path() == sessionPath: // declared in a function: named as it is there
	default:
		name = l.importAlias(o.Pkg().Path()) + "." + name
	}
	if t.TypeArgs().Len() > 0 {
		var args []string
		for a := range t.TypeArgs().Types() {
			args = append(args, l.typ(a))
		}
		name += "[" + strings.Join(args, ", ") + "]"
	}
	return name
}

func (l *lowering) interfaceType(t *types.Interface) string {
	if t.Empty() {
		return "interface{}"
	}
	var parts []string
	for m := range t.ExplicitMethods() {
		parts = append(parts, methodName(m.Name())+l.signature(m.Signature()))
	}
	for e := range t.EmbeddedTypes() {
		parts = append(parts, l.typ(e))
	}
	return "interface{ " + strings.Join(parts, "; ") + " }"
}

// structType writes a struct type without a name. If it has unexported fields it
// is one type only if one unit declares it, so that unit names it by an alias.
func (l *lowering) structType(t *types.Struct) string {
	if !hasUnexported(t) || l.mentionsLocal(t) {
		return l.structText(t)
	}
	key := types.TypeString(t, l.unitQualifier)
	if home, ok := l.s.structs[key]; ok {
		return l.unitAliasOf(home.unit) + "." + home.name
	}
	name, ok := l.structs[key]
	if !ok {
		name = "S_" + shortHash(key)
		l.structs[key] = name
		text := l.structText(t)
		fmt.Fprintf(&l.head, "type %s = %s\n", name, text)
	}
	return name
}

// structText writes the fields of a struct type.
func (l *lowering) structText(t *types.Struct) string {
	var fields []string
	for i := range t.NumFields() {
		f := t.Field(i)
		text := f.Name() + " " + l.typ(f.Type())
		if f.Embedded() {
			text = l.embedded(f)
		}
		if tag := t.Tag(i); tag != "" {
			text += " " + fmt.Sprintf("%q", tag)
		}
		fields = append(fields, text)
	}
	return "struct{ " + strings.Join(fields, "; ") + " }"
}

// embedded writes an embedded field, whose name is its type's.
func (l *lowering) embedded(f *types.Var) string {
	star, t := "", f.Type()
	if p, ok := t.(*types.Pointer); ok {
		star, t = "*", p.Elem()
	}
	if a, ok := t.(*types.Alias); ok && l.isSession(a.Obj()) && a.TypeArgs().Len() == 0 {
		return star + l.typeName(a.Obj())
	}
	t = types.Unalias(t)
	if n, ok := t.(*types.Named); ok && l.isSession(n.Obj()) && n.TypeArgs().Len() == 0 {
		return star + l.typeName(n.Obj())
	}
	return star + l.typ(t)
}

func hasUnexported(t *types.Struct) bool {
	for f := range t.Fields() {
		if !f.Exported() {
			return true
		}
	}
	return false
}

// mentionsTypeParam reports whether a type cannot be written outside the generic
// declaration it occurs in.
func mentionsTypeParam(t types.Type) bool {
	return mentions(t, func(t types.Type) bool {
		_, ok := t.(*types.TypeParam)
		return ok
	})
}

// mentionsLocal reports whether a type cannot be written outside the function it
// occurs in.
func (l *lowering) mentionsLocal(t types.Type) bool {
	return mentions(t, func(t types.Type) bool {
		switch t := t.(type) {
		case *types.TypeParam:
			return true
		case *types.Named:
			p := t.Obj().Pkg()
			return p != nil && p.Path() == sessionPath && !l.isSession(t.Obj())
		}
		return false
	})
}

// mentions reports whether is holds for a type or one it is written with.
func mentions(t types.Type, is func(types.Type) bool) bool {
	found := false
	var walk func(types.Type)
	walk = func(t types.Type) {
		t = types.Unalias(t)
		found = found || is(t)
		switch t := t.(type) {
		case *types.Named:
			for a := range t.TypeArgs().Types() {
				walk(a)
			}
		case *types.Pointer:
			walk(t.Elem())
		case *types.Slice:
			walk(t.Elem())
		case *types.Array:
			walk(t.Elem())
		case *types.Chan:
			walk(t.Elem())
		case *types.Map:
			walk(t.Key())
			walk(t.Elem())
		case *types.Struct:
			for f := range t.Fields() {
				walk(f.Type())
			}
		case *types.Signature:
			for v := range t.Params().Variables() {
				walk(v.Type())
			}
			for v := range t.Results().Variables() {
				walk(v.Type())
			}
		}
	}
	walk(t)
	return found
}
