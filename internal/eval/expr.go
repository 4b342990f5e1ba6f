package eval

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"reflect"
)

// expr computes a value. What it returns may be the variable itself: who keeps it must
// copy it.
type expr func(*frame) reflect.Value

// compiler translates one function.
type compiler struct {
	l        *Loader
	info     *types.Info
	outer    *compiler
	slots    map[types.Object]int
	n        int
	captures []capture
	sig      *types.Signature
	fn       *function
}

func (c *compiler) refuse(n ast.Node, what string) { c.l.refuse(n.Pos(), what) }

func (c *compiler) rep(n ast.Node, t types.Type) reflect.Type { return c.l.rep(n.Pos(), t) }

func (c *compiler) typeOf(e ast.Expr) types.Type { return c.info.TypeOf(e) }

// slot makes a slot for a new variable.
func (c *compiler) slot(o types.Object) int {
	c.n++
	if o != nil {
		c.slots[o] = c.n
	}
	return c.n
}

// find returns the slot of a local variable, capturing it from the surrounding
// function.
func (c *compiler) find(o types.Object) (int, bool) {
	if s, ok := c.slots[o]; ok {
		return s, true
	}
	if c.outer == nil {
		return 0, false
	}
	from, ok := c.outer.find(o)
	if !ok {
		return 0, false
	}
	s := c.slot(o)
	c.captures = append(c.captures, capture{from, s})
	return s, true
}

// expr translates an expression.
func (c *compiler) expr(e ast.Expr) expr {
	tv := c.info.Types[e]
	if tv.Value != nil {
		v := c.constant(e, tv.Type, tv.Value)
		return func(*frame) reflect.Value { return v }
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.expr(e.X)
	case *ast.Ident:
		return c.ident(e)
	case *ast.FuncLit:
		return c.funcLit(e)
	case *ast.CompositeLit:
		return c.composite(e, tv.Type)
	case *ast.SelectorExpr:
		return c.selector(e)
	case *ast.IndexExpr:
		return c.index(e)
	case *ast.SliceExpr:
		return c.slice(e)
	case *ast.StarExpr:
		x, rep := c.expr(e.X), c.rep(e, tv.Type)
		return func(fr *frame) reflect.Value { return deref(x(fr), rep) }
	case *ast.UnaryExpr:
		return c.unary(e)
	case *ast.BinaryExpr:
		return c.binary(e)
	case *ast.CallExpr:
		call := c.call(e)
		return func(fr *frame) reflect.Value {
			out := call(fr)
			if len(out) == 0 {
				return reflect.Value{}
			}
			return out[0]
		}
	case *ast.TypeAssertExpr:
		return c.assertion(e)
	}
	c.refuse(e, "this expression")
	return nil
}

func constantString(v constant.Value) string {
	if v.Kind() == constant.String {
		return constant.StringVal(v)
	}
	return v.String()
}

func (c *compiler) constant(e ast.Expr, t types.Type, v constant.Value) reflect.Value {
	if i, ok := t.Underlying().(*types.Interface); ok && i != nil {
		c.refuse(e, "constants of interface type")
	}
	out := reflect.New(c.rep(e, t)).Elem()
	switch out.Kind() {
	case reflect.Bool:
		out.SetBool(constant.BoolVal(v))
	case reflect.String:
		out.SetString(constant.StringVal(v))
	case reflect.Float32, reflect.Float64:
		f, _ := constant.Float64Val(v)
		if out.Kind() == reflect.Float32 {
			f32, _ := constant.Float32Val(v)
			f = float64(f32)
		}
		out.SetFloat(f)
	case reflect.Complex64, reflect.Complex128:
		re, _ := constant.Float64Val(constant.Real(v))
		im, _ := constant.Float64Val(constant.Imag(v))
		out.SetComplex(complex(re, im))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n, _ := constant.Uint64Val(constant.ToInt(v))
		out.SetUint(n)
	default:
		n, _ := constant.Int64Val(constant.ToInt(v))
		out.SetInt(n)
	}
	return reflect.ValueOf(out.Interface())
}

