package cell

import (
	"go/ast"
	"go/types"
)

// This file tells the uses of a name that mean the session's old variable from those
// that mean the cell's new one.

// renameOld marks uses, before a variable's new definition, that mean the old one,
// where the two have different types.
func (c *checker) renameOld() (again bool) {
	for _, st := range c.steps {
		if st.spec == nil {
			continue
		}
		for _, n := range st.spec.names {
			e, now := c.s.entities[n.Name], c.info.Defs[n]
			if e == nil || e.varID == "" || now == nil || types.Identical(e.obj.Type(), now.Type()) {
				continue
			}
			for _, earlier := range c.steps {
				for _, root := range earlier.nodes() {
					if root.Pos() < st.spec.node.Pos() {
						again = c.rename(root, n.Name, func(id *ast.Ident) bool { return c.info.Uses[id] == now }) || again
					}
				}
			}
		}
	}
	return again
}

// nodes are the parts of a step that are executed.
func (st step) nodes() []ast.Node {
	var nodes []ast.Node
	if st.spec != nil {
		for _, v := range st.spec.values {
			nodes = append(nodes, v)
		}
	}
	for _, s := range st.stmts {
		nodes = append(nodes, s)
	}
	return nodes
}

// renameSelf lets the right-hand side of x := x + 1 mean the session's x.
func (c *checker) renameSelf(spec *varSpec) {
	for _, n := range spec.names {
		if e := c.s.entities[n.Name]; e == nil || e.varID == "" {
			continue
		}
		for _, v := range spec.values {
			c.rename(v, n.Name, func(*ast.Ident) bool { return true })
		}
	}
}

// rename marks the identifiers called name below root, outside function literals,
// field keys and selected names, as meaning the session's old variable.
func (c *checker) rename(root ast.Node, name string, is func(*ast.Ident) bool) (done bool) {
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.SelectorExpr:
			done = c.rename(n.X, name, is) || done
			return false
		case *ast.KeyValueExpr:
			if _, ok := n.Key.(*ast.Ident); ok {
				done = c.rename(n.Value, name, is) || done
				return false
			}
		case *ast.Ident:
			if n.Name == name && is(n) {
				c.spell(n, oldPrefix+name)
				done = true
			}
		}
		return true
	})
	return done
}
