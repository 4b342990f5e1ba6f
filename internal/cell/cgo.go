package cell

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/native"
)

// This file gives cells that import "C" to cgo. The cell's source becomes the text
// that cgo makes of it; what that refers to is declared in a file of its own, which is
// checked with the cell and compiled with its unit. A unit's C functions and variables
// are its own. Its C types are the session's: a later cell that has the same C type has
// the same Go type.

// cgoPart is what cgo made of a cell.
type cgoPart struct {
	at     token.Position // of the import
	out    *native.Cgo
	text   string // the file with the declarations, without the types of other cells
	file   *ast.File
	tok    *token.File
	types  map[string]string          // the C types that the cell declares: name → text
	shared map[string]*types.TypeName // those that earlier cells declare
}

// cType is a C type of the session.
type cType struct {
	obj  *types.TypeName
	text string
}

// cgoLimit bounds how long cgo may take: it asks the C compiler a few times.
const cgoLimit = time.Minute

var importsC = regexp.MustCompile(`(?m)^import[ \t]*(?:\(\s*)?"C"`)

// usesC reports whether a parsed cell imports "C".
func (s *source) usesC() bool {
	return slices.ContainsFunc(s.file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"C"` })
}

// cInput is the file for cgo. It takes what stands above the import for C, so there is
// no line directive; starts tells where these parts begin, in lines of the file, and
// where they stand in the cell.
func (s *source) cInput() (file []byte, starts [][2]int) {
	text := s.buf
	for i := len(s.cImports) - 1; i >= 0; i-- {
		at := s.cImports[i]
		starts = append(starts, [2]int{1 + strings.Count(text[:at.offset], "\n"), at.line})
		text = text[:at.offset] + text[at.offset+at.length:]
	}
	return []byte(strings.ReplaceAll(text, "/*line "+s.name+":", "/*line "+s.id+":")), starts
}

// translateC replaces the source by what cgo makes of it.
func (s *Session) translateC(src *source) error {
	if s.cgo == nil {
		return Errors{{Pos: s.fset.Position(src.cImport().Pos()), Msg: `import "C" needs a C compiler`}}
	}
	ctx, cancel := context.WithTimeout(context.Background(), cgoLimit) // detached: checking has no context
	defer cancel()
	input, starts := src.cInput()
	out, err := s.cgo(ctx, s.dir, input)
	var said *native.CgoError
	if errors.As(err, &said) {
		return src.cErrors(said, starts, s.fset.Position(src.cImport().Pos()))
	}
	if err != nil {
		return err
	}
	part := &cgoPart{at: s.fset.Position(src.cImport().Pos()), out: out, types: map[string]string{}, shared: map[string]*types.TypeName{}}
	_, text, _ := strings.Cut(string(out.Go), "\npackage main")
	src.buf = strings.ReplaceAll("package main"+text, "/*line "+src.id+":", "/*line "+src.name+":")
	if err := src.parseFile(s.fset); err != nil {
		return syntaxErrors(err)
	}
	src.items = nil
	src.collect()
	src.cgo = part
	return s.parseCTypes(part)
}

// cImport is the cell's import of "C".
func (s *source) cImport() *ast.ImportSpec {
	i := slices.IndexFunc(s.file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"C"` })
	return s.file.Imports[i]
}

// parseCTypes parses the declarations that cgo made, without those types that earlier
// cells have made as well.
func (s *Session) parseCTypes(p *cgoPart) error {
	p.text = string(p.out.Types)
	file, err := parser.ParseFile(token.NewFileSet(), "", p.text, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("read what cgo made: %w", err)
	}
	type decl struct{ from, to int }
	decls := map[string]decl{}
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			for _, spec := range g.Specs {
				name := spec.(*ast.TypeSpec).Name.Name
				from, to := int(g.Pos()-file.FileStart), int(g.End()-file.FileStart)
				if name != "_" {
					decls[name], p.types[name] = decl{from, to}, p.text[from:to]
				}
			}
		}
	}
	var remove []decl
	for _, name := range s.sameCTypes(p.types) {
		if isAlias := strings.HasPrefix(p.types[name], "type "+name+" ="); isAlias {
			continue
		}
		p.shared[name] = s.cTypes[name].obj
		remove = append(remove, decls[name])
		delete(p.types, name)
	}
	slices.SortFunc(remove, func(a, b decl) int { return b.from - a.from })
	for _, d := range remove {
		p.text = p.text[:d.from] + p.text[d.to:]
	}
	p.file, err = parser.ParseFile(s.fset, "_cgo_gotypes.go", p.text, parser.SkipObjectResolution)
	if err == nil {
		p.tok = s.fset.File(p.file.FileStart)
	}
	return err
}

var cTypeName = regexp.MustCompile(`\b_Ctype_\w+`)

// sameCTypes are those of a cell's C types that are, with all they are made of, types
// of the session.
func (s *Session) sameCTypes(texts map[string]string) []string {
	same := map[string]bool{}
	for name, text := range texts {
		same[name] = s.cTypes[name] != nil && s.cTypes[name].text == text
	}
	for more := true; more; {
		more = false
		for name := range same {
			if same[name] && slices.ContainsFunc(cTypeName.FindAllString(texts[name], -1), func(n string) bool { return !same[n] }) {
				same[name], more = false, true
			}
		}
	}
	maps.DeleteFunc(same, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(same))
}

// commitC makes the cell's C types the session's.
func (s *Session) commitC(c *Cell, hash string) {
	if c.src.cgo == nil {
		return
	}
	for name, text := range c.src.cgo.types {
		obj, ok := c.checker.pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok {
			continue
		}
		s.cTypes[name] = &cType{obj, text}
		s.byObj[obj] = &entity{name: name, obj: obj, unit: hash, cell: c.name}
	}
}

