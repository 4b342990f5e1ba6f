package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gopar-project/gopar/internal/native"
)

// This file has //go:embed: the files go into the cell's unit, whose hash they are
// part of, and its variables get what they hold.

// embedding is what //go:embed puts into a variable.
type embedding struct {
	pos      token.Pos // of the first directive
	patterns []string
}

const embedDirective = "//go:embed"

// embedOf collects the directives above a variable's declaration.
func (c *checker) embedOf(docs ...*ast.CommentGroup) (*embedding, Errors) {
	var e *embedding
	for _, doc := range docs {
		if doc == nil {
			continue
		}
		for _, line := range doc.List {
			args, ok := embedArgs(line.Text)
			if !ok {
				continue
			}
			if e == nil {
				e = &embedding{pos: line.Pos()}
			}
			patterns, err := splitPatterns(args)
			if err != nil {
				return nil, Errors{{Pos: c.s.fset.Position(line.Pos()), Msg: err.Error()}}
			}
			e.patterns = append(e.patterns, patterns...)
			if c.embedded == nil {
				c.embedded = map[token.Pos]bool{}
			}
			c.embedded[line.Pos()] = true
		}
	}
	return e, nil
}

// embedArgs returns what follows the directive in a comment, and whether it is one.
func embedArgs(comment string) (string, bool) {
	args, ok := strings.CutPrefix(comment, embedDirective)
	if !ok || args != "" && !unicode.IsSpace(rune(args[0])) {
		return "", false
	}
	return strings.TrimSpace(args), true
}

// splitPatterns splits the arguments of a directive: words, or strings of Go.
func splitPatterns(args string) ([]string, error) {
	var patterns []string
	for args != "" {
		word := args
		if args[0] == '"' || args[0] == '`' {
			quoted, err := strconv.QuotedPrefix(args)
			if err != nil {
				return nil, fmt.Errorf("invalid quoted string in //go:embed: %s", args)
			}
			word = quoted
		} else if i := strings.IndexFunc(args, unicode.IsSpace); i >= 0 {
			word = args[:i]
		}
		args = strings.TrimLeftFunc(args[len(word):], unicode.IsSpace)
		if plain, err := strconv.Unquote(word); err == nil && word[0] != '\'' {
			word = plain
		}
		patterns = append(patterns, word)
	}
	if patterns == nil {
		return nil, fmt.Errorf("usage: //go:embed pattern...")
	}
	return patterns, nil
}

// strayEmbeds reports directives that stand above no variable of the cell.
func (c *checker) strayEmbeds() Errors {
	var errs Errors
	for _, group := range c.src.file.Comments {
		for _, line := range group.List {
			if _, ok := embedArgs(line.Text); ok && !c.embedded[line.Pos()] {
				errs = append(errs, Error{Pos: c.s.fset.Position(line.Pos()), Msg: "//go:embed must stand right above the declaration of a variable outside of functions"})
			}
		}
	}
	return errs
}

// embedFault says why a declaration cannot have the directive.
func embedFault(names int, typ ast.Expr, values int) string {
	switch {
	case names != 1:
		return "go:embed cannot apply to multiple vars"
	case values > 0:
		return "go:embed cannot apply to var with initializer"
	case typ == nil:
		return "go:embed cannot apply to var without type"
	}
	return ""
}

