package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// source is one parsed cell: a Go file assembled from the cell's text in which
// every top-level declaration stands by itself and every run of statements is
// the body of a function of its own. Line directives keep all positions in the
// coordinates of the cell.
type source struct {
	name  string // how positions name it: "cell 3"
	id    string // stable name for compiled code: "cell-" + hash of the text
	text  string // the user's text
	buf   string // the assembled file; offsets of AST nodes index it
	file  *ast.File
	tok   *token.File
	items []item
	quiet bool // the text ends in an explicit semicolon: show no result

	cImports []cImport // where the parts stand that import "C"
	cgo      *cgoPart  // of a cell that imports "C", once it has been translated
}

// cImport is the line directive before an import of "C".
type cImport struct{ offset, length, line int }

// item is a top-level part of a cell, in source order.
type item struct {
	decl  ast.Decl   // a declaration, or
	stmts []ast.Stmt // a run of statements
}

const stmtFunc = "gopar__stmts"

// chunk is a piece of the user's text that starts at a statement boundary.
type chunk struct {
	start, end int // byte offsets in the text
	decl       bool
	values     int // where a list of expressions begins that ends the chunk; -1: none
}

// parse splits and parses the text of a cell.
func parse(fset *token.FileSet, name, text string) (*source, Errors) {
	s := &source{name: name, id: fileID(text), text: text}
	chunks, errs := split(name, text)
	if errs != nil {
		return nil, errs
	}
	s.quiet = endsInSemicolon(text)
	s.text = capitalizeKeywordSelectors(text)
	s.assemble(chunks)
	if err := s.parseFile(fset); err != nil {
		return nil, syntaxErrors(err)
	}
	s.collect()
	return s, nil
}

// parseFile parses what assemble wrote. After an error file may hold a part.
func (s *source) parseFile(fset *token.FileSet) (err error) {
	s.file, err = parser.ParseFile(fset, s.name, s.buf, parser.ParseComments|parser.SkipObjectResolution)
	if s.file != nil {
		s.tok = fset.File(s.file.FileStart)
	}
	return err
}

// assemble writes the file that is handed to go/parser.
func (s *source) assemble(chunks []chunk) {
	var b strings.Builder
	b.WriteString("package main\n")
	for _, c := range chunks {
		line, col := lineCol(s.text, c.start)
		directive := fmt.Sprintf("/*line %s:%d:%d*/", s.name, line, col)
		body := s.text[c.start:c.end]
		if c.decl {
			if importsC.MatchString(stripComments(strings.TrimLeft(body, " \t\n"))) {
				s.cImports = append(s.cImports, cImport{b.Len(), len(directive), line})
			}
			b.WriteString(directive + body + "\n")
			continue
		}
		if c.values >= 0 { // "a, b" as the last line: the arguments of the display hook
			list := strings.TrimRight(s.text[c.values:c.end], " \t\n;")
			line, col := lineCol(s.text, c.values)
			body = s.text[c.start:c.values] + showFunc + fmt.Sprintf("(/*line %s:%d:%d*/", s.name, line, col) + list + ")"
		}
		b.WriteString("func " + stmtFunc + "() {" + directive + body + "\n}\n")
	}
	s.buf = b.String()
}

// collect turns the file's declarations into items and drops the wrappers.
func (s *source) collect() {
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == stmtFunc && f.Recv == nil {
			if len(f.Body.List) > 0 {
				s.items = append(s.items, item{stmts: f.Body.List})
			}
			continue
		}
		s.items = append(s.items, item{decl: d})
	}
}

// src returns the user's text of a node.
func (s *source) src(n ast.Node) string { return s.buf[s.off(n.Pos()):s.off(n.End())] }

func (s *source) off(p token.Pos) int { return s.tok.Offset(p) }

