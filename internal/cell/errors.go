package cell

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"go/scanner"
	"go/token"
	"strings"
)

// Error is one thing wrong with a cell's text.
type Error struct {
	Pos        token.Position // file "cell 3"; line and column count from 1, columns in bytes
	Msg        string
	Incomplete bool // more input could mend it
}

// Error returns "cell 3:2:7: undefined: zz".
func (e Error) Error() string { return e.Pos.String() + ": " + e.Msg }

// Errors are all the errors of one cell, in source order. It is the error type
// that Session.Check returns for a cell that is wrong.
type Errors []Error

// Error returns one line per error.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Incomplete reports whether more input could mend every error.
func (es Errors) Incomplete() bool {
	for _, e := range es {
		if !e.Incomplete {
			return false
		}
	}
	return len(es) > 0
}

// at makes an Error for a byte offset of a cell's text.
func at(name, text string, off int, msg string) Error {
	line, col := lineCol(text, off)
	return Error{Pos: token.Position{Filename: name, Offset: off, Line: line, Column: col}, Msg: msg}
}

// syntaxErrors converts what go/parser and go/scanner report.
func syntaxErrors(err error) Errors {
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		return Errors{{Msg: err.Error()}}
	}
	list.Sort()
	list.RemoveMultiples()
	var es Errors
	for _, e := range list {
		es = append(es, Error{Pos: e.Pos, Msg: e.Msg})
	}
	return es
}

// fileID is the name under which compiled code knows a cell's text. It does not
// contain the cell's number, so that the same text has the same object wherever
// it stands.
func fileID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "cell-" + hex.EncodeToString(sum[:6])
}