func (c *compiler) ident(e *ast.Ident) expr {
	switch o := c.info.ObjectOf(e).(type) {
	case *types.Nil:
		c.refuse(e, "nil of no known type")
	case *types.Var:
		if s, ok := c.find(o); ok {
			return func(fr *frame) reflect.Value { return fr.vars[s] }
		}
		if g := c.l.globals[o]; g != nil {
			if c.rep(e, o.Type()) == pointerType {
				return func(*frame) reflect.Value { return reflect.ValueOf(g.value.UnsafePointer()) }
			}
			return func(*frame) reflect.Value { return g.value }
		}
	case *types.Func:
		return c.funcValue(e, o)
	}
	c.refuse(e, "the name "+e.Name)
	return nil
}

// funcValue is a declared function as a value.
func (c *compiler) funcValue(e ast.Expr, o *types.Func) expr {
	f := c.l.funcs[o]
	if f == nil {
		c.refuse(e, "the function "+o.Name())
	}
	rep := c.rep(e, c.typeOf(e))
	v := reflect.MakeFunc(rep, func(args []reflect.Value) []reflect.Value { return fit(f.call(args, nil), rep) })
	return func(*frame) reflect.Value { return v }
}

func (c *compiler) funcLit(e *ast.FuncLit) expr {
	inner := &compiler{l: c.l, info: c.info, outer: c, slots: map[types.Object]int{}, sig: c.typeOf(e).(*types.Signature)}
	f := &function{name: "literal", sig: inner.sig}
	inner.function(f, nil, e.Type, e.Body)
	rep := c.rep(e, inner.sig)
	caps := inner.captures
	take := func(from, to *frame) {
		for _, p := range caps {
			to.vars[p.inner] = from.vars[p.outer]
		}
	}
	return func(fr *frame) reflect.Value { return f.literal(rep, inner.sig.Variadic(), take, fr) }
}

// to translates an expression whose value goes to a variable of type t.
func (c *compiler) to(e ast.Expr, t types.Type) expr {
	rep := c.rep(e, t)
	tv := c.info.Types[e]
	if tv.IsNil() {
		zero := reflect.Zero(rep)
		return func(*frame) reflect.Value { return zero }
	}
	from := tv.Type
	if tv.Value != nil && types.IsInterface(t) {
		from = types.Default(from)
		v := c.constant(e, from, tv.Value)
		return c.converted(e, func(*frame) reflect.Value { return v }, from, t)
	}
	return c.converted(e, c.expr(e), from, t)
}

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

func (c *compiler) unary(e *ast.UnaryExpr) expr {
	if e.Op == token.AND {
		return c.address(e)
	}
	x := c.expr(e.X)
	rep := c.rep(e, c.typeOf(e))
	switch e.Op {
	case token.ADD:
		return x
	case token.NOT:
		return func(fr *frame) reflect.Value { return reflect.ValueOf(!x(fr).Bool()) }
	case token.ARROW:
		zero := reflect.Zero(rep)
		return func(fr *frame) reflect.Value {
			if v, ok := receiveFrom(x(fr)); ok {
				return v
			}
			return zero
		}
	case token.SUB, token.XOR:
		neg := e.Op == token.SUB
		return func(fr *frame) reflect.Value {
			v := x(fr)
			out := reflect.New(rep).Elem()
			switch {
			case v.CanInt() && neg:
				out.SetInt(-v.Int())
			case v.CanInt():
				out.SetInt(^v.Int())
			case v.CanUint() && neg:
				out.SetUint(-v.Uint())
			case v.CanUint():
				out.SetUint(^v.Uint())
			case v.CanFloat():
				out.SetFloat(-v.Float())
			default:
				out.SetComplex(-v.Complex())
			}
			return out
		}
	}
	c.refuse(e, "the operator "+e.Op.String())
	return nil
}

