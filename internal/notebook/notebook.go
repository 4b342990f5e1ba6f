// Package notebook reads, writes and checks Jupyter notebooks (nbformat 4.5) and runs them: it starts the notebook's kernel
// and drives it over ZeroMQ as any other front end does.
//
// It is not a front end for people: no input is asked for, nothing is rendered beyond text, and it knows nothing of Go in
// the cells. It does not migrate notebooks older than format 4.0.
//
// Invariants: what [Write] writes passes [Notebook.Validate]; metadata that this package does not know is kept; a notebook
// file is replaced as a whole or not at all.
package notebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
)

// The version of the notebook format that is written.
const (
	Format      = 4
	FormatMinor = 5
)

// The types of a [Cell].
const (
	Code     = "code"
	Markdown = "markdown"
	Raw      = "raw"
)

// The types of an [Output].
const (
	Stream        = "stream"
	DisplayData   = "display_data"
	ExecuteResult = "execute_result"
	Error         = "error"
)

// A Notebook is a notebook file's content. Fields are in the order in which nbformat writes them.
type Notebook struct {
	Cells       []*Cell  `json:"cells"`
	Metadata    Metadata `json:"metadata"`
	Format      int      `json:"nbformat"`
	FormatMinor int      `json:"nbformat_minor"`
}

// Metadata is metadata of a notebook, cell or output: any JSON value by name, kept as it was read.
type Metadata map[string]json.RawMessage

// KernelName is the name of the kernelspec that the notebook asks for, "" for none; Language is that kernel's language.
func (n *Notebook) KernelName() (name, language string) {
	var spec struct{ Name, Language string }
	if raw, ok := n.Metadata["kernelspec"]; ok {
		_ = json.Unmarshal(raw, &spec) // a strange kernelspec is as good as none: Validate reports it
	}
	return spec.Name, spec.Language
}

// A Cell is one cell. Outputs and ExecutionCount are those of code cells.
type Cell struct {
	ID             string // 1 to 64 letters, digits, '-', '_'; unique in the notebook
	Type           string // Code, Markdown or Raw
	Source         string
	Metadata       Metadata
	Attachments    json.RawMessage // nil for none
	Outputs        []*Output
	ExecutionCount *int // nil: not executed
}

// An Output is one output of a code cell; which fields are used depends on its type.
type Output struct {
	Type           string   // Stream, DisplayData, ExecuteResult or Error
	Name           string   // Stream: "stdout" or "stderr"
	Text           string   // Stream
	Data           Data     // DisplayData, ExecuteResult
	Metadata       Metadata // DisplayData, ExecuteResult
	ExecutionCount *int     // ExecuteResult
	Ename          string   // Error
	Evalue         string   // Error
	Traceback      []string // Error: lines, with ANSI colours
}

// Data is a MIME bundle: for JSON types any JSON value, for all others a JSON string (binary data as base64).
type Data map[string]json.RawMessage

// Text returns the text/plain representation, "" if there is none.
func (d Data) Text() string {
	var s string
	if raw, ok := d["text/plain"]; ok {
		_ = json.Unmarshal(raw, &s) // no string: no text
	}
	return s
}

var cellID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// Validate reports every way in which n is not a valid notebook of format 4.5, nil if it is one.
func (n *Notebook) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if n.Format != Format || n.FormatMinor < FormatMinor {
		wrong("format %d.%d instead of %d.%d", n.Format, n.FormatMinor, Format, FormatMinor)
	}
	if raw, ok := n.Metadata["kernelspec"]; ok {
		var spec struct {
			Name        *string `json:"name"`
			DisplayName *string `json:"display_name"`
		}
		if err := json.Unmarshal(raw, &spec); err != nil || spec.Name == nil || spec.DisplayName == nil {
			wrong("metadata.kernelspec needs a name and a display_name")
		}
	}
	seen := map[string]bool{}
	for i, c := range n.Cells {
		if !cellID.MatchString(c.ID) {
			wrong("cell %d: id %q is not 1 to 64 letters, digits, - or _", i+1, c.ID)
		}
		if seen[c.ID] {
			wrong("cell %d: id %q is taken by an earlier cell", i+1, c.ID)
		}
		seen[c.ID] = true
		if err := c.validate(); err != nil {
			wrong("cell %d: %w", i+1, err)
		}
	}
	return errors.Join(errs...)
}

func (c *Cell) validate() error {
	switch c.Type {
	case Code:
	case Markdown, Raw:
		if len(c.Outputs) > 0 || c.ExecutionCount != nil {
			return fmt.Errorf("a %s cell has no outputs", c.Type)
		}
	default:
		return fmt.Errorf("unknown cell type %q", c.Type)
	}
	for i, o := range c.Outputs {
		if err := o.validate(); err != nil {
			return fmt.Errorf("output %d: %w", i+1, err)
		}
	}
	return nil
}

func (o *Output) validate() error {
	switch o.Type {
	case Stream:
		if o.Name == "" {
			return errors.New("stream without a name")
		}
	case DisplayData, ExecuteResult, Error:
	default:
		return fmt.Errorf("unknown output type %q", o.Type)
	}
	return nil
}
