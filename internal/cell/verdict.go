package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// This file turns what the type checker says into what a cell is told: some errors of
// a Go file are none in a cell, some can be mended, and the rest is put into the
// user's terms.

// setsOwnField reports whether an error is the checker's complaint about a literal
// T{1, 2} that sets unexported fields of an earlier cell's type. (It compares
// packages by pointer there, by path elsewhere.)
func (c *checker) setsOwnField(e Error) bool {
	if !strings.HasPrefix(e.Msg, "implicit assignment to unexported field") {
		return false
	}
	for lit, tv := range c.info.Types {
		n, ok := lit.(*ast.CompositeLit)
		if !ok {
			continue
		}
		for _, elt := range n.Elts {
			if c.s.fset.Position(elt.Pos()) == e.Pos {
				return c.isOwnStruct(tv.Type)
			}
		}
	}
	return false
}

func (c *checker) isOwnStruct(t types.Type) bool {
	if p, ok := types.Unalias(t).Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := types.Unalias(t).Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range st.Fields() {
		if !f.Exported() && f.Pkg() != nil && f.Pkg().Path() != sessionPath {
			return false
		}
	}
	return true
}

// untyped reports variables that have no type because they are defined by
// themselves alone, x := x + 1 where there is no x.
func (c *checker) untyped() Errors {
	var errs Errors
	for _, st := range c.steps {
		if st.spec == nil {
			continue
		}
		for _, n := range st.spec.names {
			if o := c.pkg.Scope().Lookup(n.Name); o != nil && o.Type() == types.Typ[types.Invalid] {
				errs = append(errs, Error{Pos: c.s.fset.Position(st.spec.mention(n.Name, n).Pos()), Msg: "undefined: " + n.Name})
			}
		}
	}
	return errs
}

// ignore reports whether an error of the checker is none in a cell.
func (c *checker) ignore(e types.Error) bool {
	switch {
	case strings.Contains(e.Msg, "declared and not used") && !strings.HasPrefix(e.Msg, "label "):
		c.noteUnused(e.Pos)
		return true
	case e.Soft && strings.Contains(e.Msg, "imported") && strings.Contains(e.Msg, "not used"):
		return true
	case strings.HasPrefix(e.Msg, "initialization cycle"):
		return true // cells run in order, as written
	}
	return false
}

func (c *checker) noteUnused(p token.Pos) {
	for id := range c.info.Defs {
		if id.Pos() == p {
			c.unused = append(c.unused, id)
			return
		}
	}
	c.unused = append(c.unused, &ast.Ident{NamePos: p})
}

// message turns a checker's message into the user's terms.
func (c *checker) message(msg string) string {
	msg = strings.ReplaceAll(msg, oldPrefix, "")
	msg = strings.ReplaceAll(msg, "argument to "+showFunc, "result")
	return plainC(stripQualifier(msg))
}

// stripQualifier removes the "main." that the checker puts before names of
// earlier cells.
func stripQualifier(msg string) string {
	var b strings.Builder
	for {
		i := strings.Index(msg, "main.")
		if i < 0 {
			b.WriteString(msg)
			return b.String()
		}
		b.WriteString(msg[:i])
		if i > 0 && isWordByte(msg[i-1]) {
			b.WriteString("main.")
		}
		msg = msg[i+len("main."):]
	}
}

func isWordByte(c byte) bool {
	return c == '_' || c == '/' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// learn looks at a pass's errors for things the checker can mend itself: missing
// imports, a last call without a value, ipyparallel's spelling, carried
// declarations that no longer check, variables whose type changed. It reports
// whether another pass is worth it.
func (c *checker) learn(errs *Errors) bool {
	if c.dropFailedCarried(errs) {
		return true
	}
	again := false
	for i, e := range *errs {
		switch {
		case strings.HasPrefix(e.Msg, "undefined: "):
			name := strings.TrimPrefix(e.Msg, "undefined: ")
			if c.importFor(name) {
				again = true
			} else {
				(*errs)[i].Msg += c.hint(name)
			}
		case strings.Contains(e.Msg, "(no value) used as value") && c.last != nil && !c.unwrapped[c.last]:
			c.unwrapped[c.last] = true
			again = true
		case strings.Contains(e.Msg, " undefined (type "):
			if c.respell(e) {
				again = true
			} else {
				(*errs)[i].Msg += c.memberHint(e)
			}
		}
	}
	if again {
		return true
	}
	if len(*errs) > 0 {
		return false
	}
	return c.renameOld() || c.carryForVariables()
}

// checkAgain verifies the assignments hidden in definitions such as a, err := f()
// where err was defined earlier in the cell.
func (c *checker) checkAgain() Errors {
	var errs Errors
	for _, st := range c.steps {
		if st.spec == nil {
			continue
		}
		for i, n := range st.spec.names {
			if !st.spec.again[i] {
				continue
			}
			v := c.pkg.Scope().Lookup(n.Name)
			from := valueType(c.info, st.spec, i)
			if v != nil && from != nil && !types.AssignableTo(from, v.Type()) {
				errs = append(errs, Error{Pos: c.s.fset.Position(n.Pos()), Msg: fmt.Sprintf("cannot use a value of type %s as %s value in assignment to %s",
					types.TypeString(from, shortQualifier), types.TypeString(v.Type(), shortQualifier), n.Name)})
			}
		}
	}
	return errs
}

// valueType is the type of what spec gives its i-th name.
func valueType(info *types.Info, spec *varSpec, i int) types.Type {
	if len(spec.values) == len(spec.names) {
		return info.TypeOf(spec.values[i])
	}
	if len(spec.values) == 1 {
		if t, ok := info.TypeOf(spec.values[0]).(*types.Tuple); ok && i < t.Len() {
			return t.At(i).Type()
		}
		if i == 1 { // v, ok := m[k]
			return types.Typ[types.Bool]
		}
		return info.TypeOf(spec.values[0])
	}
	return nil
}