// address is &x.
func (c *compiler) address(e *ast.UnaryExpr) expr {
	t := c.typeOf(e)
	rep := c.rep(e, t)
	x := ast.Unparen(e.X)
	if lit, ok := x.(*ast.CompositeLit); ok {
		v := c.composite(lit, c.typeOf(lit))
		return func(fr *frame) reflect.Value {
			fresh := v(fr)
			return pointerTo(as2(fresh), rep)
		}
	}
	v := c.expr(x)
	return func(fr *frame) reflect.Value { return pointerTo(v(fr), rep) }
}

// as2 is a copy that has an address.
func as2(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

func (c *compiler) binary(e *ast.BinaryExpr) expr {
	switch e.Op {
	case token.LAND, token.LOR:
		x, y, and := c.expr(e.X), c.expr(e.Y), e.Op == token.LAND
		return func(fr *frame) reflect.Value {
			if x(fr).Bool() != and {
				return reflect.ValueOf(!and)
			}
			return reflect.ValueOf(y(fr).Bool())
		}
	case token.EQL, token.NEQ:
		return c.equality(e)
	case token.SHL, token.SHR:
		return c.shift(e.Op, c.expr(e.X), c.expr(e.Y), c.rep(e, c.typeOf(e)))
	}
	return operate(e.Op, c.operand(e.X, e.Y), c.operand(e.Y, e.X), c.rep(e, c.typeOf(e.X)))
}

// operand is one side of an operation; a constant has the type of the other side.
func (c *compiler) operand(e, other ast.Expr) expr {
	tv := c.info.Types[e]
	if tv.Value != nil {
		if ot := c.info.Types[other]; ot.Value == nil && !types.IsInterface(ot.Type) {
			v := c.constant(e, ot.Type, tv.Value)
			return func(*frame) reflect.Value { return v }
		}
	}
	return c.expr(e)
}

func (c *compiler) equality(e *ast.BinaryExpr) expr {
	want := e.Op == token.EQL
	tx, ty := c.info.Types[e.X], c.info.Types[e.Y]
	if tx.IsNil() || ty.IsNil() {
		x := e.X
		if tx.IsNil() {
			x = e.Y
		}
		v := c.expr(x)
		return func(fr *frame) reflect.Value { return reflect.ValueOf(v(fr).IsNil() == want) }
	}
	t := tx.Type
	if types.IsInterface(ty.Type) {
		t = ty.Type
	}
	var x, y expr
	if types.IsInterface(t) {
		x, y = c.to(e.X, t), c.to(e.Y, t)
	} else {
		x, y = c.operand(e.X, e.Y), c.operand(e.Y, e.X)
	}
	return func(fr *frame) reflect.Value { return reflect.ValueOf(c.l.equal(x(fr), y(fr)) == want) }
}

func (c *compiler) shift(op token.Token, x, y expr, rep reflect.Type) expr {
	return func(fr *frame) reflect.Value {
		v, by := x(fr), y(fr)
		var n uint64
		if by.CanInt() {
			if by.Int() < 0 {
				panic(runtimeError("negative shift amount"))
			}
			n = uint64(by.Int())
		} else {
			n = by.Uint()
		}
		out := reflect.New(rep).Elem()
		switch {
		case v.CanInt() && op == token.SHL:
			out.SetInt(v.Int() << n)
		case v.CanInt():
			out.SetInt(v.Int() >> n)
		case op == token.SHL:
			out.SetUint(v.Uint() << n)
		default:
			out.SetUint(v.Uint() >> n)
		}
		return out
	}
}

// operate applies an arithmetic operator or an ordering to values of one basic type.
func operate(op token.Token, x, y expr, rep reflect.Type) expr {
	switch rep.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(fr *frame) reflect.Value { return ints(op, x(fr).Int(), y(fr).Int(), rep) }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return func(fr *frame) reflect.Value { return uints(op, x(fr).Uint(), y(fr).Uint(), rep) }
	case reflect.Float32, reflect.Float64:
		return func(fr *frame) reflect.Value { return floats(op, x(fr).Float(), y(fr).Float(), rep) }
	case reflect.Complex64, reflect.Complex128:
		return func(fr *frame) reflect.Value { return complexes(op, x(fr).Complex(), y(fr).Complex(), rep) }
	}
	return func(fr *frame) reflect.Value {
		a := x(fr).String()
		return texts(op, a, y(fr).String(), rep)
	}
}

