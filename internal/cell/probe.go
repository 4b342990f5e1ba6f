package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"strings"
)

// probe is a cell that is looked at but not run: it may be half written. Its
// checker has types for whatever could be understood.
type probe struct {
	*checker
	text string
}

const cursorMark = "gopar__cursor"

// probeAt checks text as far as it goes, with a mark at a byte offset so that what
// stands there can be found. The caller holds s.mu and calls done when finished.
func (s *Session) probeAt(text string, off int) (*probe, func()) {
	marked := text[:off] + cursorMark + text[off:]
	attempts := []string{marked, closed(text[:off] + cursorMark), lastLine(text[:off]) + cursorMark}
	attempts = append(attempts, closed(attempts[2]))
	for _, a := range attempts {
		src, file := s.parseLoosely(a)
		if src == nil {
			continue
		}
		c := &checker{s: s, src: src, imports: maps.Clone(s.imports), unwrapped: map[ast.Expr]bool{}}
		if c.analyze() == nil {
			for range 2 {
				for _, e := range c.pass() {
					if name, ok := strings.CutPrefix(e.Msg, "undefined: "); ok {
						c.importBySelf(name)
					}
				}
			}
			if c.marked() != nil {
				return &probe{c, a}, func() { s.fset.RemoveFile(file) }
			}
		}
		s.fset.RemoveFile(file)
	}
	return nil, func() {}
}

// importBySelf imports the only package of that name, for completion after its dot.
func (c *checker) importBySelf(name string) {
	if p := c.s.userPackages[name]; p != nil {
		c.imports[name] = p.path
		return
	}
	if paths := append(candidates(c.s.packages, name), c.s.moduleCandidates(name)...); len(paths) > 0 {
		c.imports[name] = paths[0]
	}
}

// parseLoosely parses text, accepting what go/parser makes of wrong syntax.
func (s *Session) parseLoosely(text string) (*source, *token.File) {
	src := &source{name: "probe", id: "probe", text: text}
	chunks, errs := split("probe", text)
	if errs != nil {
		return nil, nil
	}
	src.assemble(chunks)
	src.parseFile(s.fset)
	if src.file == nil || src.tok == nil {
		return nil, nil
	}
	src.collect()
	return src, src.tok
}

// closed appends what is missing to balance a text's brackets.
func closed(text string) string {
	var open []token.Token
	toks, _ := scanLoosely(text)
	for _, t := range toks {
		switch t.tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, t.tok)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		if open[i] == token.LBRACE {
			text += "\n"
		}
		text += closer[open[i]].String()
	}
	return text
}

func lastLine(text string) string { return text[strings.LastIndexByte(text, '\n')+1:] }

// marked finds the identifier that bears the cursor mark.
func (c *checker) marked() *ast.Ident {
	var found *ast.Ident
	ast.Inspect(c.src.file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && strings.Contains(id.Name, cursorMark) {
			found = id
		}
		return found == nil
	})
	return found
}

// baseOf returns the expression that the marked identifier is selected from.
func (c *checker) baseOf(id *ast.Ident) ast.Expr {
	var base ast.Expr
	ast.Inspect(c.src.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel == id {
			base = sel.X
		}
		return base == nil
	})
	return base
}

// scopeAt returns the innermost scope around a position.
func (c *checker) scopeAt(p token.Pos) *types.Scope {
	var best *types.Scope
	var width token.Pos
	for n, sc := range c.info.Scopes {
		if _, file := n.(*ast.File); file {
			continue
		}
		from, to := n.Pos(), n.End()
		if f, ok := n.(*ast.FuncType); ok { // a function's scope hangs on its type
			from, to = c.bodyOf(f)
		}
		if from <= p && p <= to && (best == nil || to-from < width) {
			best, width = sc, to-from
		}
	}
	if best == nil {
		return c.pkg.Scope()
	}
	return best
}

// bodyOf is the extent of the function with the given type.
func (c *checker) bodyOf(t *ast.FuncType) (from, to token.Pos) {
	from, to = t.Pos(), t.End()
	visit := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Type == t && n.Body != nil {
				to = n.Body.End()
			}
		case *ast.FuncLit:
			if n.Type == t {
				to = n.Body.End()
			}
		}
		return true
	}
	ast.Inspect(c.src.file, visit)
	return from, to
}
