package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Completion is what may be inserted at a cursor.
type Completion struct {
	Matches    []Match
	Start, End int // byte offsets of what a match replaces
}

// Match is one candidate of a Completion.
type Match struct {
	Text      string // what to insert
	Kind      string // Jupyter's word: function, instance, class, module, keyword, property, constant
	Signature string // type or signature, as Go source; may be empty
}

// Complete returns the names that fit at a byte offset of a text, in alphabetical
// order. It never waits for a cell that runs.
func (s *Session) Complete(text string, off int) Completion {
	s.mu.Lock()
	defer s.mu.Unlock()
	off = min(max(off, 0), len(text))
	start := off
	for start > 0 && isIdentByte(text[start-1]) {
		start--
	}
	end := off
	for end < len(text) && isIdentByte(text[end]) {
		end++
	}
	out := Completion{Start: start, End: off}
	if insideTextOrComment(text, start) {
		return out
	}
	typed := text[start:off]
	p, done := s.probeAt(text[:start]+text[end:], start)
	defer done()
	if p == nil {
		if !endsInDot(text[:start]) {
			out.Matches = filter(s.globals(nil), typed)
		}
		return out
	}
	id := p.marked()
	if base := p.baseOf(id); base != nil {
		out.Matches = filter(p.members(base), typed)
		return out
	}
	if fields := p.literalFields(id); fields != nil {
		out.Matches = append(out.Matches, filter(fields, typed)...)
	}
	out.Matches = append(out.Matches, filter(p.names(id.Pos()), typed)...)
	return out
}