// embed writes the value of a variable with the directive: that of a variable of the
// unit, which the compiler fills.
func (l *lowering) embed(v *varSpec) string {
	t := l.info.TypeOf(v.typ)
	name := fmt.Sprintf("%sembed%d", prefix, len(l.embeds))
	kind, value := "", ""
	switch u := types.Unalias(t).Underlying().(type) {
	case *types.Basic:
		if u.Kind() == types.String {
			kind, value = "string", fmt.Sprintf("%s(%s)", l.typ(t), name)
		}
	case *types.Slice:
		if b, ok := types.Unalias(u.Elem()).(*types.Basic); ok && b.Kind() == types.Byte {
			kind, value = "[]byte", fmt.Sprintf("(%s)(append([]byte{}, %s...))", l.typ(t), name)
		}
	case *types.Struct:
		if n, ok := types.Unalias(t).(*types.Named); ok && qualified(n.Obj()) == "embed.FS" {
			kind, value = l.typ(t), name
		}
	}
	if kind == "" {
		return l.fail(v.typ, "go:embed cannot apply to var of type %s", types.TypeString(t, shortQualifier))
	}
	if l.readEmbedded(v.embed, kind == "string" || kind == "[]byte") {
		fmt.Fprintf(&l.head, "%s\nvar %s %s\n", v.embed, name, kind)
	}
	return value
}

// String is the directive.
func (e *embedding) String() string {
	quoted := make([]string, len(e.patterns))
	for i, p := range e.patterns {
		quoted[i] = strconv.Quote(p)
	}
	return embedDirective + " " + strings.Join(quoted, " ")
}

// readEmbedded reads the files of a directive.
func (l *lowering) readEmbedded(e *embedding, one bool) bool {
	found, err := native.Embed(l.s.dir, e.patterns)
	if err != nil {
		l.fail(embedNode(e.pos), "%v", err)
		return false
	}
	if one && len(found.Files) != 1 {
		l.fail(embedNode(e.pos), "//go:embed %s: %d files match, a string or []byte holds one", strings.Join(e.patterns, " "), len(found.Files))
		return false
	}
	l.embeds = append(l.embeds, e)
	l.blank = append(l.blank, "embed")
	if l.files == nil {
		l.files = found
	} else {
		l.files.Add(found)
	}
	return true
}

// embedNode is a node at the position of a directive.
func embedNode(p token.Pos) ast.Node { return &ast.Ident{NamePos: p} }

// embedDigests is what the unit's hash has of the files.
func (l *lowering) embedDigests() string {
	if l.files == nil {
		return ""
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(l.files.Digests)) {
		fmt.Fprintf(&b, "// %s %q\n", l.files.Digests[name], name)
	}
	return b.String()
}

// sameFiles reports whether the files that the cell embeds still hold what they held.
func (c *Cell) sameFiles(dir string) bool {
	if c.low == nil {
		return true
	}
	for _, e := range c.low.embeds {
		found, err := native.Embed(dir, e.patterns)
		if err != nil {
			return false
		}
		for name, digest := range found.Digests {
			if c.low.files.Digests[name] != digest {
				return false
			}
		}
		for pattern, names := range found.Patterns {
			if !slices.Equal(names, c.low.files.Patterns[pattern]) {
				return false
			}
		}
	}
	return true
}

// packageEmbed is the directive above a declaration of a package with its own name.
func (l *lowering) packageEmbed(c *checker, d *ast.GenDecl) string {
	docs := []*ast.CommentGroup{d.Doc}
	for _, spec := range d.Specs {
		if vs, ok := spec.(*ast.ValueSpec); ok && vs.Doc != nil && vs.Doc != d.Doc {
			docs = append(docs, vs.Doc)
		}
	}
	e, errs := c.embedOf(docs...)
	switch {
	case errs != nil:
		return l.fail(d, "%s", errs[0].Msg)
	case e == nil:
		return ""
	}
	spec, ok := d.Specs[0].(*ast.ValueSpec)
	if !ok || d.Tok != token.VAR || d.Lparen.IsValid() {
		return l.fail(embedNode(e.pos), "//go:embed must stand right above the declaration of a single variable")
	}
	if fault := embedFault(len(spec.Names), spec.Type, len(spec.Values)); fault != "" {
		return l.fail(embedNode(e.pos), "%s", fault)
	}
	t := types.Unalias(l.info.TypeOf(spec.Type))
	if _, isFS := t.Underlying().(*types.Struct); l.readEmbedded(e, !isFS) {
		return e.String() + "\n"
	}
	return ""
}
