package eval

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
)

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
	n, ok := arithmetic(op, a, b)
	switch {
	case !ok:
		return order(op, a < b, a == b)
	case rep.Kind() == reflect.Int:
		return reflect.ValueOf(int(n))
	}
	out := reflect.New(rep).Elem()
	out.SetInt(n)
	return out
}

func uints(op token.Token, a, b uint64, rep reflect.Type) reflect.Value {
	n, ok := arithmetic(op, a, b)
	if !ok {
		return order(op, a < b, a == b)
	}
	out := reflect.New(rep).Elem()
	out.SetUint(n)
	return out
}

// arithmetic computes what is no ordering.
func arithmetic[N int64 | uint64](op token.Token, a, b N) (n N, ok bool) {
	switch op {
	case token.ADD:
		return a + b, true
	case token.SUB:
		return a - b, true
	case token.MUL:
		return a * b, true
	case token.QUO:
		return a / b, true
	case token.REM:
		return a % b, true
	case token.AND:
		return a & b, true
	case token.OR:
		return a | b, true
	case token.XOR:
		return a ^ b, true
	case token.AND_NOT:
		return a &^ b, true
	}
	return 0, false
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
