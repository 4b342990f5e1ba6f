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
