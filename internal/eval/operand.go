package eval

import (
	"go/ast"
	"go/types"
	"reflect"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// checkIndex panics as Go does unless i is an index into n elements.
func checkIndex(i, n int) int {
	_ = make([]struct{}, n)[i]
	return i
}

func indexOf(v reflect.Value) int {
	if v.CanInt() {
		return int(v.Int())
	}
	if n := v.Uint(); n < 1<<62 {
		return int(n)
	}
	return 1 << 62
}

// selector is pkg.Name, x.field, x.method and T.method.
func (c *compiler) selector(e *ast.SelectorExpr) expr {
	sel := c.info.Selections[e]
	if sel == nil {
		return c.hostName(e)
	}
	switch sel.Kind() {
	case types.FieldVal:
		return c.fieldOf(e, sel)
	case types.MethodVal:
		return c.methodValue(e, sel)
	}
	return c.methodExpr(e, sel)
}

// hostName is a name of a host package.
func (c *compiler) hostName(e *ast.SelectorExpr) expr {
	o := c.info.Uses[e.Sel]
	if isUnit(o.Pkg()) {
		if f, ok := o.(*types.Func); ok {
			return c.funcValue(e, f)
		}
		c.refuse(e, "the name "+e.Sel.Name)
	}
	v, ok := hostSymbol(o.Pkg().Path(), o.Name())
	if !ok {
		c.refuse(e, o.Pkg().Name()+"."+o.Name())
	}
	if _, isVar := o.(*types.Var); isVar {
		return func(*frame) reflect.Value { return v }
	}
	if f, isFunc := o.(*types.Func); !isFunc || f.Signature().TypeParams().Len() > 0 {
		c.refuse(e, o.Pkg().Name()+"."+o.Name())
	}
	if c.carries(c.typeOf(e)) {
		c.refuse(e, "the function "+o.Pkg().Name()+"."+o.Name()+" as a value")
	}
	return func(*frame) reflect.Value { return v }
}

// carries reports whether interfaces go into a function, which could hold boxes.
func (c *compiler) carries(t types.Type) bool {
	s, ok := t.Underlying().(*types.Signature)
	if !ok {
		return false
	}
	for p := range s.Params().Variables() {
		if holdsBoxes(p.Type()) {
			return true
		}
	}
	return false
}

// holdsBoxes reports whether a value of the type may have a box in it.
func holdsBoxes(t types.Type) bool {
	seen := map[types.Type]bool{}
	var look func(types.Type) bool
	look = func(t types.Type) bool {
		t = types.Unalias(t)
		if seen[t] {
			return false
		}
		seen[t] = true
		if types.IsInterface(t) {
			return true
		}
		if n, ok := t.(*types.Named); ok && (n.Obj().Pkg() == nil || !isUnit(n.Obj().Pkg())) {
			return false
		}
		if _, ok := t.(*types.Signature); ok {
			return false
		}
		return anyPart(t, look)
	}
	return look(t)
}

// fieldOf follows a path of fields.
func (c *compiler) fieldOf(e *ast.SelectorExpr, sel *types.Selection) expr {
	x := c.expr(e.X)
	t := sel.Recv()
	type step struct {
		ptr reflect.Type
		i   int
	}
	var steps []step
	for _, i := range sel.Index() {
		st := step{i: i}
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
			st.ptr = c.rep(e, t)
		}
		c.rep(e, t)
		t = t.Underlying().(*types.Struct).Field(i).Type()
		steps = append(steps, st)
	}
	return func(fr *frame) reflect.Value {
		v := x(fr)
		for _, s := range steps {
			if s.ptr != nil {
				v = deref(v, s.ptr)
			}
			v = field(v, s.i)
		}
		return v
	}
}

// callee is a method bound to its receiver.
type callee func(args []reflect.Value) []reflect.Value