// split finds the top-level parts of a cell: package, import, func, type, var and
// const declarations are chunks of their own, everything between them is
// statements. It reports unbalanced brackets itself, at the bracket.
func split(name, text string) ([]chunk, Errors) {
	toks, errs := scan(name, text)
	if errs != nil {
		return nil, errs
	}
	var chunks []chunk
	var open []tok
	atStart := true
	cur := chunk{start: -1, values: -1}
	finish := func(end int) {
		if cur.start >= 0 && end > cur.start {
			cur.end = end
			chunks = append(chunks, cur)
		}
		cur = chunk{start: -1, values: -1}
	}
	for i, t := range toks {
		if atStart && len(open) == 0 && t.tok != token.SEMICOLON {
			decl := startsDecl(toks[i:])
			if decl || cur.start < 0 || cur.decl {
				start := t.off
				if decl {
					start = withComments(text, t.off)
				}
				finish(start)
				cur = chunk{start: start, decl: decl, values: -1}
			}
			atStart = false
		}
		switch t.tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, t)
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) == 0 || closer[open[len(open)-1].tok] != t.tok {
				return nil, Errors{at(name, text, t.off, fmt.Sprintf("unexpected %s", t.tok))}
			}
			open = open[:len(open)-1]
		case token.SEMICOLON:
			if len(open) == 0 {
				atStart = true
			}
		}
	}
	if len(open) > 0 {
		t := open[len(open)-1]
		e := at(name, text, t.off, fmt.Sprintf("%s is never closed", t.tok))
		e.Incomplete = true
		return nil, Errors{e}
	}
	finish(len(text))
	chunks = importsFirst(toks, dropPackageClause(text, chunks))
	if n := len(chunks); n > 0 && !chunks[n-1].decl {
		chunks[n-1].values = valueList(toks, chunks[n-1])
	}
	return chunks, nil
}

