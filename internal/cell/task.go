package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// This file prepares functions that a cell hands to package parallel for their
// journey. A function with a name travels by that name. A literal, a method value
// and an instance of a generic function have none, so they are lifted: the unit
// gets a function that makes them from their captured values, and the argument
// becomes codec.Lit(maker, &captures). Captured variables travel by value.

const parallelPath = goparPrefix + "parallel"

// takesTasks reports whether a call is of a function or method of package
// parallel and passes it a function without a name.
func (l *lowering) takesTasks(n *ast.CallExpr) bool {
	callee := calledObject(l.info, n)
	if callee == nil || callee.Pkg() == nil || callee.Pkg().Path() != parallelPath {
		return false
	}
	return slices.ContainsFunc(n.Args, l.nameless)
}

// calledObject is the function or method that a call names.
func calledObject(info *types.Info, n *ast.CallExpr) types.Object {
	switch f := ast.Unparen(n.Fun).(type) {
	case *ast.Ident:
		return info.Uses[f]
	case *ast.SelectorExpr:
		return info.Uses[f.Sel]
	case *ast.IndexExpr:
		return calledObject(info, &ast.CallExpr{Fun: f.X})
	case *ast.IndexListExpr:
		return calledObject(info, &ast.CallExpr{Fun: f.X})
	}
	return nil
}

// nameless reports whether e is a function that has no name to travel by.
func (l *lowering) nameless(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return true
	case *ast.SelectorExpr:
		sel := l.info.Selections[e]
		return sel != nil && sel.Kind() != types.FieldVal
	case *ast.IndexExpr, *ast.IndexListExpr:
		_, isFunc := l.info.TypeOf(e).(*types.Signature)
		tv := l.info.Types[indexed(e)]
		_, generic := tv.Type.(*types.Signature)
		return isFunc && generic
	}
	return false
}

func indexed(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.IndexExpr:
		return e.X
	case *ast.IndexListExpr:
		return e.X
	}
	return e
}

// taskCall writes such a call with the functions lifted.
func (l *lowering) taskCall(n *ast.CallExpr) string {
	var b strings.Builder
	b.WriteString(l.emit(n.Fun))
	pos := n.Fun.End()
	for _, a := range n.Args {
		b.WriteString(l.text(pos, a.Pos()))
		if l.nameless(a) {
			b.WriteString(l.lift(ast.Unparen(a)))
		} else {
			b.WriteString(l.emit(a))
		}
		pos = a.End()
	}
	b.WriteString(l.text(pos, n.End()))
	return b.String()
}

// lift declares the maker of a function and writes the call that ships it.
func (l *lowering) lift(e ast.Expr) string {
	l.lits++
	name := fmt.Sprintf("%slit%d", prefix, l.lits)
	t := l.info.TypeOf(e)
	if mentionsTypeParam(t) {
		return l.fail(e, "a function that depends on a type parameter cannot be sent to an engine: make it a function of its own")
	}
	captures := l.captures(e)
	var fields, values, locals []string
	for _, v := range captures {
		if why := cannotTravel(v.Type(), nil); why != "" {
			return l.fail(e, "captured variable %s cannot be sent to an engine: %s", v.Name(), why)
		}
		fields = append(fields, v.Name()+" "+l.typ(v.Type()))
		values = append(values, v.Name())
		locals = append(locals, fmt.Sprintf("%s := gopar__c.%s; _ = %s; ", v.Name(), v.Name(), v.Name()))
	}
	record := "struct{ " + strings.Join(fields, "; ") + " }"
	outer := l.fn
	l.enter(l.litObj(name))
	body := l.emit(e)
	l.fn = outer
	fmt.Fprintf(&l.head, "func %s(gopar__c *%s) %s { %s%s return %s\n}\n",
		name, record, l.typ(t), strings.Join(locals, ""), l.line(e.Pos(), false), body)
	l.funcs = append(l.funcs, name)
	codec := l.importAlias(goparPrefix + "internal/codec")
	return l.replace(e, fmt.Sprintf("%s.Lit(%s, &%s{%s})", codec, name, record, strings.Join(values, ", ")))
}

// litObj is a stand-in object for a lifted function, to account its reads to.
func (l *lowering) litObj(name string) types.Object {
	if l.litObjs == nil {
		l.litObjs = map[string]types.Object{}
	}
	if l.litObjs[name] == nil {
		l.litObjs[name] = types.NewFunc(token.NoPos, l.pkg, name, types.NewSignatureType(nil, nil, nil, nil, nil, false))
	}
	return l.litObjs[name]
}

// captures lists the local variables from outside that an expression uses, in
// order of appearance.
func (l *lowering) captures(e ast.Expr) []*types.Var {
	var vars []*types.Var
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		v, ok := l.info.Uses[id].(*types.Var)
		if !ok || v.IsField() || l.isSession(v) || v.Pkg() != l.pkg && v.Pkg().Path() != sessionPath || v.Parent() == l.pkg.Scope() {
			return true
		}
		if (v.Pos() < e.Pos() || v.Pos() >= e.End()) && !slices.Contains(vars, v) {
			vars = append(vars, v)
		}
		return true
	})
	return vars
}

// cannotTravel explains why values of a type cannot be sent, "" if they can as far
// as the type tells.
func cannotTravel(t types.Type, seen []types.Type) string {
	if slices.Contains(seen, t) {
		return ""
	}
	seen = append(seen, t)
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil {
		switch qualified(n.Obj()) {
		case "sync.Mutex", "sync.RWMutex", "sync.WaitGroup", "sync.Cond", "sync.Once", "os.File":
			return "a " + types.TypeString(n, shortQualifier) + " belongs to this process"
		case "context.Context":
			return "a context.Context belongs to this process (a task whose first parameter is a context gets its own)"
		}
		if !strings.HasPrefix(n.Obj().Pkg().Path(), sessionPath) {
			return ""
		}
	}
	switch u := types.Unalias(t).Underlying().(type) {
	case *types.Chan:
		return "a channel belongs to this process"
	case *types.Signature:
		return "a function value has no name to send it by"
	case *types.Pointer:
		return cannotTravel(u.Elem(), seen)
	case *types.Slice:
		return cannotTravel(u.Elem(), seen)
	case *types.Array:
		return cannotTravel(u.Elem(), seen)
	case *types.Map:
		return cannotTravel(u.Elem(), seen)
	case *types.Struct:
		for f := range u.Fields() {
			if why := cannotTravel(f.Type(), seen); why != "" {
				return "field " + f.Name() + ": " + why
			}
		}
	}
	return ""
}
