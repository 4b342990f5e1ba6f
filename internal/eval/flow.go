package eval

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unicode/utf8"
)

func (c *compiler) rangeStmt(s *ast.RangeStmt, label string) stmt {
	t := c.typeOf(s.X)
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		t = types.Default(t)
		if b.Info()&types.IsString == 0 && s.Key != nil && c.typeOf(s.Key) != nil {
			t = c.typeOf(s.Key)
		}
	}
	var x expr
	if tv := c.info.Types[s.X]; tv.Value != nil {
		v := c.constant(s.X, t, tv.Value)
		x = func(*frame) reflect.Value { return v }
	} else {
		x = c.expr(s.X)
	}
	set := c.rangeVars(s)
	body := c.block(s.Body.List)
	each := c.ranger(s, t)
	return func(fr *frame) control {
		out := next
		each(fr, x(fr), func(k, v reflect.Value) bool {
			set(fr, k, v)
			ends, ctl := loopEnd(fr, body(fr), label)
			out = ctl
			return !ends
		})
		return out
	}
}

// rangeVars assigns to the variables of a range statement.
func (c *compiler) rangeVars(s *ast.RangeStmt) func(fr *frame, k, v reflect.Value) {
	one := func(e ast.Expr) func(*frame, reflect.Value) {
		if e == nil {
			return func(*frame, reflect.Value) {}
		}
		id, ok := e.(*ast.Ident)
		if ok && id.Name == "_" {
			return func(*frame, reflect.Value) {}
		}
		if s.Tok == token.DEFINE {
			o := c.info.Defs[id]
			rep, slot := c.rep(e, o.Type()), c.slot(o)
			return func(fr *frame, v reflect.Value) {
				n := reflect.New(rep).Elem()
				n.Set(v)
				fr.vars[slot] = n
			}
		}
		target := c.target(e)
		return func(fr *frame, v reflect.Value) { target(fr)(v) }
	}
	if s.Tok == token.ASSIGN {
		for _, e := range []ast.Expr{s.Key, s.Value} {
			if e == nil || c.typeOf(e) == nil { // nil: blank
				continue
			}
			if types.IsInterface(c.typeOf(e)) {
				c.refuse(e, "ranging into a variable of interface type")
			}
		}
	}
	k, v := one(s.Key), one(s.Value)
	return func(fr *frame, key, value reflect.Value) {
		k(fr, key)
		if value.IsValid() {
			v(fr, value)
		}
	}
}

// ranger says what there is to range over in values of a type.
func (c *compiler) ranger(s *ast.RangeStmt, t types.Type) func(fr *frame, x reflect.Value, yield func(k, v reflect.Value) bool) {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsString != 0 {
			return func(_ *frame, x reflect.Value, yield func(k, v reflect.Value) bool) {
				text := x.String()
				for i := 0; i < len(text); {
					r, n := utf8.DecodeRuneInString(text[i:])
					if !yield(reflect.ValueOf(i), reflect.ValueOf(r)) {
						return
					}
					i += n
				}
			}
		}
		rep := c.rep(s.X, t)
		return func(_ *frame, x reflect.Value, yield func(k, v reflect.Value) bool) {
			n := reflect.New(rep).Elem()
			if n.CanInt() {
				for i, end := int64(0), x.Int(); i < end; i++ {
					n.SetInt(i)
					if !yield(n, reflect.Value{}) {
						return
					}
				}
				return
			}
			for i, end := uint64(0), x.Uint(); i < end; i++ {
				n.SetUint(i)
				if !yield(n, reflect.Value{}) {
					return
				}
			}
		}
	case *types.Slice:
		return func(_ *frame, x reflect.Value, yield func(k, v reflect.Value) bool) {
			x = as2(x)
			for i := range x.Len() {
				if !yield(reflect.ValueOf(i), x.Index(i)) {
					return
				}
			}
		}
	case *types.Array:
		return func(_ *frame, x reflect.Value, yield func(k, v reflect.Value) bool) {
			if s.Value != nil {
				x = as2(x)
			}
			for i := range x.Len() {
				if !yield(reflect.ValueOf(i), x.Index(i)) {
					return
				}
			}
		}
	case *types.Pointer:
		a := u.Elem().Underlying().(*types.Array)
		rep := c.rep(s.X, u.Elem())
		return func(_ *frame, x reflect.Value, yield func(k, v reflect.Value) bool) {
			x = as2(x)
			for i := range int(a.Len()) {
				v := reflect.Value{}
				if s.Value != nil {
					v = deref(x, rep).Index(i)
				}
				if !yield(reflect.ValueOf(i), v) {
					return
				}
			}
		}
	case *types.Map:
		return func(_ *frame, x reflect.Value, yield func(k, v reflect.Value) bool) {
			for it := as2(x).MapRange(); it.Next(); {
				if !yield(it.Key(), it.Value()) {
					return
				}
			}
		}
	case *types.Chan:
		return func(_ *frame, x reflect.Value, yield func(k, v reflect.Value) bool) {
			for x = as2(x); ; {
				v, ok := receiveFrom(x)
				if !ok || !yield(v, reflect.Value{}) {
					return
				}
			}
		}
	}
	c.refuse(s, "ranging over functions")
	return nil
}