// bound evaluates the receiver of a method.
func (c *compiler) bound(e *ast.SelectorExpr, sel *types.Selection) func(*frame) callee {
	x := c.expr(e.X)
	recv := sel.Recv()
	m := sel.Obj().(*types.Func)
	f := c.l.funcs[m.Origin()]
	path := sel.Index()
	if f == nil && m.Pkg() != nil && isUnit(m.Pkg()) && !types.IsInterface(m.Signature().Recv().Type()) {
		c.refuse(e, "the method "+m.Name())
	}
	if f == nil {
		return func(fr *frame) callee {
			v := x(fr)
			if len(path) > 1 {
				v = c.l.walk(recv, v, path)
			}
			if v.Kind() == reflect.Interface {
				if v.IsNil() {
					nilDereference()
				}
				v = as2(v)
			}
			return func(args []reflect.Value) []reflect.Value { return c.l.callHostMethod(v, m.Name(), args) }
		}
	}
	want := func() reflect.Type { return c.rep(e, m.Signature().Recv().Type()) }()
	return func(fr *frame) callee {
		v := x(fr)
		if len(path) > 1 {
			v = c.l.walk(recv, v, path)
		}
		r := as2(c.l.receive(v, m, want))
		return func(args []reflect.Value) []reflect.Value { return f.call(append([]reflect.Value{r}, args...), nil) }
	}
}

func (c *compiler) methodValue(e *ast.SelectorExpr, sel *types.Selection) expr {
	b := c.bound(e, sel)
	if f, ok := sel.Obj().(*types.Func); ok && c.l.funcs[f.Origin()] == nil && c.carries(f.Type()) && !types.IsInterface(sel.Recv()) {
		c.refuse(e, "the method "+f.Name()+" as a value")
	}
	rep := c.rep(e, c.typeOf(e))
	return func(fr *frame) reflect.Value {
		call := b(fr)
		return reflect.MakeFunc(rep, func(args []reflect.Value) []reflect.Value { return fit(call(args), rep) })
	}
}

func (c *compiler) methodExpr(e *ast.SelectorExpr, sel *types.Selection) expr {
	m := sel.Obj().(*types.Func)
	f := c.l.funcs[m.Origin()]
	if f == nil {
		c.refuse(e, "this method expression")
	}
	rep := c.rep(e, c.typeOf(e))
	recv, path := sel.Recv(), sel.Index()
	want := c.rep(e, m.Signature().Recv().Type())
	return func(*frame) reflect.Value {
		return reflect.MakeFunc(rep, func(args []reflect.Value) []reflect.Value {
			r := c.l.receive(c.l.walk(recv, args[0], path), m, want)
			return fit(f.call(append([]reflect.Value{r}, args[1:]...), nil), rep)
		})
	}
}

func (c *compiler) index(e *ast.IndexExpr) expr {
	x := c.expr(e.X)
	rep := c.rep(e, c.typeOf(e))
	switch t := c.typeOf(e.X).Underlying().(type) {
	case *types.Map:
		k, zero := c.to(e.Index, t.Key()), reflect.Zero(rep)
		return func(fr *frame) reflect.Value {
			if v := x(fr).MapIndex(k(fr)); v.IsValid() {
				return v
			}
			return zero
		}
	case *types.Pointer:
		i, arr := c.expr(e.Index), c.rep(e, t.Elem())
		return func(fr *frame) reflect.Value {
			v := deref(x(fr), arr)
			return v.Index(checkIndex(indexOf(i(fr)), v.Len()))
		}
	case *types.Basic:
		i := c.expr(e.Index)
		return func(fr *frame) reflect.Value {
			s := x(fr).String()
			return reflect.ValueOf(s[indexOf(i(fr))])
		}
	case *types.Slice, *types.Array:
		i := c.expr(e.Index)
		return func(fr *frame) reflect.Value {
			v := x(fr)
			return v.Index(checkIndex(indexOf(i(fr)), v.Len()))
		}
	}
	c.refuse(e, "generic functions")
	return nil
}

