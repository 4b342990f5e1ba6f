package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
)

// This file decides which declarations keep their identity, which change, and
// which of earlier cells must be declared anew because of that.

// newDecl records a declaration of the cell.
func (c *checker) newDecl(name string, node ast.Node) *decl {
	return &decl{name: name, src: c.src, node: node, idents: identsOf(node)}
}

func (d *decl) text() string { return d.src.src(d.node) }

// method returns the name of the method that d declares, "" for other things.
func (d *decl) method() string {
	if f, ok := d.node.(*ast.FuncDecl); ok && f.Recv != nil {
		return f.Name.Name
	}
	return ""
}

// dropKept moves declarations that are the same as in an earlier cell, and mean
// the same, from decls to kept, then carries what the changed ones affect.
func (c *checker) dropKept() {
	for _, d := range c.decls {
		d.imports = c.importsOf(d)
	}
	keep := map[*decl]bool{}
	for _, d := range c.decls {
		if c.src.cgo != nil {
			break // what it says depends on the C code
		}
		if old := c.previous(d); old != nil && old.text() == d.text() && maps.Equal(old.imports, d.imports) {
			keep[d] = true
		}
	}
	for changed := true; changed; {
		changed = false
		own := c.changing(keep)
		for d := range keep {
			if !c.sameSurroundings(c.previous(d), own) || c.typeChanges(d, keep) {
				delete(keep, d)
				changed = true
			}
		}
	}
	var decls []*decl
	for _, d := range c.decls {
		if keep[d] {
			c.kept = append(c.kept, d)
		} else {
			decls = append(decls, d)
		}
	}
	c.decls = decls
	c.carry(c.changing(keep))
}

// previous finds the declaration of an earlier cell that d repeats.
func (c *checker) previous(d *decl) *decl {
	e := c.s.entities[d.name]
	if e == nil || e.decl == nil {
		return nil
	}
	if m := d.method(); m != "" {
		return findMethod(e.meths, m)
	}
	return e.decl
}

func findMethod(meths []*decl, name string) *decl {
	for _, m := range meths {
		if m.method() == name {
			return m
		}
	}
	return nil
}

// changing are the names whose meaning the cell changes, given what is kept.
func (c *checker) changing(keep map[*decl]bool) map[string]bool {
	names := map[string]bool{}
	for _, d := range c.decls {
		if keep[d] {
			continue
		}
		names[d.name] = true
		if g, ok := d.node.(*ast.GenDecl); ok {
			for _, n := range constNames(g) {
				names[n] = true
			}
		}
	}
	return names
}

// sameSurroundings reports whether every name that old uses still means what it
// meant when old was checked.
func (c *checker) sameSurroundings(old *decl, changing map[string]bool) bool {
	for name, e := range old.seen {
		if name != old.name && (changing[name] || c.s.entities[name] != e) {
			return false
		}
	}
	return true
}

// typeChanges reports whether the type that d declares, or is a method of, has
// another declaration in the cell that is not kept.
func (c *checker) typeChanges(d *decl, keep map[*decl]bool) bool {
	for _, o := range c.decls {
		if o.name == d.name && !keep[o] {
			return true
		}
	}
	return false
}

// carry adds to carried what must be declared anew: types that get methods,
// and the functions and types of earlier cells that use a changing name.
func (c *checker) carry(changing map[string]bool) (added bool) {
	for _, d := range slices.Clone(c.decls) {
		if _, isType := d.node.(*ast.TypeSpec); isType || d.method() != "" {
			added = c.carryType(d.name) || added
		}
	}
	affected := map[*entity]bool{}
	for name := range changing {
		if e := c.s.entities[name]; e != nil {
			affected[e] = true
		}
	}
	own := c.declared()
	for more := true; more; {
		more = false
		for name, e := range c.s.entities {
			if affected[e] || e.decl == nil || own[name] || c.dropped[name] || !e.uses(affected) {
				continue
			}
			affected[e] = true
			if e.needsItsC() {
				c.drop(name)
				continue
			}
			more, added = true, true
			c.carried = append(c.carried, e.decl)
			c.carried = append(c.carried, e.meths...)
		}
	}
	sortDecls(c.carried)
	return added
}