func (c *compiler) switchStmt(s *ast.SwitchStmt, label string) stmt {
	var init stmt
	if s.Init != nil {
		init = c.stmt(s.Init, "")
	}
	var tag expr
	var t types.Type = types.Typ[types.Bool]
	if s.Tag != nil {
		t = types.Default(c.typeOf(s.Tag))
		tag = c.to(s.Tag, t)
	}
	type clause struct {
		conds []func(*frame, reflect.Value) bool
		body  stmt
	}
	var clauses []clause
	fallback := -1
	for i, cs := range s.Body.List {
		cc := cs.(*ast.CaseClause)
		if cc.List == nil {
			fallback = i
		}
		var cl clause
		for _, e := range cc.List {
			cl.conds = append(cl.conds, c.caseCond(s, e, t))
		}
		cl.body = c.block(cc.Body)
		clauses = append(clauses, cl)
	}
	return func(fr *frame) control {
		if init != nil {
			init(fr)
		}
		v := reflect.ValueOf(true)
		if tag != nil {
			v = as2(tag(fr))
		}
		at := fallback
	find:
		for i, cl := range clauses {
			for _, cond := range cl.conds {
				if cond(fr, v) {
					at = i
					break find
				}
			}
		}
		for ; at >= 0; at++ {
			ctl := clauses[at].body(fr)
			if ctl != fell {
				return switchEnd(fr, ctl, label)
			}
		}
		return next
	}
}

// switchEnd is what the end of a clause means: break ends the switch.
func switchEnd(fr *frame, ctl control, label string) control {
	if ctl == broke && (fr.label == "" || fr.label == label) {
		fr.label = ""
		return next
	}
	return ctl
}

func (c *compiler) caseCond(s *ast.SwitchStmt, e ast.Expr, t types.Type) func(*frame, reflect.Value) bool {
	if s.Tag == nil {
		x := c.expr(e)
		return func(fr *frame, _ reflect.Value) bool { return x(fr).Bool() }
	}
	tv := c.info.Types[e]
	if tv.IsNil() {
		return func(_ *frame, v reflect.Value) bool { return v.IsNil() }
	}
	if !types.IsInterface(t) && types.IsInterface(tv.Type) {
		c.refuse(e, "comparing with an interface here")
	}
	var x expr
	if tv.Value != nil && !types.IsInterface(t) {
		k := c.constant(e, t, tv.Value)
		x = func(*frame) reflect.Value { return k }
	} else {
		x = c.to(e, t)
	}
	return func(fr *frame, v reflect.Value) bool { return c.l.equal(v, x(fr)) }
}

func (c *compiler) typeSwitch(s *ast.TypeSwitchStmt, label string) stmt {
	var init stmt
	if s.Init != nil {
		init = c.stmt(s.Init, "")
	}
	var subject ast.Expr
	switch a := s.Assign.(type) {
	case *ast.ExprStmt:
		subject = a.X.(*ast.TypeAssertExpr).X
	case *ast.AssignStmt:
		subject = a.Rhs[0].(*ast.TypeAssertExpr).X
	}
	x := c.expr(subject)
	type clause struct {
		types []types.Type // nil for nil
		reps  []reflect.Type
		slot  int
		own   types.Type
		rep   reflect.Type
		body  stmt
	}
	var clauses []clause
	fallback := -1
	for i, cs := range s.Body.List {
		cc := cs.(*ast.CaseClause)
		cl := clause{slot: -1}
		if cc.List == nil {
			fallback = i
		}
		for _, e := range cc.List {
			if c.info.Types[e].IsNil() {
				cl.types, cl.reps = append(cl.types, nil), append(cl.reps, nil)
				continue
			}
			t := c.typeOf(e)
			c.assertable(e, t)
			cl.types, cl.reps = append(cl.types, t), append(cl.reps, c.rep(e, t))
		}
		if o := c.info.Implicits[cc]; o != nil {
			cl.slot, cl.own, cl.rep = c.slot(o), o.Type(), c.rep(cc, o.Type())
		}
		cl.body = c.block(cc.Body)
		clauses = append(clauses, cl)
	}
	return func(fr *frame) control {
		if init != nil {
			init(fr)
		}
		v := as2(x(fr))
		at, got := fallback, v
	find:
		for i, cl := range clauses {
			for j, t := range cl.types {
				if t == nil {
					if v.IsNil() {
						at = i
						break find
					}
					continue
				}
				if g, ok := c.l.holds(v, t, cl.reps[j]); ok {
					at = i
					if len(cl.types) == 1 {
						got = c.asHeld(g, t, cl.reps[j])
					}
					break find
				}
			}
		}
		if at < 0 {
			return next
		}
		cl := clauses[at]
		if cl.slot >= 0 {
			n := reflect.New(cl.rep).Elem()
			n.Set(got)
			fr.vars[cl.slot] = n
		}
		return switchEnd(fr, cl.body(fr), label)
	}
}
