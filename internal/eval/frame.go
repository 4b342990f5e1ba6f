package eval

import (
	"go/ast"
	"go/types"
	"reflect"

	"github.com/gopar-project/gopar/internal/unit"
)

// function is a translated function: it is called with values of the types its
// parameters are held as, the receiver first.
type function struct {
	name    string
	sig     *types.Signature
	slots   int
	params  []param
	results []param
	body    stmt
	defers  bool
}

// param is a parameter or result: a slot of the frame, -1 if it has no name.
type param struct {
	slot int
	rep  reflect.Type
}

// frame is a call in progress.
type frame struct {
	vars    []reflect.Value // addressable
	results []reflect.Value // of a function whose results have no names
	defers  []func()
	thrown  *thrown // what a deferred call may recover; nil: nothing
	label   string  // of the statement that a break or continue means
}

// thrown is a panic on its way up.
type thrown struct {
	value  any
	active bool
}

// capture says which variable of the surrounding function a literal uses.
type capture struct{ outer, inner int }

// call runs the function. captured are the variables of its literal.
func (f *function) call(args []reflect.Value, captured func(*frame)) []reflect.Value {
	return f.callDeferred(args, captured, nil)
}

// callDeferred is call for a deferred call, which may recover t.
func (f *function) callDeferred(args []reflect.Value, captured func(*frame), t *thrown) []reflect.Value {
	fr := &frame{vars: make([]reflect.Value, f.slots), thrown: t}
	if captured != nil {
		captured(fr)
	}
	for i, p := range f.params {
		if p.slot >= 0 {
			v := reflect.New(p.rep).Elem()
			v.Set(args[i])
			fr.vars[p.slot] = v
		}
	}
	for _, r := range f.results {
		if r.slot >= 0 {
			fr.vars[r.slot] = reflect.New(r.rep).Elem()
		}
	}
	if f.defers {
		f.guarded(fr)
	} else {
		f.body(fr)
	}
	if len(f.results) > 0 && f.results[0].slot >= 0 {
		out := make([]reflect.Value, len(f.results))
		for i, r := range f.results {
			out[i] = fr.vars[r.slot]
		}
		return out
	}
	if fr.results == nil && len(f.results) > 0 { // recovered
		for _, r := range f.results {
			fr.results = append(fr.results, reflect.Zero(r.rep))
		}
	}
	return fr.results
}

// guarded runs a body whose function defers calls.
func (f *function) guarded(fr *frame) {
	t := &thrown{}
	normal := false
	defer func() {
		if !normal {
			if r := recover(); r != nil {
				t.value, t.active = r, true
			} // else the goroutine ends, which goes on after this
		}
		for len(fr.defers) > 0 {
			fr.runDefer(t)
		}
		if t.active {
			panic(t.value)
		}
	}()
	fr.bind(t, f.body)
	normal = true
}

// bind runs the body with its deferred calls bound to t.
func (fr *frame) bind(t *thrown, body stmt) {
	fr.vars[0] = reflect.ValueOf(t)
	body(fr)
}

// runDefer runs the last deferred call; its panic takes the place of one before.
func (fr *frame) runDefer(t *thrown) {
	last := len(fr.defers) - 1
	call := fr.defers[last]
	fr.defers = fr.defers[:last]
	defer func() {
		if r := recover(); r != nil {
			t.value, t.active = r, true
		}
	}()
	call()
}

// callMethod calls a method of a value of a cell's type by its name.
func (l *Loader) callMethod(t types.Type, v reflect.Value, name string, args []reflect.Value) []reflect.Value {
	m := l.method(t, name)
	ms := types.NewMethodSet(t)
	var sel *types.Selection
	for s := range ms.Methods() {
		if s.Obj() == m {
			sel = s
		}
	}
	recv := l.walk(t, v, sel.Index())
	f := l.funcs[m.Origin()]
	if f == nil { // of an embedded interface or host type
		return l.callHostMethod(recv, m.Name(), args)
	}
	want := f.params[0].rep
	return f.call(append([]reflect.Value{l.receive(recv, m, want)}, args...), nil)
}

