package kernel

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gopar-project/gopar/internal/cell"
	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/runner"
)

// ANSI colours of tracebacks.
const (
	red   = "\x1b[31m"
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	reset = "\x1b[0m"
)

// checkError shows what is wrong with a cell's text: every error with its line and
// a caret.
func (g *GoEvaluator) checkError(name, code string, err error) *Error {
	var errs cell.Errors
	if !errors.As(err, &errs) || len(errs) == 0 {
		return plainError("compile error", err)
	}
	value := errs[0].Error()
	if len(errs) > 1 {
		value += fmt.Sprintf(" (and %d more)", len(errs)-1)
	}
	lines := strings.Split(code, "\n")
	var traceback []string
	for _, e := range errs {
		traceback = append(traceback, fmt.Sprintf("%s%s%s: %s%s%s", bold, e.Pos, reset, red, e.Msg, reset))
		if e.Pos.Filename == name && 1 <= e.Pos.Line && e.Pos.Line <= len(lines) {
			line := lines[e.Pos.Line-1]
			traceback = append(traceback, "    "+line, "    "+caret(line, e.Pos.Column))
		}
	}
	return &Error{Name: "compile error", Value: value, Traceback: traceback}
}

// caret points at a column, which counts bytes from 1, of a line shown above it.
func caret(line string, column int) string {
	head := line[:min(max(column-1, 0), len(line))]
	var b strings.Builder
	for _, r := range head {
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String() + red + "^" + reset
}

// exception shows what ended a cell that ran: the message, then the user's frames,
// innermost first, with the line each was at.
func (g *GoEvaluator) exception(e *runner.Exception, lost []string) *Error {
	if e.Name == "interrupted" && !e.Fatal {
		return interrupted().Error
	}
	head := e.Name
	if e.Value != "" {
		head += ": " + e.Value
	}
	traceback := []string{red + head + reset}
	if len(e.Frames) > 0 {
		traceback = append(traceback, "")
	}
	for _, f := range e.Frames {
		traceback = append(traceback, fmt.Sprintf("  %s%s:%d%s  %s", bold, g.session.FileName(f.File), f.Line, reset, f.Func))
		if text := strings.TrimSpace(g.session.SourceLine(f.File, f.Line)); text != "" {
			traceback = append(traceback, "    "+faint+text+reset)
		}
	}
	if e.Fatal {
		traceback = append(traceback, "", lostText("The process that ran the cell has ended and was replaced.", lost))
	}
	return &Error{Name: e.Name, Value: e.Value, Traceback: traceback}
}

// lostText explains what a new runner means for the session.
func lostText(why string, lost []string) string {
	text := why + " Types, functions and imports are kept."
	if len(lost) > 0 {
		text += " Lost with it: " + strings.Join(lost, ", ") + "; run their cells again."
	}
	return strings.TrimSpace(text)
}

func plainError(name string, err error) *Error {
	return &Error{Name: name, Value: err.Error(), Traceback: []string{red + name + reset + ": " + err.Error()}}
}

// buildError tells why a cell that has been checked could not be built.
func buildError(err error) *Error {
	var c *native.CgoError
	if errors.As(err, &c) {
		return plainError("C error", err)
	}
	return plainError("build error", err)
}
