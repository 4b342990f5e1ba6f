package eval

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

	"github.com/gopar-project/gopar/internal/unit"
)

// builtin translates a call of a builtin function.
func (c *compiler) builtin(e *ast.CallExpr) func(*frame) []reflect.Value {
	var name string
	switch f := ast.Unparen(e.Fun).(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		c.refuse(e, "package unsafe")
	}
	one := func(x expr) func(*frame) []reflect.Value {
		return func(fr *frame) []reflect.Value { return []reflect.Value{x(fr)} }
	}
	switch name {
	case "len", "cap":
		return one(c.length(e, name))
	case "append":
		return one(c.appending(e))
	case "make":
		return one(c.making(e))
	case "new":
		return one(c.newOf(e))
	case "copy":
		dst, src := c.expr(e.Args[0]), c.expr(e.Args[1])
		return one(func(fr *frame) reflect.Value { d := dst(fr); return reflect.ValueOf(reflect.Copy(d, src(fr))) })
	case "delete":
		m := c.typeOf(e.Args[0]).Underlying().(*types.Map)
		x, k := c.expr(e.Args[0]), c.to(e.Args[1], m.Key())
		return func(fr *frame) []reflect.Value {
			if v := x(fr); !v.IsNil() {
				v.SetMapIndex(k(fr), reflect.Value{})
			}
			return nil
		}
	case "clear":
		x := c.expr(e.Args[0])
		return func(fr *frame) []reflect.Value {
			if v := x(fr); !v.IsNil() {
				v.Clear()
			}
			return nil
		}
	case "close":
		x := c.expr(e.Args[0])
		return func(fr *frame) []reflect.Value { closeChan(x(fr)); return nil }
	case "min", "max":
		return one(c.extreme(e, name))
	case "panic":
		return c.panics(e)
	case "recover":
		return one(c.recovers())
	case "complex", "real", "imag":
		return one(c.complexParts(e, name))
	}
	c.refuse(e, "the builtin "+name)
	return nil
}

func (c *compiler) length(e *ast.CallExpr, name string) expr {
	x := c.expr(e.Args[0])
	if p, ok := c.typeOf(e.Args[0]).Underlying().(*types.Pointer); ok {
		n := int(p.Elem().Underlying().(*types.Array).Len())
		return func(fr *frame) reflect.Value { x(fr); return reflect.ValueOf(n) }
	}
	if name == "cap" {
		return func(fr *frame) reflect.Value { return reflect.ValueOf(x(fr).Cap()) }
	}
	return func(fr *frame) reflect.Value { return reflect.ValueOf(x(fr).Len()) }
}

func (c *compiler) appending(e *ast.CallExpr) expr {
	t := c.typeOf(e).Underlying().(*types.Slice)
	s := c.to(e.Args[0], c.typeOf(e))
	rep := c.rep(e, c.typeOf(e))
	if e.Ellipsis.IsValid() {
		if c.info.Types[e.Args[1]].IsNil() {
			return s
		}
		more := c.expr(e.Args[1])
		return func(fr *frame) reflect.Value {
			to, v := as2(s(fr)), more(fr)
			if v.Kind() == reflect.String {
				v = reflect.ValueOf([]byte(v.String()))
			}
			return reflect.AppendSlice(to, v.Convert(rep))
		}
	}
	var xs []expr
	for _, a := range e.Args[1:] {
		xs = append(xs, c.to(a, t.Elem()))
	}
	return func(fr *frame) reflect.Value {
		to := as2(s(fr))
		vs := make([]reflect.Value, len(xs))
		for i, x := range xs {
			vs[i] = as2(x(fr))
		}
		return reflect.Append(to, vs...)
	}
}

func (c *compiler) making(e *ast.CallExpr) expr {
	rep := c.rep(e, c.typeOf(e))
	size := func(i int) expr {
		if i < len(e.Args) {
			return c.expr(e.Args[i])
		}
		return nil
	}
	n, m := size(1), size(2)
	switch rep.Kind() {
	case reflect.Slice:
		return func(fr *frame) reflect.Value {
			l := indexOf(n(fr))
			k := l
			if m != nil {
				k = indexOf(m(fr))
			}
			_ = make([]struct{}, l, k) // panics as Go does
			if size := rep.Elem().Size(); size > 0 && uintptr(k) > (1<<47)/size {
				panic(runtimeError("makeslice: len out of range"))
			}
			return reflect.MakeSlice(rep, l, k)
		}
	case reflect.Map:
		return func(*frame) reflect.Value { return reflect.MakeMap(rep) }
	}
	return func(fr *frame) reflect.Value {
		size := 0
		if n != nil {
			size = indexOf(n(fr))
		}
		if size < 0 {
			panic(plainError("makechan: size out of range"))
		}
		return reflect.MakeChan(rep, size)
	}
}

