package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// This file finds the places where a value of a struct type becomes one of another type
// without a conversion: of a named type and the same struct without a name. When their
// unexported fields belong to different units, the compiler takes them for different
// types, so lowering puts a conversion of its own there.

// implicits collects the expressions that need such a conversion, and to what.
type implicits struct {
	l       *lowering
	to      map[ast.Expr]types.Type
	results []*types.Tuple // of the functions around the node
}

// findImplicit looks through everything that is lowered.
func (l *lowering) findImplicit() {
	f := &implicits{l: l, to: map[ast.Expr]types.Type{}}
	l.implicit = f.to
	for _, d := range slices.Concat(l.checker.decls, l.carried) {
		l.cur = d.src
		f.walk(d.node)
	}
	l.cur = l.src
	for _, d := range l.inits {
		f.walk(d)
	}
	for _, st := range l.steps {
		for _, n := range st.nodes() {
			f.walk(n)
		}
		if v := st.spec; v != nil {
			for i, n := range v.names {
				if o := l.pkg.Scope().Lookup(n.Name); o != nil && n.Name != "_" && len(v.values) == len(v.names) {
					f.give(o.Type(), v.values[i])
				} else if v.typ != nil && len(v.values) == len(v.names) {
					f.give(l.info.TypeOf(v.typ), v.values[i])
				}
			}
		}
	}
}

// give notes that the value of e becomes one of type to.
func (f *implicits) give(to types.Type, e ast.Expr) {
	if to == nil || e == nil {
		return
	}
	from := f.l.info.TypeOf(e)
	if from == nil || !f.l.reshapes(to, from) {
		return
	}
	f.to[e] = to
}

// giveAll is give for lists; results of one call cannot be converted one by one.
func (f *implicits) giveAll(to []types.Type, list []ast.Expr) {
	if len(to) == len(list) {
		for i, e := range list {
			f.give(to[i], e)
		}
		return
	}
	if len(list) != 1 {
		return
	}
	tuple, ok := f.l.info.TypeOf(list[0]).(*types.Tuple)
	for i := 0; ok && i < min(tuple.Len(), len(to)); i++ {
		if to[i] != nil && f.l.reshapes(to[i], tuple.At(i).Type()) {
			f.l.fail(list[0], "result %d, a %s, becomes a %s, whose fields another cell declares: assign it to a variable first", i+1,
				types.TypeString(tuple.At(i).Type(), shortQualifier), types.TypeString(to[i], shortQualifier))
		}
	}
}

func (f *implicits) walk(root ast.Node) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body != nil {
				f.function(n.Name, n.Body)
			}
			return false
		case *ast.FuncLit:
			f.literal(n)
			return false
		default:
			f.visit(n)
		}
		return true
	})
}

// function walks a body, whose return statements give values the types of its results.
func (f *implicits) function(name *ast.Ident, body *ast.BlockStmt) {
	if fn, ok := f.l.info.Defs[name].(*types.Func); ok {
		f.results = append(f.results, fn.Signature().Results())
		defer func() { f.results = f.results[:len(f.results)-1] }()
	}
	f.walk(body)
}

func (f *implicits) literal(n *ast.FuncLit) {
	if sig, ok := f.l.info.TypeOf(n).(*types.Signature); ok {
		f.results = append(f.results, sig.Results())
		defer func() { f.results = f.results[:len(f.results)-1] }()
	}
	f.walk(n.Body)
}

func (f *implicits) visit(n ast.Node) {
	info := f.l.info
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok == token.ASSIGN || n.Tok == token.DEFINE {
			f.giveAll(f.typesOf(n.Lhs), n.Rhs)
		}
	case *ast.ValueSpec:
		if n.Type != nil {
			for _, v := range n.Values {
				f.give(info.TypeOf(n.Type), v)
			}
		}
	case *ast.ReturnStmt:
		if len(f.results) > 0 {
			f.giveAll(tupleTypes(f.results[len(f.results)-1]), n.Results)
		}
	case *ast.SendStmt:
		if ch, ok := under(info.TypeOf(n.Chan)).(*types.Chan); ok {
			f.give(ch.Elem(), n.Value)
		}
	case *ast.IndexExpr:
		if m, ok := under(info.TypeOf(n.X)).(*types.Map); ok {
			f.give(m.Key(), n.Index)
		}
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			f.give(info.TypeOf(n.X), n.Y)
		}
	case *ast.SwitchStmt:
		if n.Tag != nil {
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					f.give(info.TypeOf(n.Tag), e)
				}
			}
		}
	case *ast.CallExpr:
		f.call(n)
	case *ast.CompositeLit:
		f.composite(n)
	}
}

func (f *implicits) call(n *ast.CallExpr) {
	tv := f.l.info.Types[n.Fun]
	if tv.IsType() {
		return
	}
	if tv.IsBuiltin() {
		if s, ok := under(f.l.info.TypeOf(n)).(*types.Slice); ok && len(n.Args) > 1 && !n.Ellipsis.IsValid() { // append
			for _, a := range n.Args[1:] {
				f.give(s.Elem(), a)
			}
		}
		return
	}
	sig, ok := under(tv.Type).(*types.Signature)
	if !ok {
		return
	}
	var params []types.Type
	for i := range max(len(n.Args), sig.Params().Len()) {
		if sig.Params().Len() > 0 && (i < sig.Params().Len() || sig.Variadic()) {
			params = append(params, paramType(sig, i, n.Ellipsis.IsValid()))
		}
	}
	if len(params) > len(n.Args) && len(n.Args) != 1 { // no argument for what is variadic
		params = params[:len(n.Args)]
	}
	f.giveAll(params, n.Args)
}

func (f *implicits) composite(n *ast.CompositeLit) {
	t := under(f.l.info.TypeOf(n))
	if p, ok := t.(*types.Pointer); ok {
		t = under(p.Elem())
	}
	for i, e := range n.Elts {
		key, value := ast.Expr(nil), e
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			key, value = kv.Key, kv.Value
		}
		switch t := t.(type) {
		case *types.Slice:
			f.give(t.Elem(), value)
		case *types.Array:
			f.give(t.Elem(), value)
		case *types.Map:
			f.give(t.Key(), key)
			f.give(t.Elem(), value)
		case *types.Struct:
			if id, ok := key.(*ast.Ident); ok {
				for field := range t.Fields() {
					if field.Name() == id.Name {
						f.give(field.Type(), value)
					}
				}
			} else if key == nil && i < t.NumFields() {
				f.give(t.Field(i).Type(), value)
			}
		}
	}
}

func (f *implicits) typesOf(list []ast.Expr) []types.Type {
	out := make([]types.Type, len(list))
	for i, e := range list {
		if id, ok := e.(*ast.Ident); ok && id.Name == "_" {
			continue
		}
		out[i] = f.l.info.TypeOf(e)
		if id, ok := e.(*ast.Ident); ok && out[i] == nil {
			if o := f.l.info.ObjectOf(id); o != nil {
				out[i] = o.Type()
			}
		}
	}
	return out
}

func tupleTypes(t *types.Tuple) []types.Type {
	var out []types.Type
	for v := range t.Variables() {
		out = append(out, v.Type())
	}
	return out
}

// under is the underlying type, nil for nil.
func under(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	return types.Unalias(t).Underlying()
}

// reshaped writes an expression with the conversion that it needs.
func (l *lowering) reshaped(e ast.Expr, to types.Type) string {
	delete(l.implicit, e)
	text := l.viewFunc() + "[" + l.typ(to) + "](" + l.emit(e) + ")"
	l.implicit[e] = to // a literal that is sent to an engine is written twice
	return text
}
