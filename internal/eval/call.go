package eval

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/unit"
)

// call translates a call.
func (c *compiler) call(e *ast.CallExpr) func(*frame) []reflect.Value {
	tv := c.info.Types[e.Fun]
	switch {
	case tv.IsType():
		x := c.convert(e, tv.Type)
		return func(fr *frame) []reflect.Value { return []reflect.Value{x(fr)} }
	case tv.IsBuiltin():
		return c.builtin(e)
	}
	sig, ok := tv.Type.Underlying().(*types.Signature)
	if !ok {
		c.refuse(e, "this call")
	}
	target, host := c.target2(e, sig)
	args := c.args(e, sig, host)
	return func(fr *frame) []reflect.Value {
		call := target(fr)
		return call(args(fr))
	}
}

// target2 says what is called, and under which name if it is compiled code that gets
// values of interface types; "" if it is not.
func (c *compiler) target2(e *ast.CallExpr, sig *types.Signature) (func(*frame) callee, string) {
	fun := ast.Unparen(e.Fun)
	switch f := fun.(type) {
	case *ast.Ident:
		if o, ok := c.info.Uses[f].(*types.Func); ok {
			return c.direct(f, o), ""
		}
	case *ast.SelectorExpr:
		if sel := c.info.Selections[f]; sel != nil {
			if sel.Kind() == types.MethodVal {
				m := sel.Obj().(*types.Func)
				host := ""
				if c.l.funcs[m.Origin()] == nil && !types.IsInterface(sel.Recv()) {
					host = m.FullName()
				}
				return c.bound(f, sel), host
			}
			break
		}
		o, ok := c.info.Uses[f.Sel].(*types.Func)
		if !ok {
			break
		}
		if isUnit(o.Pkg()) {
			return c.direct(f, o), ""
		}
		if sig.TypeParams().Len() > 0 || o.Signature().TypeParams().Len() > 0 {
			c.refuse(e, o.Pkg().Name()+"."+o.Name()+", which is generic,")
		}
		if special := c.special(e, o); special != nil {
			return special, "special"
		}
		v, ok := hostSymbol(o.Pkg().Path(), o.Name())
		if !ok {
			c.refuse(e, o.Pkg().Name()+"."+o.Name())
		}
		return func(*frame) callee { return hostCall(v) }, o.Pkg().Path() + "." + o.Name()
	}
	x := c.expr(fun)
	return func(fr *frame) callee {
		f := as2(x(fr))
		return func(args []reflect.Value) []reflect.Value {
			if f.IsNil() {
				nilDereference()
			}
			return hostCall(f)(args)
		}
	}, ""
}

// hostCall calls a function value; variadic arguments come as a slice.
func hostCall(f reflect.Value) callee {
	return func(args []reflect.Value) []reflect.Value {
		t := f.Type()
		for i := range args {
			args[i] = as(args[i], t.In(i))
		}
		if t.IsVariadic() {
			return f.CallSlice(args)
		}
		return f.Call(args)
	}
}

func (c *compiler) direct(e ast.Expr, o *types.Func) func(*frame) callee {
	f := c.l.funcs[o]
	if f == nil {
		c.refuse(e, "the function "+o.Name())
	}
	run := func(args []reflect.Value) []reflect.Value { return f.call(args, nil) }
	return func(*frame) callee { return run }
}

// printers are the functions of package fmt that boxes were made for; the number is
// that of the format's argument, -1 without one.
var printers = map[string]int{
	"fmt.Print": -1, "fmt.Println": -1, "fmt.Printf": 0, "fmt.Sprint": -1, "fmt.Sprintln": -1, "fmt.Sprintf": 0,
	"fmt.Fprint": -1, "fmt.Fprintln": -1, "fmt.Fprintf": 1, "fmt.Errorf": 0,
}

// plainTakers get values without their types: they look at nothing but the structure.
var plainTakers = []string{"sort.Slice", "sort.SliceStable", "sort.SliceIsSorted"}

// boxTakers may get boxes: they hand them back, or call their methods.
var boxTakers = []string{"special", "errors.Unwrap", "errors.Join", "(*container/list.List).PushBack", "(*container/list.List).PushFront"}

