package eval

import (
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// This file says how values of a type are held: as values of a real type of the
// process, so that compiled functions take and return them as they are. What reflect
// cannot make — named types — is held as what it is made of; that it has a name
// matters only in interfaces, and there a value is held together with its type
// (see boxed.go).

var (
	anyType     = reflect.TypeFor[any]()
	pointerType = reflect.TypeFor[unsafe.Pointer]()
)

// basics are the types of basic kinds.
var basics = map[types.BasicKind]reflect.Type{
	types.Bool: reflect.TypeFor[bool](), types.Int: reflect.TypeFor[int](), types.Int8: reflect.TypeFor[int8](), types.Int16: reflect.TypeFor[int16](),
	types.Int32: reflect.TypeFor[int32](), types.Int64: reflect.TypeFor[int64](), types.Uint: reflect.TypeFor[uint](), types.Uint8: reflect.TypeFor[uint8](),
	types.Uint16: reflect.TypeFor[uint16](), types.Uint32: reflect.TypeFor[uint32](), types.Uint64: reflect.TypeFor[uint64](),
	types.Uintptr: reflect.TypeFor[uintptr](), types.Float32: reflect.TypeFor[float32](), types.Float64: reflect.TypeFor[float64](),
	types.Complex64: reflect.TypeFor[complex64](), types.Complex128: reflect.TypeFor[complex128](), types.String: reflect.TypeFor[string](),
	types.UnsafePointer: pointerType, types.UntypedBool: reflect.TypeFor[bool](), types.UntypedInt: reflect.TypeFor[int](),
	types.UntypedRune: reflect.TypeFor[rune](), types.UntypedFloat: reflect.TypeFor[float64](), types.UntypedComplex: reflect.TypeFor[complex128](),
	types.UntypedString: reflect.TypeFor[string](),
}

// rep returns the type that values of t are held as. It refuses, at pos, types that
// cannot be held.
func (l *Loader) rep(pos token.Pos, t types.Type) reflect.Type {
	if r, ok := l.reps[t]; ok {
		return r
	}
	r := l.makeRep(pos, t)
	l.reps[t] = r
	return r
}

func (l *Loader) makeRep(pos token.Pos, t types.Type) reflect.Type {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return l.namedRep(pos, t)
	case *types.Basic:
		if r, ok := basics[t.Kind()]; ok {
			return r
		}
	case *types.Pointer:
		if l.recursive(t.Elem()) {
			return pointerType
		}
		return reflect.PointerTo(l.rep(pos, t.Elem()))
	case *types.Slice:
		return reflect.SliceOf(l.rep(pos, t.Elem()))
	case *types.Array:
		if t.Len() > 1<<24 {
			l.refuse(pos, "arrays of this size")
		}
		return reflect.ArrayOf(int(t.Len()), l.rep(pos, t.Elem()))
	case *types.Map:
		if hasInterface(t.Key(), 0) {
			l.refuse(pos, "maps whose keys hold interfaces")
		}
		return reflect.MapOf(l.rep(pos, t.Key()), l.rep(pos, t.Elem()))
	case *types.Chan:
		dir := map[types.ChanDir]reflect.ChanDir{types.SendRecv: reflect.BothDir, types.SendOnly: reflect.SendDir, types.RecvOnly: reflect.RecvDir}[t.Dir()]
		return reflect.ChanOf(dir, l.rep(pos, t.Elem()))
	case *types.Signature:
		return reflect.FuncOf(l.tuple(pos, t.Params()), l.tuple(pos, t.Results()), t.Variadic())
	case *types.Struct:
		return l.structRep(pos, t)
	case *types.Interface:
		return anyType
	}
	l.refuse(pos, "values of type "+l.name(t))
	return nil
}

