package eval

import (
	"go/ast"
	"go/constant"
	"go/types"
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
