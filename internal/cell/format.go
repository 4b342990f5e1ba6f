package cell

import (
	"go/format"
	"strings"
)

// Format returns the text of a cell as gofmt writes it: declarations and
// statements each by themselves, in their order, with the blank lines between
// them. The error is that of a text that is not Go.
func Format(name, text string) (string, error) {
	chunks, errs := split(name, text)
	if errs != nil {
		return "", errs
	}
	var b strings.Builder
	for i, c := range chunks {
		body := text[c.start:c.end]
		trimmed := strings.TrimRight(body, " \t\n")
		if c.values >= 0 { // "a, b" is no statement of Go
			b.WriteString(body)
			continue
		}
		out, err := format.Source([]byte(trimmed))
		if err != nil {
			return "", syntaxErrors(err)
		}
		b.Write(out)
		if i < len(chunks)-1 {
			b.WriteString(strings.Repeat("\n", min(max(strings.Count(body[len(trimmed):], "\n"), 1), 2)))
		}
	}
	return strings.TrimRight(b.String(), "\n"), nil
}
