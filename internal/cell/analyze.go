package cell

import (
	"go/ast"
	"go/token"
)

// This file sorts the parts of a parsed cell into declarations and steps.

// step is one thing Run does: define variables or execute statements.
type step struct {
	spec  *varSpec
	stmts []ast.Stmt
}

// varSpec is a definition of session variables: var a, b T = x, y or a, b := x, y.
type varSpec struct {
	node   ast.Node
	names  []*ast.Ident
	again  []bool // names[i] was defined earlier in this cell: an assignment
	typ    ast.Expr
	values []ast.Expr
	embed  *embedding // nil: no //go:embed above it
}

// analyze sorts the parsed cell into declarations and steps.
func (c *checker) analyze() Errors {
	defined := map[string]bool{}
	for i, it := range c.src.items {
		switch d := it.decl.(type) {
		case nil:
			c.analyzeStmts(it.stmts, defined, i == len(c.src.items)-1)
		case *ast.FuncDecl:
			c.analyzeFunc(d)
		case *ast.GenDecl:
			if errs := c.analyzeGen(d, defined); errs != nil {
				return errs
			}
		}
	}
	return append(c.nothingNew, c.strayEmbeds()...)
}

func (c *checker) analyzeFunc(d *ast.FuncDecl) {
	if d.Recv == nil && (d.Name.Name == "init" || d.Name.Name == "main") {
		c.inits = append(c.inits, d)
		return
	}
	name := d.Name.Name
	if d.Recv != nil {
		name = receiverBase(d)
	}
	c.decls = append(c.decls, c.newDecl(name, d))
}

func (c *checker) analyzeGen(d *ast.GenDecl, defined map[string]bool) Errors {
	switch d.Tok {
	case token.IMPORT:
		for _, spec := range d.Specs {
			c.addImport(spec.(*ast.ImportSpec))
		}
	case token.TYPE:
		for _, spec := range d.Specs {
			ts := spec.(*ast.TypeSpec)
			if ts.Doc == nil {
				ts.Doc = d.Doc
			}
			c.decls = append(c.decls, c.newDecl(ts.Name.Name, ts))
		}
	case token.CONST:
		names := constNames(d)
		if len(names) > 0 {
			c.decls = append(c.decls, c.newDecl(names[0], d))
		}
	case token.VAR:
		for _, spec := range d.Specs {
			vs := spec.(*ast.ValueSpec)
			docs := []*ast.CommentGroup{vs.Doc}
			if !d.Lparen.IsValid() {
				docs = append(docs, d.Doc)
			}
			embed, errs := c.embedOf(docs...)
			if errs != nil {
				return errs
			}
			if fault := embedFault(len(vs.Names), vs.Type, len(vs.Values)); embed != nil && fault != "" {
				return Errors{{Pos: c.s.fset.Position(embed.pos), Msg: fault}}
			}
			c.define(&varSpec{node: vs, names: vs.Names, typ: vs.Type, values: vs.Values, embed: embed}, defined)
		}
	}
	return nil
}

// analyzeStmts cuts a run of statements at the definitions of session variables
// and finds the last expression.
func (c *checker) analyzeStmts(stmts []ast.Stmt, defined map[string]bool, final bool) {
	var run []ast.Stmt
	flush := func() {
		if len(run) > 0 {
			c.steps = append(c.steps, step{stmts: run})
			run = nil
		}
	}
	for i, st := range stmts {
		if a, ok := st.(*ast.AssignStmt); ok && a.Tok == token.DEFINE && allIdents(a.Lhs) {
			flush()
			spec := &varSpec{node: a, values: a.Rhs}
			for _, l := range a.Lhs {
				spec.names = append(spec.names, l.(*ast.Ident))
			}
			c.define(spec, defined)
			continue
		}
		if e, ok := st.(*ast.ExprStmt); ok && final && i == len(stmts)-1 {
			c.last = e.X
		}
		run = append(run, st)
	}
	flush()
}

// define adds the definition of variables. A name that := meets again in the same
// cell is assigned to, as in Go.
func (c *checker) define(spec *varSpec, defined map[string]bool) {
	_, short := spec.node.(*ast.AssignStmt)
	fresh := false
	spec.again = make([]bool, len(spec.names))
	for i, n := range spec.names {
		spec.again[i] = short && defined[n.Name] && n.Name != "_"
		fresh = fresh || (!spec.again[i] && n.Name != "_")
	}
	if !fresh {
		if a, ok := spec.node.(*ast.AssignStmt); ok {
			c.nothingNew = append(c.nothingNew, Error{Pos: c.s.fset.Position(a.TokPos), Msg: "no new variables on left side of :="})
		}
		spec.again = make([]bool, len(spec.names))
	}
	for _, n := range spec.names {
		if n.Name != "_" {
			defined[n.Name] = true
		}
	}
	c.renameSelf(spec)
	c.steps = append(c.steps, step{spec: spec})
}

// mention finds where the definition's values use a name, or returns otherwise.
func (v *varSpec) mention(name string, otherwise ast.Node) ast.Node {
	found := otherwise
	for _, e := range v.values {
		ast.Inspect(e, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == name && found == otherwise {
				found = id
			}
			return true
		})
	}
	return found
}

func allIdents(list []ast.Expr) bool {
	for _, e := range list {
		if _, ok := e.(*ast.Ident); !ok {
			return false
		}
	}
	return true
}

// receiverBase is the name of a method's receiver type.
func receiverBase(d *ast.FuncDecl) string {
	if len(d.Recv.List) == 0 {
		return ""
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func constNames(d *ast.GenDecl) []string {
	var names []string
	for _, spec := range d.Specs {
		for _, n := range spec.(*ast.ValueSpec).Names {
			if n.Name != "_" {
				names = append(names, n.Name)
			}
		}
	}
	return names
}