// newOf is new(T), and new(x) of Go 1.26.
func (c *compiler) newOf(e *ast.CallExpr) expr {
	t := c.typeOf(e).Underlying().(*types.Pointer).Elem()
	rep, ptr := c.rep(e, t), c.rep(e, c.typeOf(e))
	if c.info.Types[e.Args[0]].IsType() {
		return func(*frame) reflect.Value { return pointerTo(reflect.New(rep).Elem(), ptr) }
	}
	x := c.to(e.Args[0], t)
	return func(fr *frame) reflect.Value {
		v := reflect.New(rep).Elem()
		v.Set(x(fr).Convert(rep))
		return pointerTo(v, ptr)
	}
}

func (c *compiler) extreme(e *ast.CallExpr, name string) expr {
	t := c.typeOf(e)
	rep := c.rep(e, t)
	if isFloat(rep) {
		c.refuse(e, "min and max of floating-point numbers")
	}
	op := token.LSS
	if name == "max" {
		op = token.GTR
	}
	var xs []expr
	for _, a := range e.Args {
		if v := c.info.Types[a].Value; v != nil {
			k := c.constant(a, t, v)
			xs = append(xs, func(*frame) reflect.Value { return k })
		} else {
			xs = append(xs, c.expr(a))
		}
	}
	return func(fr *frame) reflect.Value {
		best := as2(xs[0](fr))
		for _, x := range xs[1:] {
			v := as2(x(fr))
			if operate(op, func(*frame) reflect.Value { return v }, func(*frame) reflect.Value { return best }, rep)(fr).Bool() {
				best = v
			}
		}
		return best
	}
}

func (c *compiler) panics(e *ast.CallExpr) func(*frame) []reflect.Value {
	t := c.typeOf(e.Args[0])
	if mentionsUnit(t) && !types.IsInterface(t) && !c.l.isText(t, "Error") {
		c.boxable(e.Args[0], t, anyType)
	}
	x := c.to(e.Args[0], types.NewInterfaceType(nil, nil))
	return func(fr *frame) []reflect.Value {
		v := x(fr)
		if v.IsNil() {
			panic(nil)
		}
		panic(v.Interface())
	}
}

func (c *compiler) recovers() expr {
	return func(fr *frame) reflect.Value {
		out := reflect.New(anyType).Elem()
		if t := fr.thrown; t != nil && t.active {
			if t.value == error(unit.ErrInterrupted) {
				return out // an interrupt ends the cell, whatever it recovers
			}
			t.active = false
			out.Set(reflect.ValueOf(t.value))
		}
		return out
	}
}

func (c *compiler) complexParts(e *ast.CallExpr, name string) expr {
	rep := c.rep(e, c.typeOf(e))
	if name == "complex" {
		re, im := c.operand(e.Args[0], e.Args[1]), c.operand(e.Args[1], e.Args[0])
		return func(fr *frame) reflect.Value {
			out := reflect.New(rep).Elem()
			r := re(fr).Float()
			out.SetComplex(complex(r, im(fr).Float()))
			return out
		}
	}
	x := c.expr(e.Args[0])
	return func(fr *frame) reflect.Value {
		out := reflect.New(rep).Elem()
		if v := x(fr).Complex(); name == "real" {
			out.SetFloat(real(v))
		} else {
			out.SetFloat(imag(v))
		}
		return out
	}
}

// Channels are used through reflection, in which an interrupt cannot reach a
// goroutine that waits: it waits for the cell's context, too.

func receiveFrom(ch reflect.Value) (reflect.Value, bool) {
	if v, ok := ch.TryRecv(); v.IsValid() {
		return v, ok
	}
	done := unit.Context().Done()
	i, v, ok := reflect.Select([]reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: ch}, {Dir: reflect.SelectRecv, Chan: reflect.ValueOf(done)}})
	if i == 1 {
		unit.Interrupted()
		panic(unit.ErrInterrupted)
	}
	return v, ok
}

func sendTo(ch, v reflect.Value) {
	done := unit.Context().Done()
	i, _, _ := reflect.Select([]reflect.SelectCase{{Dir: reflect.SelectSend, Chan: ch, Send: v}, {Dir: reflect.SelectRecv, Chan: reflect.ValueOf(done)}})
	if i == 1 {
		unit.Interrupted()
		panic(unit.ErrInterrupted)
	}
}

func closeChan(ch reflect.Value) {
	if ch.IsNil() {
		var none chan int
		close(none)
	}
	ch.Close()
}