// carryType completes a type of which the cell declares a part: the declaration
// itself if the cell only adds methods, and the methods of other cells.
func (c *checker) carryType(name string) (added bool) {
	e := c.s.entities[name]
	if e == nil || e.decl == nil {
		return false
	}
	if _, ok := e.decl.node.(*ast.TypeSpec); !ok {
		return false
	}
	has := map[string]bool{} // methods, and "" for the type itself
	for _, d := range slices.Concat(c.decls, c.carried) {
		if d.name == name {
			has[d.method()] = true
		}
	}
	declaredHere := false
	for _, d := range c.decls {
		if d.name == name && d.method() == "" {
			declaredHere = true
		}
	}
	if !has[""] {
		c.carried = append(c.carried, e.decl)
		added = true
	}
	for _, m := range e.meths {
		if has[m.method()] || declaredHere && m.src == e.decl.src || c.unfit[m] {
			continue
		}
		c.carried = append(c.carried, m)
		added = true
	}
	return added
}

// uses reports whether the entity's declaration mentions one of the given ones.
func (e *entity) uses(set map[*entity]bool) bool {
	for _, d := range append([]*decl{e.decl}, e.meths...) {
		for _, seen := range d.seen {
			if set[seen] {
				return true
			}
		}
	}
	return false
}

// sortDecls puts declarations in the order they were made, so that the lowered
// unit does not depend on the iteration of maps.
func sortDecls(decls []*decl) {
	slices.SortStableFunc(decls, func(a, b *decl) int { return int(a.node.Pos()) - int(b.node.Pos()) })
}

// dropFailedCarried removes carried declarations that do not check in their new
// surroundings: their names keep the old meaning. A type that the cell declares loses
// the methods of other cells that do not fit it.
func (c *checker) dropFailedCarried(errs *Errors) bool {
	wanted := map[string]bool{} // types the cell itself changes must check
	for _, d := range c.decls {
		wanted[d.name] = true
	}
	var rest Errors
	failed := map[string]bool{}
	unfit := map[*decl]bool{}
	for _, e := range *errs {
		d := c.carriedAt(e.Pos)
		switch {
		case d != nil && d.method() != "" && c.declaresType(d.name):
			unfit[d] = true
		case d == nil || wanted[d.name]:
			rest = append(rest, e)
		default:
			failed[d.name] = true
		}
	}
	*errs = rest
	if len(failed)+len(unfit) == 0 {
		return false
	}
	if c.unfit == nil {
		c.unfit = map[*decl]bool{}
	}
	maps.Copy(c.unfit, unfit)
	c.carried = slices.DeleteFunc(c.carried, func(d *decl) bool { return unfit[d] })
	for name := range failed {
		c.drop(name)
	}
	c.carried = slices.DeleteFunc(c.carried, func(d *decl) bool { return failed[d.name] })
	return true
}

// drop notes that a name keeps its old meaning.
func (c *checker) drop(name string) {
	if c.dropped == nil {
		c.dropped = map[string]bool{}
	}
	c.dropped[name] = true
}

// declaresType reports whether the cell itself declares a type of that name.
func (c *checker) declaresType(name string) bool {
	return slices.ContainsFunc(c.decls, func(d *decl) bool {
		_, ok := d.node.(*ast.TypeSpec)
		return ok && d.name == name
	})
}

// unfitNames are the methods that a type lost, as T.Method.
func (c *checker) unfitNames() []string {
	var names []string
	for d := range c.unfit {
		names = append(names, d.name+"."+d.method())
	}
	slices.Sort(names)
	return names
}

func (c *checker) carriedAt(p token.Position) *decl {
	for _, d := range c.carried {
		from, to := c.s.fset.Position(d.node.Pos()), c.s.fset.Position(d.node.End())
		if from.Filename == p.Filename && from.Line <= p.Line && p.Line <= to.Line {
			return d
		}
	}
	return nil
}

// carryForVariables carries what uses a variable whose type the cell changed.
func (c *checker) carryForVariables() bool {
	changing := map[string]bool{}
	for _, st := range c.steps {
		if st.spec == nil {
			continue
		}
		for _, n := range st.spec.names {
			e := c.s.entities[n.Name]
			now := c.pkg.Scope().Lookup(n.Name)
			if e == nil || now == nil {
				continue
			}
			if _, isVar := e.obj.(*types.Var); !isVar || !types.Identical(e.obj.Type(), now.Type()) {
				changing[n.Name] = true
			}
		}
	}
	if len(changing) == 0 {
		return false
	}
	moved := c.unkeep(changing)
	return c.carry(changing) || moved
}

// unkeep declares kept declarations anew that use a changing variable.
func (c *checker) unkeep(changing map[string]bool) (moved bool) {
	for _, d := range slices.Clone(c.kept) {
		old := c.previous(d)
		for name := range old.seen {
			if changing[name] {
				c.decls = append(c.decls, d)
				c.kept = slices.DeleteFunc(c.kept, func(k *decl) bool { return k == d })
				changing[d.name] = true
				moved = true
				break
			}
		}
	}
	return moved
}
