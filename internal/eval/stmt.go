package eval

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
)

// control says how a statement ended.
type control int

const (
	next control = iota
	broke
	continued
	returned
	fell // through to the next case
)

// stmt executes a statement.
type stmt func(*frame) control

// function translates a function: parameters, results, body.
func (c *compiler) function(f *function, recv *ast.FieldList, t *ast.FuncType, body *ast.BlockStmt) {
	c.fn = f
	bind := func(list *ast.FieldList, to *[]param) {
		if list == nil {
			return
		}
		for _, fd := range list.List {
			rep := c.rep(fd.Type, c.fieldType(fd))
			if len(fd.Names) == 0 {
				*to = append(*to, param{-1, rep})
			}
			for _, n := range fd.Names {
				o := c.info.Defs[n]
				s := c.slot(o)
				*to = append(*to, param{s, rep})
			}
		}
	}
	bind(recv, &f.params)
	bind(t.Params, &f.params)
	bind(t.Results, &f.results)
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.DeferStmt:
			f.defers = true
		case *ast.FuncLit:
			return false
		}
		return true
	})
	f.body = c.block(body.List)
	f.slots = c.n + 1 // slot 0 is the frame's own
}

// fieldType is the type of a parameter; a variadic one is a slice.
func (c *compiler) fieldType(fd *ast.Field) types.Type {
	if el, ok := fd.Type.(*ast.Ellipsis); ok {
		return types.NewSlice(c.typeOf(el.Elt))
	}
	return c.typeOf(fd.Type)
}

func (c *compiler) block(list []ast.Stmt) stmt {
	var all []stmt
	for _, s := range list {
		if t := c.stmt(s, ""); t != nil {
			all = append(all, t)
		}
	}
	switch len(all) {
	case 0:
		return func(*frame) control { return next }
	case 1:
		return all[0]
	}
	return func(fr *frame) control {
		for _, s := range all {
			if ctl := s(fr); ctl != next {
				return ctl
			}
		}
		return next
	}
}

func (c *compiler) stmt(s ast.Stmt, label string) stmt {
	if isStopCheck(s) {
		if check := s.(*ast.IfStmt); len(check.Body.List) > 1 {
			return c.stopCheck(check)
		}
		return stopped
	}
	switch s := s.(type) {
	case *ast.EmptyStmt:
		return nil
	case *ast.BlockStmt:
		return c.block(s.List)
	case *ast.ExprStmt:
		return c.exprStmt(s)
	case *ast.AssignStmt:
		return c.assign(s)
	case *ast.IncDecStmt:
		return c.incDec(s)
	case *ast.DeclStmt:
		return c.decl(s)
	case *ast.IfStmt:
		return c.ifStmt(s)
	case *ast.ForStmt:
		return c.forStmt(s, label)
	case *ast.RangeStmt:
		return c.rangeStmt(s, label)
	case *ast.SwitchStmt:
		return c.switchStmt(s, label)
	case *ast.TypeSwitchStmt:
		return c.typeSwitch(s, label)
	case *ast.LabeledStmt:
		return c.stmt(s.Stmt, s.Label.Name)
	case *ast.BranchStmt:
		return c.branch(s)
	case *ast.ReturnStmt:
		return c.returnStmt(s)
	case *ast.DeferStmt:
		return c.deferStmt(s)
	case *ast.SendStmt:
		return c.send(s)
	}
	what := map[string]string{"*ast.SelectStmt": "select statements", "*ast.GoStmt": "this go statement"}[reflect.TypeOf(s).String()]
	if what == "" {
		what = "this statement"
	}
	c.refuse(s, what)
	return nil
}

func (c *compiler) send(s *ast.SendStmt) stmt {
	ch := c.expr(s.Chan)
	v := c.to(s.Value, c.typeOf(s.Chan).Underlying().(*types.Chan).Elem())
	return func(fr *frame) control {
		to := ch(fr)
		sendTo(to, v(fr))
		return next
	}
}

func (c *compiler) exprStmt(s *ast.ExprStmt) stmt {
	if u, ok := ast.Unparen(s.X).(*ast.UnaryExpr); ok && u.Op == token.ARROW {
		x := c.expr(s.X)
		return func(fr *frame) control { x(fr); return next }
	}
	call, ok := ast.Unparen(s.X).(*ast.CallExpr)
	if !ok {
		c.refuse(s, "this statement")
	}
	run := c.call(call)
	return func(fr *frame) control { run(fr); return next }
}

