package cell

import (
	"go/token"
	"strings"
)

// IsComplete tells whether a text can be run as it is: "complete", "incomplete"
// with the indentation the next line should have, or "invalid".
func IsComplete(text string) (status, indent string) {
	_, errs := parse(token.NewFileSet(), "cell", text)
	switch {
	case len(errs) == 0:
		return "complete", ""
	case errs.Incomplete() || endsOpen(text) && atEnd(errs[0], text):
		return "incomplete", indentAfter(text)
	}
	return "invalid", ""
}

// atEnd reports whether an error is about what is missing at the end of a text.
func atEnd(e Error, text string) bool {
	line, col := lineCol(text, len(strings.TrimRight(text, " \t\n")))
	return e.Pos.Line > line || e.Pos.Line == line && e.Pos.Column >= col
}

// endsOpen reports whether a text ends where Go expects more: behind an operator,
// a comma, a dot, or a header without its block.
func endsOpen(text string) bool {
	toks, _ := scanLoosely(text)
	for len(toks) > 0 && toks[len(toks)-1].tok == token.SEMICOLON && toks[len(toks)-1].lit == "\n" {
		toks = toks[:len(toks)-1]
	}
	if len(toks) == 0 {
		return false
	}
	last := toks[len(toks)-1].tok
	switch last {
	case token.INC, token.DEC, token.RPAREN, token.RBRACK, token.RBRACE, token.SEMICOLON:
		return false
	}
	return last.IsOperator() || last.IsKeyword() && last != token.BREAK && last != token.CONTINUE &&
		last != token.RETURN && last != token.FALLTHROUGH
}

// indentAfter is the indentation of a line that continues a text: four spaces for
// every bracket that is open, because terminals show a typed tab as ^I.
func indentAfter(text string) string {
	depth := 0
	toks, _ := scanLoosely(text)
	for _, t := range toks {
		switch t.tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth = max(depth-1, 0)
		}
	}
	return strings.Repeat("    ", depth)
}
