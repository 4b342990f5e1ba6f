package cell

import (
	"bytes"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/native"
)

// program is a Go program cut into cells.
type program struct {
	text         string
	cells        []string // imports and declarations, in an order without forward references
	main         string   // func main
	body         string   // what func main does
	noStatements bool
}

// cutProgram cuts a program: the imports, every declaration (declarations that
// need each other stay together), func main.
func cutProgram(t *testing.T, tc *native.Toolchain, file string) program {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	cut := &cutter{src: string(src), base: f.FileStart, apart: bytes.Contains(src, []byte(methodsApart))}
	cut.info = &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", tc.Export)}
	if _, err := conf.Check("main", fset, []*ast.File{f}, cut.info); err != nil {
		t.Fatal(err)
	}
	p := program{text: string(src), noStatements: bytes.Contains(src, []byte(noStatements))}
	var inits []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				p.cells = append(p.cells, cut.text(d, d.Doc))
				continue
			}
		case *ast.FuncDecl:
			switch {
			case d.Recv == nil && d.Name.Name == "init":
				inits = append(inits, cut.text(d, d.Doc))
				continue
			case d.Recv == nil && d.Name.Name == "main":
				p.main, p.body = cut.text(d, d.Doc), cut.body(d)
				continue
			}
		}
		cut.decls = append(cut.decls, d)
	}
	if n := len(p.cells); n > 0 {
		p.cells = []string{strings.Join(p.cells, "\n")}
	}
	p.cells = append(p.cells, cut.ordered()...)
	p.cells = append(p.cells, inits...)
	return p
}

// cutter puts the declarations of a program into an order without forward
// references.
type cutter struct {
	src   string
	base  token.Pos
	info  *types.Info
	apart bool
	decls []ast.Decl
	reach [][]bool
}

func (c *cutter) text(n ast.Node, doc *ast.CommentGroup) string {
	from := n.Pos()
	if doc != nil {
		from = doc.Pos()
	}
	return c.src[from-c.base : n.End()-c.base]
}

// body is the body of main as a cell that shows no result.
func (c *cutter) body(main *ast.FuncDecl) string {
	from, to := main.Body.Lbrace+1-c.base, main.Body.Rbrace-c.base
	if n := len(main.Body.List); n > 0 {
		if e, ok := main.Body.List[n-1].(*ast.ExprStmt); ok {
			end := e.End() - c.base
			return c.src[from:end] + ";" + c.src[end:to]
		}
	}
	return c.src[from:to]
}

// ordered returns the cells: variables in the order Go initializes them, before
// each what it needs, then the rest.
func (c *cutter) ordered() []string {
	c.connect()
	n := len(c.decls)
	var out []string
	placed := make([]bool, n)
	var place func(int)
	place = func(i int) {
		if placed[i] {
			return
		}
		var group []int
		for j := range n {
			if j == i || c.reach[i][j] && c.reach[j][i] {
				placed[j] = true
				group = append(group, j)
			}
		}
		for j := range n {
			if c.reach[i][j] {
				place(j)
			}
		}
		var texts []string
		for _, j := range group {
			texts = append(texts, c.textOf(c.decls[j]))
		}
		out = append(out, strings.Join(texts, "\n\n"))
	}
	for _, init := range c.info.InitOrder {
		for i, d := range c.decls {
			if d.Pos() <= init.Lhs[0].Pos() && init.Lhs[0].Pos() < d.End() {
				place(i)
			}
		}
	}
	for i := range n {
		place(i)
	}
	return out
}

func (c *cutter) textOf(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.GenDecl:
		return c.text(d, d.Doc)
	case *ast.FuncDecl:
		return c.text(d, d.Doc)
	}
	return ""
}

// connect finds which declarations need which others, directly or not.
func (c *cutter) connect() {
	home := map[types.Object]int{}
	methods := map[types.Object][]int{} // by type
	owner := map[int]types.Object{}
	for i, d := range c.decls {
		ast.Inspect(d, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && c.info.Defs[id] != nil {
				home[c.info.Defs[id]] = i
			}
			return true
		})
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
			o := c.receiver(f)
			methods[o] = append(methods[o], i)
			owner[i] = o
		}
	}
	n := len(c.decls)
	c.reach = make([][]bool, n)
	for i, d := range c.decls {
		c.reach[i] = make([]bool, n)
		ast.Inspect(d, func(node ast.Node) bool {
			id, ok := node.(*ast.Ident)
			if !ok {
				return true
			}
			o := c.info.Uses[id]
			if f, ok := o.(*types.Func); ok {
				o = f.Origin()
			}
			if v, ok := o.(*types.Var); ok {
				o = v.Origin()
			}
			j, ok := home[o]
			if !ok {
				return true
			}
			c.reach[i][j] = true
			if owner[i] != o { // a type is ready for use when it has all its methods
				for _, m := range methods[o] {
					c.reach[i][m] = true
				}
			}
			return true
		})
	}
	if !c.apart {
		for i, o := range owner {
			c.reach[home[o]][i] = true
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				c.reach[i][j] = c.reach[i][j] || c.reach[i][k] && c.reach[k][j]
			}
		}
	}
}

func (c *cutter) receiver(f *ast.FuncDecl) types.Object {
	name := receiverBase(f)
	var found types.Object
	ast.Inspect(f.Recv, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name && found == nil {
			found = c.info.Uses[id]
		}
		return true
	})
	return found
}
