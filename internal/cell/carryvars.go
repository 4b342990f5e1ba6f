package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
)

// This file finds the variables that keep their memory when their type is declared
// anew.

// carriedVar is a session variable whose type is declared anew with the same
// layout: it keeps its memory under its new type.
type carriedVar struct {
	from    *entity
	spec    *ast.GenDecl
	imports map[string]string // alias → path of the packages its type mentions
}

// carriedVars finds the variables to carry over and declares them for the checker.
func (c *checker) carriedVars() []carriedVar {
	anew := map[string]bool{} // types declared anew
	for _, d := range slices.Concat(c.decls, c.carried) {
		if _, ok := d.node.(*ast.TypeSpec); ok {
			anew[d.name] = true
		}
	}
	if len(anew) == 0 {
		return nil
	}
	moved := c.movedLayouts(anew)
	own := c.declared()
	var vars []carriedVar
	for _, name := range slices.Sorted(maps.Keys(c.s.entities)) {
		e := c.s.entities[name]
		if e.varID == "" || own[name] {
			continue
		}
		mentioned := sessionTypes(e.obj.Type())
		if !intersects(mentioned, anew) || intersects(mentioned, moved) {
			continue
		}
		imports := map[string]string{}
		text := types.TypeString(e.obj.Type(), func(p *types.Package) string {
			if p.Path() == sessionPath {
				return ""
			}
			imports[hostAlias(p)] = p.Path()
			return hostAlias(p)
		})
		expr, err := parser.ParseExprFrom(c.s.fset, "session", text, 0)
		if err != nil {
			continue // a type that cannot be written keeps its old meaning
		}
		spec := &ast.ValueSpec{Names: []*ast.Ident{{NamePos: expr.Pos(), Name: name}}, Type: expr}
		vars = append(vars, carriedVar{e, &ast.GenDecl{TokPos: expr.Pos(), Tok: token.VAR, Specs: []ast.Spec{spec}}, imports})
	}
	return vars
}

// hostAlias is the import name under which the declarations of carried variables
// refer to a package.
func hostAlias(p *types.Package) string { return fmt.Sprintf("gopar__%x", p.Path()) }

// movedLayouts are the types among anew whose memory layout changed: their text
// changed, or that of a type they are made of.
func (c *checker) movedLayouts(anew map[string]bool) map[string]bool {
	moved := map[string]bool{}
	for _, d := range c.decls {
		e := c.s.entities[d.name]
		if d.method() == "" && anew[d.name] && (e == nil || e.decl == nil || e.decl.text() != d.text()) {
			moved[d.name] = true
		}
	}
	for more := true; more; {
		more = false
		for name := range anew {
			e := c.s.entities[name]
			if moved[name] || e == nil || e.decl == nil {
				continue
			}
			for used := range e.decl.seen {
				if moved[used] && used != name {
					moved[name], more = true, true
				}
			}
		}
	}
	return moved
}

func intersects(a, b map[string]bool) bool {
	for k := range a {
		if b[k] {
			return true
		}
	}
	return false
}
