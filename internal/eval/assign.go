package eval

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
)

func (c *compiler) decl(s *ast.DeclStmt) stmt {
	g := s.Decl.(*ast.GenDecl)
	if g.Tok != token.VAR {
		return nil // types and constants are known by the checker
	}
	var all []stmt
	for _, spec := range g.Specs {
		vs := spec.(*ast.ValueSpec)
		if len(vs.Values) > 0 && len(vs.Values) != len(vs.Names) {
			c.refuse(s, "this declaration")
		}
		var inits []expr
		for i, n := range vs.Names {
			t := c.typeOf(n)
			if n.Name == "_" {
				t = c.typeOf(vs.Values[i])
				if vs.Type != nil {
					t = c.typeOf(vs.Type)
				}
				t = types.Default(t)
			}
			if len(vs.Values) > 0 {
				inits = append(inits, c.to(vs.Values[i], t))
			} else {
				zero := reflect.Zero(c.rep(n, t))
				inits = append(inits, func(*frame) reflect.Value { return zero })
			}
		}
		all = append(all, c.define(vs.Names, inits))
	}
	return func(fr *frame) control {
		for _, s := range all {
			s(fr)
		}
		return next
	}
}

// define makes new variables.
func (c *compiler) define(names []*ast.Ident, inits []expr) stmt {
	slots := make([]int, len(names))
	reps := make([]reflect.Type, len(names))
	for i, n := range names {
		slots[i] = -1
		if o := c.info.Defs[n]; o != nil && n.Name != "_" {
			slots[i], reps[i] = c.slot(o), c.rep(n, o.Type())
		}
	}
	return func(fr *frame) control {
		vs := make([]reflect.Value, len(inits))
		for i, x := range inits {
			vs[i] = as2(x(fr))
		}
		for i, s := range slots {
			if s >= 0 {
				v := reflect.New(reps[i]).Elem()
				v.Set(vs[i])
				fr.vars[s] = v
			}
		}
		return next
	}
}

func (c *compiler) assign(s *ast.AssignStmt) stmt {
	if s.Tok != token.ASSIGN && s.Tok != token.DEFINE {
		return c.assignOp(s.Lhs[0], s.Tok+token.ADD-token.ADD_ASSIGN, s.Rhs[0])
	}
	values := c.values(s)
	fresh := map[int]reflect.Type{}
	slots := map[int]int{}
	targets := make([]func(*frame) func(reflect.Value), len(s.Lhs))
	for i, e := range s.Lhs {
		id, _ := e.(*ast.Ident)
		if id != nil && id.Name == "_" {
			continue
		}
		if id != nil && s.Tok == token.DEFINE && c.info.Defs[id] != nil {
			fresh[i] = c.rep(e, c.info.Defs[id].Type())
			continue
		}
		targets[i] = c.target(e)
	}
	for i := range fresh { // after the right side was translated: it does not see them
		slots[i] = c.slot(c.info.Defs[s.Lhs[i].(*ast.Ident)])
	}
	return func(fr *frame) control {
		sets := make([]func(reflect.Value), len(targets))
		for i, t := range targets {
			if t != nil {
				sets[i] = t(fr)
			}
		}
		vs := values(fr)
		for i := range targets {
			switch {
			case sets[i] != nil:
				sets[i](vs[i])
			case fresh[i] != nil:
				v := reflect.New(fresh[i]).Elem()
				v.Set(vs[i])
				fr.vars[slots[i]] = v
			}
		}
		return next
	}
}

// values computes copies of what is assigned.
func (c *compiler) values(s *ast.AssignStmt) func(*frame) []reflect.Value {
	target := func(i int, from types.Type) types.Type {
		if id, ok := s.Lhs[i].(*ast.Ident); ok && id.Name == "_" {
			return types.Default(from)
		}
		return c.typeOf(s.Lhs[i])
	}
	if len(s.Rhs) == len(s.Lhs) {
		var xs []expr
		for i, e := range s.Rhs {
			xs = append(xs, c.to(e, target(i, c.typeOf(e))))
		}
		return c.list(s.Rhs, xs)
	}
	if tuple, ok := c.typeOf(s.Rhs[0]).(*types.Tuple); ok {
		if _, isCall := ast.Unparen(s.Rhs[0]).(*ast.CallExpr); isCall {
			var vars []*types.Var
			for i := range s.Lhs {
				vars = append(vars, types.NewVar(0, nil, "", target(i, tuple.At(i).Type())))
			}
			return c.spread(s.Rhs[0], types.NewTuple(vars...))
		}
		return c.commaOk(s.Rhs[0], target(0, tuple.At(0).Type()), tuple.At(0).Type())
	}
	c.refuse(s, "this assignment")
	return nil
}