func isIdentByte(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func endsInDot(text string) bool { return strings.HasSuffix(strings.TrimRight(text, " \t"), ".") }

// insideTextOrComment reports whether an offset lies in a string or a comment.
func insideTextOrComment(text string, off int) bool {
	toks, comments := scanLoosely(text)
	for _, t := range append(toks, comments...) {
		if t.off < off && off < t.off+len(t.lit) && (t.tok == token.STRING || t.tok == token.CHAR || t.tok == token.COMMENT) {
			return true
		}
	}
	return false
}

// commandPrefix begins the names that the kernel's own commands import packages by.
const commandPrefix = "gopar_"

// filter keeps what begins with typed, whatever its case if nothing fits exactly,
// sorted and without duplicates.
func filter(ms []Match, typed string) []Match {
	var exact, loose []Match
	for _, m := range ms {
		switch {
		case strings.HasPrefix(m.Text, prefix) || strings.HasPrefix(m.Text, commandPrefix):
		case strings.HasPrefix(m.Text, typed):
			exact = append(exact, m)
		case len(m.Text) >= len(typed) && strings.EqualFold(m.Text[:len(typed)], typed):
			loose = append(loose, m)
		}
	}
	if exact == nil {
		exact = loose
	}
	slices.SortFunc(exact, func(a, b Match) int { return strings.Compare(a.Text, b.Text) })
	return slices.CompactFunc(exact, func(a, b Match) bool { return a.Text == b.Text })
}

// names lists what can be named at a position: locals, the session, packages,
// builtins and keywords.
func (p *probe) names(pos token.Pos) []Match {
	var ms []Match
	for sc := p.scopeAt(pos); sc != nil && sc != p.pkg.Scope() && sc != types.Universe; sc = sc.Parent() {
		for _, name := range sc.Names() {
			if o := sc.Lookup(name); o.Pos() < pos {
				ms = append(ms, matchOf(o))
			}
		}
	}
	return append(ms, p.s.globals(p.checker)...)
}

// globals lists the names that need no scope. c may be nil.
func (s *Session) globals(c *checker) []Match {
	var ms []Match
	if c != nil {
		for _, name := range c.pkg.Scope().Names() {
			ms = append(ms, matchOf(c.pkg.Scope().Lookup(name)))
		}
	}
	for _, e := range s.entities {
		ms = append(ms, matchOf(e.obj))
	}
	for name, path := range s.imports {
		if strings.HasPrefix(name, dotKey) {
			continue
		}
		ms = append(ms, Match{Text: name, Kind: "module", Signature: "package " + path})
	}
	for _, path := range s.packages {
		if !strings.Contains(path, "internal/") && !strings.Contains(path, "vendor/") {
			ms = append(ms, Match{Text: baseName(path), Kind: "module", Signature: "package " + path})
		}
	}
	ms = append(ms, s.moduleNames()...)
	for _, name := range types.Universe.Names() {
		ms = append(ms, matchOf(types.Universe.Lookup(name)))
	}
	for t := token.BREAK; t <= token.VAR; t++ {
		ms = append(ms, Match{Text: t.String(), Kind: "keyword"})
	}
	return ms
}

func matchOf(o types.Object) Match {
	m := Match{Text: o.Name()}
	if o.Type() != nil && o.Type() != types.Typ[types.Invalid] {
		m.Signature = strings.TrimPrefix(types.TypeString(o.Type(), shortQualifier), "func")
	}
	switch o := o.(type) {
	case *types.Func, *types.Builtin:
		m.Kind = "function"
	case *types.TypeName:
		m.Kind = "class"
		m.Signature = types.TypeString(o.Type().Underlying(), shortQualifier)
		if len(m.Signature) > 80 {
			m.Signature = m.Signature[:77] + "…"
		}
	case *types.Const:
		m.Kind = "constant"
	case *types.PkgName:
		m.Kind = "module"
	case *types.Var:
		m.Kind = "instance"
		if o.IsField() {
			m.Kind = "property"
		}
	default:
		m.Kind = "keyword"
	}
	return m
}

// members lists what can be selected from an expression.
func (p *probe) members(base ast.Expr) []Match {
	if id, ok := base.(*ast.Ident); ok {
		if pkg, ok := p.info.Uses[id].(*types.PkgName); ok {
			return exportedOf(pkg.Imported())
		}
	}
	t := p.info.TypeOf(base)
	if t == nil || t == types.Typ[types.Invalid] {
		return nil
	}
	return membersOf(t)
}

func exportedOf(pkg *types.Package) []Match {
	var ms []Match
	for _, name := range pkg.Scope().Names() {
		if token.IsExported(name) {
			ms = append(ms, matchOf(pkg.Scope().Lookup(name)))
		}
	}
	return ms
}

// membersOf lists the fields and methods of a type, promoted ones too.
func membersOf(t types.Type) []Match {
	var ms []Match
	visible := func(o types.Object) bool {
		return o.Exported() || o.Pkg() != nil && o.Pkg().Path() == sessionPath
	}
	recv := t
	if _, isPointer := t.Underlying().(*types.Pointer); !isPointer && !types.IsInterface(t) {
		recv = types.NewPointer(t)
	}
	set := types.NewMethodSet(recv)
	for i := range set.Len() {
		if o := set.At(i).Obj(); visible(o) {
			ms = append(ms, matchOf(o))
		}
	}
	seen := map[types.Type]bool{}
	var fields func(types.Type)
	fields = func(t types.Type) {
		if ptr, ok := t.Underlying().(*types.Pointer); ok {
			t = ptr.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok || seen[t] {
			return
		}
		seen[t] = true
		for f := range st.Fields() {
			if visible(f) {
				ms = append(ms, matchOf(f))
			}
			if f.Embedded() {
				fields(f.Type())
			}
		}
	}
	fields(t)
	return ms
}

// literalFields lists the fields that can be set where the identifier stands, if
// that is in a struct literal.
func (p *probe) literalFields(id *ast.Ident) []Match {
	var ms []Match
	ast.Inspect(p.src.file, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		for _, e := range lit.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Key
			}
			if e != ast.Expr(id) {
				continue
			}
			if t := p.info.TypeOf(lit); t != nil {
				if st, ok := t.Underlying().(*types.Struct); ok {
					for f := range st.Fields() {
						ms = append(ms, matchOf(f))
					}
				}
			}
		}
		return true
	})
	return ms
}
