package eval

import (
	"go/ast"
	"go/types"
	"math"
	"reflect"
)

// converted makes a value of an interface type where an assignment does.
func (c *compiler) converted(e ast.Expr, x expr, from, t types.Type) expr {
	if !types.IsInterface(t) {
		return x
	}
	rep := c.rep(e, t)
	if types.IsInterface(from) {
		if c.rep(e, from) == rep {
			return x
		}
		if rep != anyType {
			c.boxable(e, from, rep)
		}
		return func(fr *frame) reflect.Value { return c.l.wrap(from, x(fr), rep) }
	}
	if b, ok := from.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		from = types.Default(from)
	}
	c.rep(e, from)
	if mentionsUnit(from) {
		c.boxable(e, from, rep)
	}
	return func(fr *frame) reflect.Value { return c.l.wrap(from, x(fr), rep) }
}

// boxable refuses values that a box cannot stand for.
func (c *compiler) boxable(e ast.Expr, from types.Type, rep reflect.Type) {
	text := c.l.isText(from, "Error")
	switch {
	case types.IsInterface(from):
		if rep != reflect.TypeFor[error]() {
			c.refuse(e, "a value of "+c.l.name(from)+" as a "+rep.String())
		}
		return
	case rep == anyType:
	case rep == reflect.TypeFor[error]() && text:
	case rep.Name() == "Stringer" && rep.PkgPath() == "fmt" && !text && c.l.isText(from, "String"):
	default:
		c.refuse(e, "a value of "+c.l.name(from)+" as a "+rep.String())
	}
	if inner := c.textInside(from); inner != nil {
		c.refuse(e, "a value of "+c.l.name(from)+" in an interface: what is in it has methods, and")
	}
	for _, m := range []string{"Format", "GoString"} {
		if c.l.method(from, m) != nil {
			c.refuse(e, "a value of "+c.l.name(from)+" in an interface: its method "+m)
		}
	}
	if i := types.NewMethodSet(from).Lookup(nil, "Is"); i != nil {
		c.refuse(e, "errors with a method Is")
	}
	if i := types.NewMethodSet(from).Lookup(nil, "As"); i != nil {
		c.refuse(e, "errors with a method As")
	}
}

// textInside finds a part of a type that package fmt would print by a method.
func (c *compiler) textInside(t types.Type) types.Type {
	var found types.Type
	seen := map[types.Type]bool{}
	var look func(p types.Type) bool
	look = func(p types.Type) bool {
		p = types.Unalias(p)
		if seen[p] {
			return false
		}
		seen[p] = true
		if n, ok := p.(*types.Named); ok && n.Obj().Pkg() != nil && isUnit(n.Obj().Pkg()) || isPointerType(p) {
			for _, m := range []string{"Error", "String", "Format", "GoString"} {
				if c.l.method(p, m) != nil {
					found = p
					return true
				}
			}
		} else if ok {
			return false // a host type is itself
		}
		if _, ok := p.(*types.Signature); ok {
			return false
		}
		return anyPart(p, look)
	}
	top := types.Unalias(t)
	if p, ok := top.Underlying().(*types.Pointer); ok {
		top = types.Unalias(p.Elem())
	}
	seen[top] = true
	anyPart(top.Underlying(), look)
	return found
}

func isPointerType(t types.Type) bool {
	_, ok := t.(*types.Pointer)
	return ok
}

// convert is a conversion T(x).
func (c *compiler) convert(e *ast.CallExpr, t types.Type) expr {
	arg := e.Args[0]
	from := c.typeOf(arg)
	rep := c.rep(e, t)
	if types.IsInterface(t) {
		return c.to(arg, t)
	}
	tv := c.info.Types[arg]
	if tv.IsNil() {
		return c.to(arg, t)
	}
	var x expr
	if tv.Value != nil {
		d := types.Default(from)
		v := c.constant(arg, d, tv.Value)
		x = func(*frame) reflect.Value { return v }
	} else {
		x = c.expr(arg)
	}
	fromRep := c.rep(arg, types.Default(from))
	switch {
	case fromRep == rep:
		return func(fr *frame) reflect.Value { return as2(x(fr)) }
	case rep == pointerType: // unsafe.Pointer(p), or a pointer to a type that contains itself
		return func(fr *frame) reflect.Value { return reflect.ValueOf(x(fr).UnsafePointer()) }
	case fromRep == pointerType && rep.Kind() == reflect.Pointer:
		return func(fr *frame) reflect.Value { return reflect.NewAt(rep.Elem(), x(fr).UnsafePointer()) }
	case fromRep.Kind() == reflect.Slice && (rep.Kind() == reflect.Array || rep.Kind() == reflect.Pointer):
		return func(fr *frame) reflect.Value { return sliceToArray(x(fr), rep) }
	case isFloat(fromRep) && !isFloat(rep) && rep.Kind() != reflect.Complex64 && rep.Kind() != reflect.Complex128:
		return func(fr *frame) reflect.Value { return floatToInt(x(fr).Float(), rep) }
	case fromRep.ConvertibleTo(rep):
		return func(fr *frame) reflect.Value { return x(fr).Convert(rep) }
	}
	c.refuse(e, "this conversion")
	return nil
}

func isFloat(t reflect.Type) bool { return t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64 }

// floatToInt converts as compiled code does on this machine where the value fits.
func floatToInt(f float64, rep reflect.Type) reflect.Value {
	out := reflect.New(rep).Elem()
	if out.CanUint() {
		switch {
		case f >= math.MaxInt64:
			out.SetUint(uint64(f))
		default:
			out.SetUint(uint64(int64(f)))
		}
		return out
	}
	out.SetInt(int64(f))
	return out
}

func sliceToArray(v reflect.Value, rep reflect.Type) reflect.Value {
	n := 0
	if rep.Kind() == reflect.Pointer {
		n = rep.Elem().Len()
	} else {
		n = rep.Len()
	}
	if v.Len() < n {
		panic(plainError("runtime error: cannot convert slice with length " + itoa(v.Len()) + " to array or pointer to array with length " + itoa(n)))
	}
	return v.Convert(rep)
}

// assertion is x.(T).
func (c *compiler) assertion(e *ast.TypeAssertExpr) expr {
	x, t := c.expr(e.X), c.typeOf(e.Type)
	static := c.typeOf(e.X)
	rep := c.rep(e, t)
	c.assertable(e, t)
	return func(fr *frame) reflect.Value {
		v := x(fr)
		got, ok := c.l.holds(v, t, rep)
		if !ok {
			panic(c.l.asserted(v, static, t))
		}
		return c.asHeld(got, t, rep)
	}
}

// assertable refuses assertions to interfaces whose methods a box does not have.
func (c *compiler) assertable(e ast.Node, t types.Type) {
	if rep := c.rep(e, t); types.IsInterface(t) && rep != anyType && rep != reflect.TypeFor[error]() {
		c.refuse(e, "an assertion to "+c.l.name(t))
	}
}

// asHeld makes of what an interface holds a value that is held as rep.
func (c *compiler) asHeld(v reflect.Value, t types.Type, rep reflect.Type) reflect.Value {
	if types.IsInterface(t) && v.Type() != rep {
		return c.l.wrap(t, v, rep)
	}
	return v
}