// importsFirst moves import declarations before everything else, as in a Go file: a
// cell may be pasted together from several.
func importsFirst(toks []tok, chunks []chunk) []chunk {
	isImport := func(c chunk) bool {
		i := slices.IndexFunc(toks, func(t tok) bool { return t.off >= c.start })
		return c.decl && i >= 0 && toks[i].tok == token.IMPORT
	}
	slices.SortStableFunc(chunks, func(a, b chunk) int {
		switch x, y := isImport(a), isImport(b); {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	return chunks
}

// valueList finds where the last statement of a chunk begins if it is a list of
// expressions ("a, b"), which Go has no statement for; else it returns -1.
func valueList(toks []tok, c chunk) int {
	depth, comma, start := 0, false, -1
	toks = slices.DeleteFunc(slices.Clone(toks), func(t tok) bool { return t.off < c.start || t.off >= c.end })
	for i, t := range toks {
		if t.tok == token.SEMICOLON && depth == 0 {
			if i < len(toks)-1 {
				comma, start = false, -1
			}
			continue
		}
		if start == -1 {
			start = t.off
			if t.tok.IsKeyword() && t.tok != token.FUNC {
				start = -2 // a statement
			}
		}
		switch t.tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth--
		case token.COMMA:
			comma = comma || depth == 0
		case token.ASSIGN, token.DEFINE, token.ARROW:
			if depth == 0 {
				start = -2
			}
		}
	}
	if !comma || start < 0 {
		return -1
	}
	return start
}

var closer = map[token.Token]token.Token{
	token.LPAREN: token.RPAREN, token.LBRACK: token.RBRACK, token.LBRACE: token.RBRACE,
}

// startsDecl reports whether the tokens begin a declaration rather than a
// statement. A func followed by a name declares; so does a method, where an
// identifier and a parameter list follow the receiver.
func startsDecl(toks []tok) bool {
	switch toks[0].tok {
	case token.IMPORT, token.PACKAGE, token.TYPE, token.VAR, token.CONST:
		return true
	case token.FUNC:
	default:
		return false
	}
	if len(toks) > 1 && toks[1].tok == token.IDENT {
		return true
	}
	if len(toks) < 2 || toks[1].tok != token.LPAREN {
		return false
	}
	depth := 0
	for i, t := range toks[1:] {
		switch t.tok {
		case token.LPAREN:
			depth++
		case token.RPAREN:
			depth--
		}
		if depth == 0 {
			rest := toks[i+2:]
			return len(rest) > 1 && rest[0].tok == token.IDENT && rest[1].tok == token.LPAREN
		}
	}
	return false
}

// withComments moves the start of a declaration up over the comment lines right
// above it: its documentation and directives.
func withComments(text string, off int) int {
	start := strings.LastIndexByte(text[:off], '\n') + 1
	if strings.TrimSpace(text[start:off]) != "" {
		return off
	}
	for start > 0 {
		above := strings.LastIndexByte(text[:start-1], '\n') + 1
		line := strings.TrimSpace(text[above:start])
		if strings.HasSuffix(line, "*/") && !strings.HasPrefix(line, "//") {
			open := strings.LastIndex(text[:start], "/*")
			if open < 0 || strings.TrimSpace(text[strings.LastIndexByte(text[:open], '\n')+1:open]) != "" {
				break
			}
			above = strings.LastIndexByte(text[:open], '\n') + 1
		} else if !strings.HasPrefix(line, "//") {
			break
		}
		start = above
	}
	return start
}

// capitalizeKeywordSelectors turns view.map into view.Map: after a dot a keyword
// can only be meant as a method's name, and no method is spelled like a keyword.
func capitalizeKeywordSelectors(text string) string {
	toks, _ := scan("", text)
	b := []byte(text)
	for i, t := range toks {
		if i > 0 && toks[i-1].tok == token.PERIOD && token.IsKeyword(t.lit) {
			b[t.off] -= 'a' - 'A'
		}
	}
	return string(b)
}

// dropPackageClause removes a leading "package main", which a cell may carry.
func dropPackageClause(text string, chunks []chunk) []chunk {
	kept := chunks[:0]
	for _, c := range chunks {
		body := strings.TrimLeft(text[c.start:c.end], " \t\n")
		if !c.decl || !strings.HasPrefix(stripComments(body), "package ") {
			kept = append(kept, c)
		}
	}
	return kept
}

// stripComments drops the comments a chunk begins with.
func stripComments(s string) string {
	for {
		end := "\n"
		if strings.HasPrefix(s, "/*") {
			end = "*/"
		} else if !strings.HasPrefix(s, "//") {
			return s
		}
		_, rest, _ := strings.Cut(s, end)
		s = strings.TrimLeft(rest, " \t\n")
	}
}

type tok struct {
	tok token.Token
	off int
	lit string
}

// scan tokenizes the text. A keyword right after a dot is taken as a name, so that
// view.map(f, xs) reads as a method call (names.go finds the method).
func scan(name, text string) ([]tok, Errors) {
	fset := token.NewFileSet()
	f := fset.AddFile(name, -1, len(text))
	var list scanner.ErrorList
	var sc scanner.Scanner
	sc.Init(f, []byte(text), func(p token.Position, msg string) { list.Add(p, msg) }, 0)
	var toks []tok
	for {
		pos, t, lit := sc.Scan()
		if t == token.EOF {
			break
		}
		if t.IsKeyword() && len(toks) > 0 && toks[len(toks)-1].tok == token.PERIOD {
			t = token.IDENT
		}
		toks = append(toks, tok{t, f.Offset(pos), lit})
	}
	if len(list) > 0 {
		errs := syntaxErrors(list)
		for i := range errs {
			errs[i].Incomplete = strings.Contains(errs[i].Msg, "not terminated")
		}
		return nil, errs
	}
	return toks, nil
}

// scanLoosely tokenizes a text that may be wrong, and its comments.
func scanLoosely(text string) (toks, comments []tok) {
	f := token.NewFileSet().AddFile("", -1, len(text))
	var sc scanner.Scanner
	sc.Init(f, []byte(text), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, t, lit := sc.Scan()
		switch t {
		case token.EOF:
			return toks, comments
		case token.COMMENT:
			comments = append(comments, tok{t, f.Offset(pos), lit})
		default:
			toks = append(toks, tok{t, f.Offset(pos), lit})
		}
	}
}

// endsInSemicolon reports whether the last token is a semicolon that was typed.
func endsInSemicolon(text string) bool {
	toks, errs := scan("", text)
	return errs == nil && len(toks) > 0 && toks[len(toks)-1].tok == token.SEMICOLON && toks[len(toks)-1].lit == ";"
}

func lineCol(text string, off int) (line, col int) {
	line = 1 + strings.Count(text[:off], "\n")
	return line, off - strings.LastIndexByte(text[:off], '\n')
}
