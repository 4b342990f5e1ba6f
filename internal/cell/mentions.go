package cell

import "go/types"

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

// sessionTypes collects the names of the session's types that t mentions.
func sessionTypes(t types.Type) map[string]bool {
	names := map[string]bool{}
	mentions(t, func(t types.Type) bool {
		if n, ok := t.(*types.Named); ok {
			if p := n.Obj().Pkg(); p != nil && p.Path() == sessionPath {
				names[n.Obj().Name()] = true
			}
		}
		return false
	})
	return names
}

// mentions reports whether is holds for a type or one it is written with. Named
// types are not looked into, only their type arguments.
func mentions(t types.Type, is func(types.Type) bool) bool {
	seen := map[types.Type]bool{} // an interface's methods may lead back to it
	var walk func(types.Type) bool
	tuple := func(t *types.Tuple) bool {
		for v := range t.Variables() {
			if walk(v.Type()) {
				return true
			}
		}
		return false
	}
	walk = func(t types.Type) bool {
		t = types.Unalias(t)
		if t == nil || seen[t] {
			return false
		}
		seen[t] = true
		if is(t) {
			return true
		}
		switch t := t.(type) {
		case *types.Named:
			for a := range t.TypeArgs().Types() {
				if walk(a) {
					return true
				}
			}
		case *types.Pointer:
			return walk(t.Elem())
		case *types.Slice:
			return walk(t.Elem())
		case *types.Array:
			return walk(t.Elem())
		case *types.Chan:
			return walk(t.Elem())
		case *types.Map:
			return walk(t.Key()) || walk(t.Elem())
		case *types.Tuple:
			return tuple(t)
		case *types.Signature:
			return tuple(t.Params()) || tuple(t.Results())
		case *types.Struct:
			for f := range t.Fields() {
				if walk(f.Type()) {
					return true
				}
			}
		case *types.Interface:
			for m := range t.Methods() {
				if walk(m.Type()) {
					return true
				}
			}
		}
		return false
	}
	return walk(t)
}