func (c *compiler) branch(s *ast.BranchStmt) stmt {
	label := ""
	if s.Label != nil {
		label = s.Label.Name
	}
	var ctl control
	switch s.Tok {
	case token.BREAK:
		ctl = broke
	case token.CONTINUE:
		ctl = continued
	case token.FALLTHROUGH:
		ctl = fell
	default:
		c.refuse(s, "goto statements")
	}
	return func(fr *frame) control { fr.label = label; return ctl }
}

func (c *compiler) returnStmt(s *ast.ReturnStmt) stmt {
	results := c.sig.Results()
	named := results.Len() > 0 && results.At(0).Name() != ""
	set := func(fr *frame, vs []reflect.Value) {
		if !named {
			fr.results = vs
			return
		}
		for i, r := range c.fn.results {
			fr.vars[r.slot].Set(vs[i])
		}
	}
	switch {
	case len(s.Results) == 0:
		return func(fr *frame) control { return returned }
	case len(s.Results) == 1 && results.Len() > 1:
		call := c.spread(s.Results[0], results)
		return func(fr *frame) control { set(fr, call(fr)); return returned }
	}
	var xs []expr
	for i, e := range s.Results {
		xs = append(xs, c.to(e, results.At(i).Type()))
	}
	all := c.list(s.Results, xs)
	return func(fr *frame) control {
		set(fr, all(fr))
		return returned
	}
}

// spread is a call whose results go to variables of the types of a tuple.
func (c *compiler) spread(e ast.Expr, to *types.Tuple) func(*frame) []reflect.Value {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		c.refuse(e, "this expression")
	}
	run := c.call(call)
	from, _ := c.typeOf(e).(*types.Tuple)
	var wraps []func(reflect.Value) reflect.Value
	for i := range to.Len() {
		wraps = append(wraps, c.wrapper(e, from.At(i).Type(), to.At(i).Type()))
	}
	return func(fr *frame) []reflect.Value {
		vs := run(fr)
		out := make([]reflect.Value, len(vs))
		for i, v := range vs {
			out[i] = as2(wraps[i](v))
		}
		return out
	}
}

// wrapper converts a value from one type to another as an assignment does.
func (c *compiler) wrapper(e ast.Expr, from, to types.Type) func(reflect.Value) reflect.Value {
	c.converted(e, nil, from, to) // or refuses
	if !types.IsInterface(to) || types.IsInterface(from) && c.rep(e, from) == c.rep(e, to) {
		return func(v reflect.Value) reflect.Value { return v }
	}
	rep := c.rep(e, to)
	return func(v reflect.Value) reflect.Value { return c.l.wrap(from, v, rep) }
}

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

func (c *compiler) ifStmt(s *ast.IfStmt) stmt {
	var init stmt
	if s.Init != nil {
		init = c.stmt(s.Init, "")
	}
	cond, body := c.expr(s.Cond), c.block(s.Body.List)
	var other stmt
	if s.Else != nil {
		other = c.stmt(s.Else, "")
	}
	return func(fr *frame) control {
		if init != nil {
			init(fr)
		}
		if cond(fr).Bool() {
			return body(fr)
		}
		if other != nil {
			return other(fr)
		}
		return next
	}
}

// loopEnd tells a loop what the end of its body means: whether it ends, and how.
func loopEnd(fr *frame, ctl control, label string) (ends bool, out control) {
	mine := fr.label == "" || fr.label == label
	switch {
	case ctl == broke && mine:
		fr.label = ""
		return true, next
	case ctl == continued && mine:
		fr.label = ""
		return false, next
	case ctl == next:
		return false, next
	}
	return true, ctl
}

func (c *compiler) forStmt(s *ast.ForStmt, label string) stmt {
	before := c.n
	var init, post stmt
	if s.Init != nil {
		init = c.stmt(s.Init, "")
	}
	own := c.n // slots before+1..own are the loop's variables: each iteration has its own
	var cond expr
	if s.Cond != nil {
		cond = c.expr(s.Cond)
	}
	body := c.block(s.Body.List)
	if s.Post != nil {
		post = c.stmt(s.Post, "")
	}
	return func(fr *frame) control {
		if init != nil {
			init(fr)
		}
		for {
			if cond != nil && !cond(fr).Bool() {
				return next
			}
			if ends, ctl := loopEnd(fr, body(fr), label); ends {
				return ctl
			}
			for i := before + 1; i <= own; i++ {
				if fr.vars[i].IsValid() {
					fr.vars[i] = as2(fr.vars[i])
				}
			}
			if post != nil {
				post(fr)
			}
		}
	}
}

func (c *compiler) deferStmt(s *ast.DeferStmt) stmt {
	call := c.deferred(s.Call)
	return func(fr *frame) control {
		fr.defers = append(fr.defers, call(fr))
		return next
	}
}
