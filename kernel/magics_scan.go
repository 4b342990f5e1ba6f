package kernel

import (
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
	"unicode"
)

// lineMagic is a line of a cell that is not Go: %name args, or !command.
type lineMagic struct {
	start, end   int // bytes of the code, without the line break
	line, column int // line from 0, column from 1
	name, args   string
	shell        bool // !args
	double       bool // %%name where it must not be
	nested       bool // inside of a block or parentheses, where it must not be
}

// cellMagic splits a cell whose first line that is not blank is %%name args.
func cellMagic(code string) (name, args, body string, ok bool) {
	trimmed := strings.TrimLeftFunc(code, unicode.IsSpace)
	if !strings.HasPrefix(trimmed, "%%") {
		return "", "", "", false
	}
	first, body, _ := strings.Cut(trimmed, "\n")
	name, args = splitName(first[2:])
	return name, args, body, true
}

// splitName splits "name args".
func splitName(s string) (name, args string) {
	end := strings.IndexFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(s)
	}
	return s[:end], strings.TrimSpace(s[end:])
}

// lineMagics finds the lines that are magics: they begin, where a statement
// may begin, with % or with ! that is not the Go operator. Lines inside of raw
// strings and comments are none. Known reports whether a name is declared.
func lineMagics(code string, known func(string) bool) []lineMagic {
	if !mayHaveMagics(code) {
		return nil
	}
	var found []lineMagic
	s := magicScanner{code: code, known: known, seen: make(map[string]bool)}
	for at := 0; at < len(code); {
		start, ok := s.next(at)
		if !ok {
			break
		}
		end := len(code)
		if n := strings.IndexByte(code[start:], '\n'); n >= 0 {
			end = start + n
		}
		m := newLineMagic(code, start, end)
		m.nested = s.depth > 0
		found = append(found, m)
		at = end
	}
	return found
}

// mayHaveMagics is the quick answer for most cells.
func mayHaveMagics(code string) bool {
	for line := range strings.Lines(code) {
		if line = strings.TrimLeft(line, " \t\r"); line != "" && (line[0] == '%' || line[0] == '!') {
			return true
		}
	}
	return false
}

// magicScanner looks for line magics in a cell.
type magicScanner struct {
	code  string
	known func(name string) bool
	seen  map[string]bool // names that occur in the Go code passed
	depth int             // blocks, parentheses and brackets that are open
}

// next returns where, from at on, the first line magic begins. At must be where
// a statement may begin.
func (m *magicScanner) next(at int) (start int, ok bool) {
	src := []byte(m.code[at:])
	file := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, func(token.Position, string) {}, 0) // errors are the compiler's to report
	before := token.SEMICOLON
	for {
		pos, tok, text := s.Scan()
		start = at + file.Offset(pos)
		switch tok {
		case token.EOF:
			return 0, false
		case token.REM, token.REM_ASSIGN:
			// In a composite literal, too: no element begins with %.
			if (before == token.SEMICOLON || before == token.LBRACE) && beginsLine(m.code, start) {
				return start, true
			}
		case token.NOT, token.NEQ:
			if before == token.SEMICOLON && beginsLine(m.code, start) && !isNegation(m.code[start:], m.declared) {
				return start, true
			}
		case token.LPAREN, token.LBRACK, token.LBRACE:
			m.depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			m.depth--
		case token.IDENT:
			m.seen[text] = true
		}
		before = tok
	}
}

// declared reports whether the session or the code passed has a name.
func (m *magicScanner) declared(name string) bool { return m.seen[name] || m.known(name) }

// beginsLine reports whether only blanks are before start in its line.
func beginsLine(code string, start int) bool {
	line := code[strings.LastIndexByte(code[:start], '\n')+1 : start]
	return strings.Trim(line, " \t\r") == ""
}

// isNegation reports whether a line that begins with ! is a Go expression over
// a name that is declared, such as !done.
func isNegation(text string, known func(string) bool) bool {
	line, _, _ := strings.Cut(text[1:], "\n")
	name, _ := splitName(strings.TrimLeft(line, "!( "))
	if name == "" || !known(name) {
		return false
	}
	_, err := parser.ParseExpr(line)
	return err == nil
}

// newLineMagic returns the magic in code[start:end].
func newLineMagic(code string, start, end int) lineMagic {
	m := lineMagic{
		start: start, end: end,
		line:   strings.Count(code[:start], "\n"),
		column: 1 + start - (strings.LastIndexByte(code[:start], '\n') + 1),
	}
	text := strings.TrimRight(code[start:end], " \t\r")
	if text[0] == '!' {
		m.shell, m.args = true, strings.TrimSpace(text[1:])
		return m
	}
	text = text[1:]
	if strings.HasPrefix(text, "%") {
		m.double, text = true, text[1:]
	}
	m.name, m.args = splitName(text)
	return m
}