// args translates arguments: what a function gets has exactly the types of its
// parameters, variadic ones as a slice.
func (c *compiler) args(e *ast.CallExpr, sig *types.Signature, host string) func(*frame) []reflect.Value {
	n := sig.Params().Len()
	if len(e.Args) == 1 && n != 0 {
		if tuple, ok := c.typeOf(e.Args[0]).(*types.Tuple); ok {
			if format, prints := printers[host]; host != "" && host != "special" && (!prints || format >= 0) {
				c.refuse(e, "passing on several results here")
			}
			return c.results(e, sig, tuple)
		}
	}
	fixed := n
	if sig.Variadic() && !e.Ellipsis.IsValid() {
		fixed = n - 1
	}
	if host != "" {
		c.checkHost(e, sig, host)
	}
	plain := slices.Contains(plainTakers, host)
	var xs []expr
	for i, a := range e.Args {
		t := sig.Params().At(min(i, n-1)).Type()
		if i >= fixed {
			t = t.(*types.Slice).Elem()
		}
		if plain && types.IsInterface(t) {
			xs = append(xs, c.expr(a))
			continue
		}
		xs = append(xs, c.to(a, t))
	}
	var rest reflect.Type
	if fixed < n {
		rest = c.rep(e, sig.Params().At(n-1).Type())
	}
	all := c.list(e.Args, xs)
	return func(fr *frame) []reflect.Value {
		vs := all(fr)
		if rest != nil {
			s := reflect.Zero(rest)
			if more := len(xs) - fixed; more > 0 {
				s = reflect.MakeSlice(rest, more, more)
				for i, v := range vs[fixed:] {
					s.Index(i).Set(v)
				}
			}
			vs = append(vs[:fixed:fixed], s)
		}
		return vs
	}
}

// results passes on the results of a call as arguments.
func (c *compiler) results(e *ast.CallExpr, sig *types.Signature, tuple *types.Tuple) func(*frame) []reflect.Value {
	n := sig.Params().Len()
	if !sig.Variadic() {
		return c.spread(e.Args[0], sig.Params())
	}
	last := sig.Params().At(n - 1).Type()
	var to []*types.Var
	for i := range tuple.Len() {
		t := last.(*types.Slice).Elem()
		if i < n-1 {
			t = sig.Params().At(i).Type()
		}
		to = append(to, types.NewVar(0, nil, "", t))
	}
	all, rest := c.spread(e.Args[0], types.NewTuple(to...)), c.rep(e, last)
	return func(fr *frame) []reflect.Value {
		vs := all(fr)
		s := reflect.MakeSlice(rest, len(vs)-(n-1), len(vs)-(n-1))
		for i, v := range vs[n-1:] {
			s.Index(i).Set(v)
		}
		return append(vs[:n-1:n-1], s)
	}
}

// list computes copies of values in the order of compiled code: what calls something
// first, then the rest.
func (c *compiler) list(es []ast.Expr, xs []expr) func(*frame) []reflect.Value {
	late := make([]bool, len(xs))
	calls := false
	for i, e := range es {
		late[i] = !c.calls(e)
		calls = calls || !late[i]
	}
	return func(fr *frame) []reflect.Value {
		vs := make([]reflect.Value, len(xs))
		for i, x := range xs {
			if !calls || !late[i] {
				vs[i] = as2(x(fr))
			}
		}
		if calls {
			for i, x := range xs {
				if late[i] {
					vs[i] = as2(x(fr))
				}
			}
		}
		return vs
	}
}

// calls reports whether computing an expression calls a function or receives.
func (c *compiler) calls(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			tv := c.info.Types[n.Fun]
			found = found || !tv.IsType() && !tv.IsBuiltin()
			if tv.IsBuiltin() && len(n.Args) == 1 { // len and cap of a channel
				_, ch := c.typeOf(n.Args[0]).Underlying().(*types.Chan)
				found = found || ch
			}
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

// checkHost refuses calls of compiled functions that would see boxes for what they are.
func (c *compiler) checkHost(e *ast.CallExpr, sig *types.Signature, host string) {
	if slices.Contains(boxTakers, host) {
		return
	}
	format, prints := printers[host]
	boxes := false
	for i, a := range e.Args {
		t := c.typeOf(a)
		p := sig.Params().At(min(i, sig.Params().Len()-1)).Type()
		if sig.Variadic() && i >= sig.Params().Len()-1 && !e.Ellipsis.IsValid() {
			p = p.(*types.Slice).Elem()
		}
		if !types.IsInterface(p) && !holdsBoxes(p) || c.info.Types[a].IsNil() {
			continue
		}
		if holdsBoxes(t) || mentionsUnit(t) {
			if hp, ok := types.Unalias(t).(*types.Named); ok && types.IsInterface(t) && hp.Obj().Pkg() != nil && !isUnit(hp.Obj().Pkg()) {
				continue // io.Writer, context.Context: no box is one
			}
			boxes = true
			if !prints && !slices.Contains(plainTakers, host) {
				c.refuse(a, "a value of "+c.l.name(t)+" given to "+host)
			}
		}
	}
	if !prints || !boxes {
		return
	}
	if format < 0 {
		return
	}
	v := c.info.Types[e.Args[format]].Value
	if v == nil || v.Kind() != constant.String {
		c.refuse(e, "a format that is not constant, with values of a cell's types,")
	}
	for _, verb := range verbs(constant.StringVal(v)) {
		if strings.ContainsAny(verb, "Tp#*[") {
			c.refuse(e, "the verb "+verb+" with values of a cell's types")
		}
	}
}

// verbs lists the verbs of a format, with their flags.
func verbs(format string) []string {
	var all []string
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		j := i + 1
		for j < len(format) && strings.IndexByte("+-# 0123456789.*[]", format[j]) >= 0 {
			j++
		}
		all = append(all, format[i:min(j+1, len(format))])
		i = j
	}
	return all
}