// namedRep is rep for a named type: a host package's is itself.
func (l *Loader) namedRep(pos token.Pos, t *types.Named) reflect.Type {
	o := t.Obj()
	if t.TypeArgs().Len() > 0 || t.TypeParams().Len() > 0 {
		l.refuse(pos, "generic types")
	}
	if o.Pkg() == nil { // error, comparable
		if o.Name() == "error" {
			return reflect.TypeFor[error]()
		}
		l.refuse(pos, "type "+o.Name())
	}
	if !isUnit(o.Pkg()) {
		if v, ok := hostSymbol(o.Pkg().Path(), o.Name()); ok && v.Kind() == reflect.Pointer && v.Type().Elem() != nil {
			return v.Type().Elem()
		}
		l.refuse(pos, "type "+o.Pkg().Name()+"."+o.Name())
	}
	if l.building[t] {
		l.refuse(pos, "type "+o.Name()+", which contains itself other than through a pointer")
	}
	l.building[t] = true
	defer delete(l.building, t)
	return l.rep(pos, t.Underlying())
}

func (l *Loader) tuple(pos token.Pos, t *types.Tuple) []reflect.Type {
	var all []reflect.Type
	for v := range t.Variables() {
		all = append(all, l.rep(pos, v.Type()))
	}
	return all
}

func (l *Loader) structRep(pos token.Pos, t *types.Struct) reflect.Type {
	fields := make([]reflect.StructField, t.NumFields())
	for i := range fields {
		f := t.Field(i)
		fields[i] = reflect.StructField{Name: f.Name(), Type: l.rep(pos, f.Type()), Tag: reflect.StructTag(t.Tag(i))}
		if !f.Exported() {
			fields[i].PkgPath = "main"
		}
	}
	return reflect.StructOf(fields)
}

// recursive reports whether t is a type of a cell from which pointers lead back to it:
// reflect cannot make such types, so pointers to them are held without their type.
func (l *Loader) recursive(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || !isUnit(n.Obj().Pkg()) {
		return false
	}
	if r, ok := l.loops[n]; ok {
		return r
	}
	l.loops[n] = false
	l.loops[n] = reaches(n.Underlying(), n, map[types.Type]bool{})
	return l.loops[n]
}

func reaches(t types.Type, target *types.Named, seen map[types.Type]bool) bool {
	t = types.Unalias(t)
	if t == types.Type(target) {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	return anyPart(t, func(p types.Type) bool { return reaches(p, target, seen) })
}

// anyPart reports whether f holds for one of the types that t is made of.
func anyPart(t types.Type, f func(types.Type) bool) bool {
	switch t := t.(type) {
	case *types.Named:
		return f(t.Underlying())
	case *types.Pointer:
		return f(t.Elem())
	case *types.Slice:
		return f(t.Elem())
	case *types.Array:
		return f(t.Elem())
	case *types.Chan:
		return f(t.Elem())
	case *types.Map:
		return f(t.Key()) || f(t.Elem())
	case *types.Struct:
		for v := range t.Fields() {
			if f(v.Type()) {
				return true
			}
		}
	case *types.Signature:
		for _, tuple := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range tuple.Variables() {
				if f(v.Type()) {
					return true
				}
			}
		}
	}
	return false
}

// hasInterface reports whether values of a type hold interfaces in themselves.
func hasInterface(t types.Type, depth int) bool {
	switch u := t.Underlying().(type) {
	case *types.Interface:
		return true
	case *types.Array:
		return depth > 20 || hasInterface(u.Elem(), depth+1)
	case *types.Struct:
		for f := range u.Fields() {
			if depth > 20 || hasInterface(f.Type(), depth+1) {
				return true
			}
		}
	}
	return false
}

// mentionsUnit reports whether a type of a cell is part of t: then it is not known by
// the type that it is held as.
func mentionsUnit(t types.Type) bool {
	seen := map[types.Type]bool{}
	var look func(types.Type) bool
	look = func(t types.Type) bool {
		t = types.Unalias(t)
		if seen[t] {
			return false
		}
		seen[t] = true
		if n, ok := t.(*types.Named); ok {
			return n.Obj().Pkg() != nil && isUnit(n.Obj().Pkg())
		}
		if i, ok := t.(*types.Interface); ok {
			return i.NumMethods() > 0
		}
		if s, ok := t.(*types.Struct); ok { // unexported fields belong to a package
			for f := range s.Fields() {
				if !f.Exported() {
					return true
				}
			}
		}
		return anyPart(t, look)
	}
	return look(t)
}