// isC reports whether an object is one that cgo declared for the cell.
func (c *checker) isC(o types.Object) bool {
	return o != nil && o.Pkg() == c.pkg && c.src.cgo.holds(o.Pos())
}

// holds reports whether a position is in the file that cgo made; a cell without C has
// none.
func (p *cgoPart) holds(at token.Pos) bool {
	return p != nil && token.Pos(p.tok.Base()) <= at && at <= token.Pos(p.tok.Base()+p.tok.Size())
}

// cDecls declares what the rest of the unit needs of the cell's C part: the exported
// names of the types it makes, and those that it shares.
func (l *lowering) cDecls() string {
	p := l.src.cgo
	if p == nil {
		return ""
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.types)) {
		fmt.Fprintf(&b, "type T_%s = %s\n", name, name)
	}
	for _, name := range slices.Sorted(maps.Keys(p.shared)) {
		l.alias(p.shared[name], name, l.unitOf(p.shared[name]))
	}
	fmt.Fprintf(&b, "// C: %s %x\n", p.out.Digest, sha256.Sum256([]byte(p.text+fmt.Sprint(p.out.LDFlags))))
	return b.String()
}

// cPrefix finds what cgo put into the names of a file's symbols.
var cPrefix = regexp.MustCompile(`_cgo_([0-9a-f]{12})_`)

// cUnit is the C part of the unit: its symbols have the unit's hash in their names, and
// it calls the functions that the cell exports to C by their lowered names.
func (l *lowering) cUnit(hash string) *native.Cgo {
	p := l.src.cgo
	if p == nil {
		return nil
	}
	text := p.text
	for _, d := range l.checker.decls {
		if f, ok := d.node.(*ast.FuncDecl); ok && f.Recv == nil && funcName(f.Name.Name) != f.Name.Name {
			text = regexp.MustCompile(`(?m)^(\t(?:[\w., ]+ = )?)`+f.Name.Name+`\(`).ReplaceAllString(text, "${1}"+funcName(f.Name.Name)+"(")
		}
	}
	rename := func(s string) string { return s }
	if m := cPrefix.FindStringSubmatch(text); m != nil {
		rename = func(s string) string { return strings.ReplaceAll(s, m[1], hash[:12]) }
	}
	out := *p.out
	out.Go, out.Types, out.C = nil, []byte(rename(text)), map[string][]byte{}
	for name, file := range p.out.C {
		out.C[name] = []byte(rename(string(file)))
	}
	return &out
}

// cNames is how cgo spells what the user calls C.name.
var cNames = regexp.MustCompile(`\b_C(?:type|2?func|var|[ifs]const|macro|fpvar_fp)_`)

var cInParens = regexp.MustCompile(`\( ?\*?(C\.\w+) ?\)`)

// plainC gives the C names in a text the user's spelling.
func plainC(text string) string {
	if !strings.Contains(text, "_C") {
		return text
	}
	return cInParens.ReplaceAllString(cNames.ReplaceAllString(text, "C."), "$1")
}

// cErrorLine is a line of cgo or of the C compiler that has a position.
var cErrorLine = regexp.MustCompile(`^([\w.-]+):(\d+):(?:(\d+):)? (?:error: |fatal error: |warning: )?(.*)$`)

// cErrors puts what cgo and the C compiler say at positions of the cell. What has none,
// a missing library for one, is at the import.
func (s *source) cErrors(said *native.CgoError, starts [][2]int, otherwise token.Position) Errors {
	var errs Errors
	for _, line := range said.Said {
		m := cErrorLine.FindStringSubmatch(strings.ReplaceAll(line, "cgo: ", ""))
		if m == nil || strings.Contains(line, ": note: ") {
			continue
		}
		at, _ := strconv.Atoi(m[2]) // digits
		column, _ := strconv.Atoi(m[3])
		switch m[1] {
		case native.CgoSource:
			found := false
			for _, start := range starts { // the last first
				if at >= start[0] {
					at, found = at-start[0]+start[1], true
					break
				}
			}
			if !found {
				continue
			}
		case s.id:
		default:
			continue
		}
		if lines := strings.Split(s.text, "\n"); m[1] == native.CgoSource && at <= len(lines) && column > 0 {
			if line := lines[at-1]; strings.HasPrefix(line, "//") || strings.HasPrefix(line, "/*") {
				column += 2 // which C does not see
			}
		}
		errs = append(errs, Error{Pos: token.Position{Filename: s.name, Line: at, Column: max(column, 1)}, Msg: m[4]})
	}
	if errs == nil {
		return Errors{{Pos: otherwise, Msg: strings.Join(said.Said, "\n")}}
	}
	return errs
}

// isVoid reports whether a type is that of a call of a C function without a result.
func isVoid(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Name() == "_Ctype_void"
}

// needsItsC reports whether a declaration can only be compiled with the C code of its
// cell.
func (e *entity) needsItsC() bool {
	uses := func(d *decl) bool {
		return d.src.cgo != nil && slices.ContainsFunc(d.idents, func(id string) bool {
			return strings.HasPrefix(id, "_C") && !strings.HasPrefix(id, "_Ctype_")
		})
	}
	return uses(e.decl) || slices.ContainsFunc(e.meths, uses)
}

// insertCTypes puts the C types of earlier cells into scope that the cell shares, or
// that carried declarations mention.
func (c *checker) insertCTypes() {
	if c.src.cgo != nil {
		for _, o := range c.src.cgo.shared {
			c.pkg.Scope().Insert(o)
		}
	}
	for _, d := range c.carried {
		for _, id := range d.idents {
			if t := c.s.cTypes[id]; d.src.cgo != nil && t != nil {
				c.pkg.Scope().Insert(t.obj)
			}
		}
	}
}