// special are functions that look into boxes.
func (c *compiler) special(e *ast.CallExpr, o *types.Func) func(*frame) callee {
	name := o.Pkg().Path() + "." + o.Name()
	constantly := func(f callee) func(*frame) callee { return func(*frame) callee { return f } }
	switch {
	case name == "errors.Is":
		return constantly(func(args []reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.ValueOf(c.l.errorIs(args[0], args[1]))}
		})
	case name == "errors.As":
		c.refuse(e, "errors.As")
	case name == "fmt.Print" || name == "fmt.Sprint" || name == "fmt.Fprint":
		for _, a := range e.Args { // they put spaces between operands that are not strings
			if t := c.typeOf(a); mentionsUnit(t) && !types.IsInterface(t) {
				if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
					c.refuse(a, "a value of "+c.l.name(t)+" given to "+name)
				}
			} else if types.IsInterface(t) && len(e.Args) > 1 {
				c.refuse(a, "an interface given to "+name+" beside others")
			}
		}
	case strings.HasSuffix(o.Pkg().Path(), "gopar/internal/unit") && (o.Name() == "Show" || o.Name() == "ShowResults"):
		show := unit.Show
		if o.Name() == "ShowResults" {
			show = unit.ShowResults
		}
		return constantly(func(args []reflect.Value) []reflect.Value {
			vs := make([]any, args[0].Len())
			for i := range vs {
				vs[i] = args[0].Index(i).Interface()
				if b, ok := vs[i].(*box); ok {
					vs[i] = b.plain()
				}
			}
			show(vs...)
			return nil
		})
	}
	return nil
}

// errorIs is errors.Is.
func (l *Loader) errorIs(err, target reflect.Value) bool {
	if err.IsNil() || target.IsNil() {
		return err.IsNil() && target.IsNil()
	}
	comparable := target.Elem().Comparable()
	for {
		if comparable && l.equal(err, target) {
			return true
		}
		e := err.Interface().(error)
		if x, ok := e.(interface{ Is(error) bool }); ok && x.Is(target.Interface().(error)) {
			return true
		}
		switch x := e.(type) {
		case interface{ Unwrap() error }:
			inner := x.Unwrap()
			if inner == nil {
				return false
			}
			err = reflect.ValueOf(&inner).Elem()
		case interface{ Unwrap() []error }:
			for _, inner := range x.Unwrap() {
				if inner != nil && l.errorIs(reflect.ValueOf(&inner).Elem(), target) {
					return true
				}
			}
			return false
		default:
			return false
		}
	}
}

// deferred evaluates function and arguments of a deferred call and returns the call.
func (c *compiler) deferred(e *ast.CallExpr) func(*frame) func() {
	thrownOf := func(fr *frame) *thrown {
		t, _ := fr.vars[0].Interface().(*thrown)
		return t
	}
	if lit, ok := ast.Unparen(e.Fun).(*ast.FuncLit); ok { // it may recover
		inner := &compiler{l: c.l, info: c.info, outer: c, slots: map[types.Object]int{}, sig: c.typeOf(lit).(*types.Signature)}
		f := &function{name: "deferred", sig: inner.sig}
		inner.function(f, nil, lit.Type, lit.Body)
		args := c.args(e, inner.sig, "")
		caps := inner.captures
		return func(fr *frame) func() {
			vs := args(fr)
			held := &frame{vars: slices.Clone(fr.vars)}
			t := thrownOf(fr)
			return func() {
				f.callDeferred(vs, func(to *frame) {
					for _, p := range caps {
						to.vars[p.inner] = held.vars[p.outer]
					}
				}, t)
			}
		}
	}
	if id, ok := ast.Unparen(e.Fun).(*ast.Ident); ok {
		if o, ok := c.info.Uses[id].(*types.Func); ok && c.l.funcs[o] != nil {
			f := c.l.funcs[o]
			args := c.args(e, o.Signature(), "")
			return func(fr *frame) func() {
				vs, t := args(fr), thrownOf(fr)
				return func() { f.callDeferred(vs, nil, t) }
			}
		}
	}
	tv := c.info.Types[e.Fun]
	if tv.IsBuiltin() || tv.IsType() {
		c.refuse(e, "deferring a builtin")
	}
	sig := tv.Type.Underlying().(*types.Signature)
	target, host := c.target2(e, sig)
	args := c.args(e, sig, host)
	return func(fr *frame) func() {
		call := target(fr)
		vs := args(fr)
		return func() { call(vs) }
	}
}