// commaOk is v, ok = m[k], x.(T), <-c.
func (c *compiler) commaOk(e ast.Expr, to, from types.Type) func(*frame) []reflect.Value {
	wrap := c.wrapper(e, from, to)
	var get func(*frame) (reflect.Value, bool)
	rep := c.rep(e, from)
	switch e := ast.Unparen(e).(type) {
	case *ast.IndexExpr:
		m := c.typeOf(e.X).Underlying().(*types.Map)
		x, k := c.expr(e.X), c.to(e.Index, m.Key())
		get = func(fr *frame) (reflect.Value, bool) {
			v := x(fr).MapIndex(k(fr))
			return v, v.IsValid()
		}
	case *ast.TypeAssertExpr:
		x, t := c.expr(e.X), from
		c.assertable(e, t)
		get = func(fr *frame) (reflect.Value, bool) {
			v, ok := c.l.holds(x(fr), t, rep)
			if ok {
				v = c.asHeld(v, t, rep)
			}
			return v, ok
		}
	case *ast.UnaryExpr:
		x := c.expr(e.X)
		get = func(fr *frame) (reflect.Value, bool) { return receiveFrom(x(fr)) }
	default:
		c.refuse(e, "this assignment")
	}
	return func(fr *frame) []reflect.Value {
		v, ok := get(fr)
		if !ok {
			v = reflect.Zero(rep)
		}
		return []reflect.Value{as2(wrap(v)), reflect.ValueOf(ok)}
	}
}

// target evaluates the operands of the left side of an assignment and returns what
// assigns.
func (c *compiler) target(e ast.Expr) func(*frame) func(reflect.Value) {
	e = ast.Unparen(e)
	if ix, ok := e.(*ast.IndexExpr); ok {
		if m, ok := c.typeOf(ix.X).Underlying().(*types.Map); ok {
			x, k := c.expr(ix.X), c.to(ix.Index, m.Key())
			return func(fr *frame) func(reflect.Value) {
				mv, kv := as2(x(fr)), as2(k(fr))
				return func(v reflect.Value) { mv.SetMapIndex(kv, v) }
			}
		}
		if _, ok := c.typeOf(ix.X).Underlying().(*types.Slice); ok { // the index is checked when the assignment happens
			x, i := c.expr(ix.X), c.expr(ix.Index)
			return func(fr *frame) func(reflect.Value) {
				s, n := as2(x(fr)), indexOf(i(fr))
				return func(v reflect.Value) { s.Index(checkIndex(n, s.Len())).Set(v) }
			}
		}
	}
	if ix, ok := e.(*ast.IndexExpr); ok { // an array
		x, i := c.expr(ix.X), c.expr(ix.Index)
		var arr reflect.Type
		if p, ok := c.typeOf(ix.X).Underlying().(*types.Pointer); ok {
			arr = c.rep(e, p.Elem())
		}
		return func(fr *frame) func(reflect.Value) {
			a, n := x(fr), indexOf(i(fr))
			if arr != nil {
				a = as2(a)
			}
			return func(v reflect.Value) {
				if arr != nil {
					a = deref(a, arr)
				}
				a.Index(checkIndex(n, a.Len())).Set(v)
			}
		}
	}
	if st, ok := e.(*ast.StarExpr); ok {
		x, rep := c.expr(st.X), c.rep(e, c.typeOf(e))
		return func(fr *frame) func(reflect.Value) {
			p := as2(x(fr))
			return func(v reflect.Value) { deref(p, rep).Set(v) }
		}
	}
	x := c.expr(e)
	return func(fr *frame) func(reflect.Value) {
		to := x(fr)
		return func(v reflect.Value) { to.Set(v) }
	}
}

func (c *compiler) incDec(s *ast.IncDecStmt) stmt {
	t := c.typeOf(s.X)
	one := reflect.New(c.rep(s.X, t)).Elem()
	switch {
	case one.CanInt():
		one.SetInt(1)
	case one.CanUint():
		one.SetUint(1)
	case one.CanFloat():
		one.SetFloat(1)
	default:
		one.SetComplex(1)
	}
	op := token.ADD
	if s.Tok == token.DEC {
		op = token.SUB
	}
	return c.update(s.X, op, func(*frame) reflect.Value { return one })
}

func (c *compiler) assignOp(lhs ast.Expr, op token.Token, rhs ast.Expr) stmt {
	if op == token.SHL || op == token.SHR {
		return c.update(lhs, op, c.expr(rhs))
	}
	return c.update(lhs, op, c.operand(rhs, lhs))
}

// update is x op= y: x is evaluated once.
func (c *compiler) update(lhs ast.Expr, op token.Token, y expr) stmt {
	rep := c.rep(lhs, c.typeOf(lhs))
	apply := func(fr *frame, v reflect.Value) reflect.Value {
		x := func(*frame) reflect.Value { return v }
		if op == token.SHL || op == token.SHR {
			return c.shift(op, x, y, rep)(fr)
		}
		return operate(op, x, y, rep)(fr)
	}
	if ix, ok := ast.Unparen(lhs).(*ast.IndexExpr); ok {
		if m, ok := c.typeOf(ix.X).Underlying().(*types.Map); ok {
			x, k := c.expr(ix.X), c.to(ix.Index, m.Key())
			zero := reflect.Zero(rep)
			return func(fr *frame) control {
				mv, kv := as2(x(fr)), as2(k(fr))
				v := mv.MapIndex(kv)
				if !v.IsValid() {
					v = zero
				}
				mv.SetMapIndex(kv, apply(fr, v))
				return next
			}
		}
	}
	x := c.expr(lhs)
	return func(fr *frame) control {
		v := x(fr)
		v.Set(apply(fr, v))
		return next
	}
}
