package kernel

import (
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/cell"
)

// Complete implements Evaluator.
func (g *GoEvaluator) Complete(code string, cursor int) Completion {
	s := g.names()
	if s == nil {
		return Completion{Start: cursor, End: cursor}
	}
	c := s.Complete(code, byteOffset(code, cursor))
	out := Completion{Start: utf8.RuneCountInString(code[:c.Start]), End: utf8.RuneCountInString(code[:c.End])}
	for _, m := range c.Matches {
		out.Matches = append(out.Matches, Match{Text: m.Text, Type: m.Kind, Signature: m.Signature})
	}
	return out
}

// Inspect implements Evaluator.
func (g *GoEvaluator) Inspect(code string, cursor, detail int) (display.Bundle, bool) {
	s := g.names()
	if s == nil {
		return nil, false
	}
	d, ok := s.Inspect(code, byteOffset(code, cursor))
	if !ok {
		return nil, false
	}
	return description(d, detail), true
}

// description shows what is known about a name, as text and as Markdown.
func description(d cell.Description, detail int) display.Bundle {
	var text, md strings.Builder
	text.WriteString(d.Signature + "\n")
	md.WriteString("```go\n" + d.Signature + "\n```\n")
	if d.Where != "" {
		text.WriteString("from " + d.Where + "\n")
		md.WriteString("*" + d.Where + "*\n")
	}
	if d.Doc != "" {
		text.WriteString("\n" + d.Doc)
		md.WriteString("\n" + d.Doc)
	}
	if detail > 0 && d.Source != "" {
		text.WriteString("\n" + d.Source + "\n")
		md.WriteString("\n```go\n" + d.Source + "\n```\n")
	}
	return display.Bundle{"text/plain": text.String(), "text/markdown": md.String()}
}

// IsComplete implements Evaluator.
func (g *GoEvaluator) IsComplete(code string) (status, indent string) { return cell.IsComplete(code) }

// Names implements Namer.
func (g *GoEvaluator) Names() []Name {
	s := g.names()
	if s == nil {
		return nil
	}
	var names []Name
	for _, n := range s.Names() {
		names = append(names, Name{Name: n.Name, Kind: n.Kind, Type: n.Type})
	}
	return names
}

// byteOffset converts a cursor in code points to one in bytes.
func byteOffset(code string, cursor int) int {
	for i := range code {
		if cursor == 0 {
			return i
		}
		cursor--
	}
	return len(code)
}

// folder is the notebook's folder: what a cell embeds and includes is relative to it.
func (g *GoEvaluator) folder() string {
	if g.config.Dir != "" {
		return g.config.Dir
	}
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	return dir
}

// Dir is the working directory of the cells, where the system tells.
func (g *GoEvaluator) Dir() string {
	pid := g.PID()
	if pid == 0 {
		return ""
	}
	dir, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return ""
	}
	return dir
}