// receive makes the receiver of a method from a value of the type or a pointer to it.
func (l *Loader) receive(v reflect.Value, m *types.Func, want reflect.Type) reflect.Value {
	_, wantsPointer := types.Unalias(m.Signature().Recv().Type()).(*types.Pointer)
	isPointer := v.Type() == want && wantsPointer
	switch {
	case isPointer:
		return v
	case wantsPointer:
		return pointerTo(v, want)
	case v.Type() == want:
		return v
	}
	return deref(v, want)
}

// walk follows the path to an embedded field; the last index is the method's.
func (l *Loader) walk(t types.Type, v reflect.Value, path []int) reflect.Value {
	for _, i := range path[:len(path)-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
			v = deref(v, l.rep(0, t))
		}
		v = field(v, i)
		t = t.Underlying().(*types.Struct).Field(i).Type()
	}
	return v
}

// callHostMethod calls a method of what an interface or a host value holds.
func (l *Loader) callHostMethod(v reflect.Value, name string, args []reflect.Value) []reflect.Value {
	if v.Kind() == reflect.Interface {
		if v.IsNil() {
			nilDereference()
		}
		if t, dv := l.dynamic(v); t != nil {
			return l.callMethod(t, dv, name, args)
		}
		v = v.Elem()
	}
	m := v.MethodByName(name)
	if !m.IsValid() && v.CanAddr() {
		m = v.Addr().MethodByName(name)
	}
	return m.Call(args)
}

// deref is what a pointer points to.
func deref(v reflect.Value, rep reflect.Type) reflect.Value {
	if v.IsNil() {
		nilDereference()
	}
	if v.Kind() == reflect.UnsafePointer {
		return reflect.NewAt(rep, v.UnsafePointer()).Elem()
	}
	return v.Elem()
}

// pointerTo is the address of a value as a pointer type that is held as rep.
func pointerTo(v reflect.Value, rep reflect.Type) reflect.Value {
	if !v.CanAddr() {
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		v = c
	}
	if rep == pointerType {
		return reflect.ValueOf(v.Addr().UnsafePointer())
	}
	return v.Addr()
}

// field is a field of a struct, exported or not.
func field(v reflect.Value, i int) reflect.Value {
	f := v.Field(i)
	if f.CanInterface() {
		return f
	}
	if !v.CanAddr() {
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		f = c.Field(i)
	}
	return exported(f)
}

// nilDereference panics as Go does.
func nilDereference() {
	var p *int
	_ = *p
}

// literal makes the value of a function literal.
func (f *function) literal(rep reflect.Type, variadic bool, captures func(from, to *frame), from *frame) reflect.Value {
	held := make([]reflect.Value, len(from.vars))
	copy(held, from.vars)
	outer := &frame{vars: held}
	return reflect.MakeFunc(rep, func(args []reflect.Value) []reflect.Value {
		out := f.call(args, func(fr *frame) { captures(outer, fr) })
		return fit(out, rep)
	})
}

// fit makes results be of exactly the types of a function type.
func fit(out []reflect.Value, rep reflect.Type) []reflect.Value {
	fitted := make([]reflect.Value, len(out))
	for i, v := range out {
		fitted[i] = as(v, rep.Out(i))
	}
	return fitted
}

// as is v as a value of exactly a type that it is assignable to.
func as(v reflect.Value, t reflect.Type) reflect.Value {
	if v.Type() == t && !v.CanAddr() {
		return v
	}
	c := reflect.New(t).Elem()
	c.Set(v)
	return c
}

// stopped is the interrupt check of lowered code.
func stopped(*frame) control {
	if unit.Stop.Load() != 0 {
		unit.Interrupted()
	}
	return next
}

// stopCheck is one that writes variables back before.
func (c *compiler) stopCheck(s *ast.IfStmt) stmt {
	before := c.block(s.Body.List[:len(s.Body.List)-1])
	return func(fr *frame) control {
		if unit.Stop.Load() != 0 {
			before(fr)
			unit.Interrupted()
		}
		return next
	}
}

// isStopCheck recognizes them.
func isStopCheck(s ast.Stmt) bool {
	i, ok := s.(*ast.IfStmt)
	if !ok || i.Init != nil || i.Else != nil || len(i.Body.List) == 0 {
		return false
	}
	e, ok := i.Body.List[len(i.Body.List)-1].(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := e.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == "gopar__unit" && sel.Sel.Name == "Interrupted"
}
