package cell

import (
	"fmt"
	"go/types"
	"strings"
)

// This file writes types as text, by names that no local declaration hides.

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
	case l.plain && o.Pkg() == l.pkg:
		name = l.ownName(o)
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

// ownName writes a type of the package being written by a name that no local one
// hides; a type declared in a function is named as it is there.
func (l *lowering) ownName(o *types.TypeName) string {
	if o.Parent() != l.pkg.Scope() {
		return o.Name()
	}
	name := prefix + "t_" + o.Name()
	if !l.done[name] {
		l.done[name] = true
		params, args := l.typeParams(o.Type())
		fmt.Fprintf(&l.head, "type %s%s = %s%s\n", name, params, o.Name(), args)
	}
	return name
}

func (l *lowering) interfaceType(t *types.Interface) string {
	if t.Empty() {
		return "interface{}"
	}
	var parts []string
	for m := range t.ExplicitMethods() {
		parts = append(parts, l.methodName(m.Name())+l.signature(m.Signature()))
	}
	for e := range t.EmbeddedTypes() {
		parts = append(parts, l.typ(e))
	}
	return "interface{ " + strings.Join(parts, "; ") + " }"
}

// structType writes a struct type without a name. If it has unexported fields it
// is one type only if one unit declares it, so that unit names it by an alias.
func (l *lowering) structType(t *types.Struct) string {
	if l.plain || !hasUnexported(t) || l.mentionsLocal(t) {
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