func (c *compiler) slice(e *ast.SliceExpr) expr {
	x := c.expr(e.X)
	bound := func(b ast.Expr) expr {
		if b == nil {
			return nil
		}
		return c.expr(b)
	}
	lo, hi, m := bound(e.Low), bound(e.High), bound(e.Max)
	at := func(fr *frame, b expr, otherwise int) int {
		if b == nil {
			return otherwise
		}
		return indexOf(b(fr))
	}
	t := c.typeOf(e.X)
	rep := c.rep(e, c.typeOf(e))
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
		return func(fr *frame) reflect.Value {
			s := x(fr).String()
			out := reflect.New(rep).Elem()
			out.SetString(s[at(fr, lo, 0):at(fr, hi, len(s))])
			return out
		}
	}
	var arr reflect.Type
	if p, ok := t.Underlying().(*types.Pointer); ok {
		arr = c.rep(e, p.Elem())
	}
	return func(fr *frame) reflect.Value {
		v := x(fr)
		if arr != nil {
			v = deref(v, arr)
		}
		l, h := at(fr, lo, 0), at(fr, hi, v.Len())
		shape := make([]struct{}, v.Len(), v.Cap()) // panics as Go does
		if m != nil {
			k := at(fr, m, 0)
			_ = shape[l:h:k]
			return v.Slice3(l, h, k)
		}
		if v.Kind() == reflect.Array {
			a := shape[:len(shape):len(shape)]
			_ = a[l:h]
			return v.Slice(l, h)
		}
		_ = shape[l:h]
		return v.Slice(l, h)
	}
}

// composite is a composite literal.
func (c *compiler) composite(e *ast.CompositeLit, t types.Type) expr {
	if p, ok := t.Underlying().(*types.Pointer); ok { // &T left out in a list
		inner, rep := c.composite(e, p.Elem()), c.rep(e, t)
		return func(fr *frame) reflect.Value { return pointerTo(as2(inner(fr)), rep) }
	}
	rep := c.rep(e, t)
	switch u := t.Underlying().(type) {
	case *types.Struct:
		return c.structLit(e, u, rep)
	case *types.Map:
		var ks, vs []expr
		for _, el := range e.Elts {
			kv := el.(*ast.KeyValueExpr)
			ks, vs = append(ks, c.element(kv.Key, u.Key())), append(vs, c.element(kv.Value, u.Elem()))
		}
		return func(fr *frame) reflect.Value {
			m := reflect.MakeMapWithSize(rep, len(ks))
			for i := range ks {
				k := as2(ks[i](fr))
				m.SetMapIndex(k, as2(vs[i](fr)))
			}
			return m
		}
	case *types.Slice:
		xs, n := c.elements(e, u.Elem())
		return func(fr *frame) reflect.Value {
			s := reflect.MakeSlice(rep, n, n)
			for i, x := range xs {
				s.Index(i).Set(x(fr))
			}
			return s
		}
	case *types.Array:
		xs, _ := c.elements(e, u.Elem())
		return func(fr *frame) reflect.Value {
			a := reflect.New(rep).Elem()
			for i, x := range xs {
				a.Index(i).Set(x(fr))
			}
			return a
		}
	}
	c.refuse(e, "this literal")
	return nil
}

// element is an element of a literal; the type of a literal in it may be left out.
func (c *compiler) element(e ast.Expr, t types.Type) expr {
	if lit, ok := e.(*ast.CompositeLit); ok && lit.Type == nil {
		return c.composite(lit, t)
	}
	return c.to(e, t)
}

// elements are those of an array or slice by their index, and the length.
func (c *compiler) elements(e *ast.CompositeLit, t types.Type) (xs map[int]expr, n int) {
	xs = map[int]expr{}
	i := 0
	for _, el := range e.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			i, _ = strconv.Atoi(c.info.Types[kv.Key].Value.ExactString())
			el = kv.Value
		}
		xs[i] = c.element(el, t)
		i++
		n = max(n, i)
	}
	return xs, n
}

func (c *compiler) structLit(e *ast.CompositeLit, u *types.Struct, rep reflect.Type) expr {
	var at []int
	var xs []expr
	for i, el := range e.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			for j := range u.NumFields() {
				if u.Field(j).Name() == kv.Key.(*ast.Ident).Name {
					i = j
				}
			}
			el = kv.Value
		}
		at, xs = append(at, i), append(xs, c.element(el, u.Field(i).Type()))
	}
	return func(fr *frame) reflect.Value {
		s := reflect.New(rep).Elem()
		for i, x := range xs {
			field(s, at[i]).Set(x(fr))
		}
		return s
	}
}