func order(op token.Token, less, equal bool) reflect.Value {
	switch op {
	case token.LSS:
		return reflect.ValueOf(less)
	case token.LEQ:
		return reflect.ValueOf(less || equal)
	case token.GTR:
		return reflect.ValueOf(!less && !equal)
	}
	return reflect.ValueOf(!less)
}

func ints(op token.Token, a, b int64, rep reflect.Type) reflect.Value {
	var n int64
	switch op {
	case token.ADD:
		n = a + b
	case token.SUB:
		n = a - b
	case token.MUL:
		n = a * b
	case token.QUO:
		n = a / b
	case token.REM:
		n = a % b
	case token.AND:
		n = a & b
	case token.OR:
		n = a | b
	case token.XOR:
		n = a ^ b
	case token.AND_NOT:
		n = a &^ b
	default:
		return order(op, a < b, a == b)
	}
	if rep.Kind() == reflect.Int {
		return reflect.ValueOf(int(n))
	}
	out := reflect.New(rep).Elem()
	out.SetInt(n)
	return out
}

func uints(op token.Token, a, b uint64, rep reflect.Type) reflect.Value {
	var n uint64
	switch op {
	case token.ADD:
		n = a + b
	case token.SUB:
		n = a - b
	case token.MUL:
		n = a * b
	case token.QUO:
		n = a / b
	case token.REM:
		n = a % b
	case token.AND:
		n = a & b
	case token.OR:
		n = a | b
	case token.XOR:
		n = a ^ b
	case token.AND_NOT:
		n = a &^ b
	default:
		return order(op, a < b, a == b)
	}
	out := reflect.New(rep).Elem()
	out.SetUint(n)
	return out
}

func floats(op token.Token, a, b float64, rep reflect.Type) reflect.Value {
	var f float64
	switch op {
	case token.ADD:
		f = a + b
	case token.SUB:
		f = a - b
	case token.MUL:
		f = a * b
	case token.QUO:
		f = a / b
	case token.LSS:
		return reflect.ValueOf(a < b)
	case token.LEQ:
		return reflect.ValueOf(a <= b)
	case token.GTR:
		return reflect.ValueOf(a > b)
	default:
		return reflect.ValueOf(a >= b)
	}
	out := reflect.New(rep).Elem()
	if rep.Kind() == reflect.Float32 {
		// One operation on float32 values, done in float64 and rounded, is exactly rounded.
		out.SetFloat(float64(float32(f)))
	} else {
		out.SetFloat(f)
	}
	return out
}

func complexes(op token.Token, a, b complex128, rep reflect.Type) reflect.Value {
	out := reflect.New(rep).Elem()
	if rep.Kind() == reflect.Complex64 {
		x, y := complex64(a), complex64(b)
		switch op {
		case token.ADD:
			x += y
		case token.SUB:
			x -= y
		case token.MUL:
			x *= y
		default:
			x /= y
		}
		out.SetComplex(complex128(x))
		return out
	}
	switch op {
	case token.ADD:
		a += b
	case token.SUB:
		a -= b
	case token.MUL:
		a *= b
	default:
		a /= b
	}
	out.SetComplex(a)
	return out
}

func texts(op token.Token, a, b string, rep reflect.Type) reflect.Value {
	if op == token.ADD {
		out := reflect.New(rep).Elem()
		out.SetString(a + b)
		return out
	}
	return order(op, a < b, a == b)
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
