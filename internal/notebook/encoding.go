package notebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// The JSON of cells and outputs depends on their type, and nbformat splits long texts into lines so that notebooks can be
// compared line by line. The structs below are the JSON; fields are in alphabetical order, as nbformat writes them.

// lines is a text that is written as a list of lines and read as that or as one string.
type lines string

// MarshalJSON implements json.Marshaler.
func (l lines) MarshalJSON() ([]byte, error) {
	list := []string{}
	if l != "" {
		list = strings.SplitAfter(string(l), "\n")
		if list[len(list)-1] == "" {
			list = list[:len(list)-1]
		}
	}
	return compact(list)
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *lines) UnmarshalJSON(raw []byte) error {
	var list []string
	if err := json.Unmarshal(raw, &list); err == nil {
		*l = lines(strings.Join(list, ""))
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("neither a text nor a list of lines")
	}
	*l = lines(s)
	return nil
}

type codeJSON struct {
	Type           string    `json:"cell_type"`
	ExecutionCount *int      `json:"execution_count"`
	ID             string    `json:"id"`
	Metadata       Metadata  `json:"metadata"`
	Outputs        []*Output `json:"outputs"`
	Source         lines     `json:"source"`
}

type textJSON struct {
	Attachments json.RawMessage `json:"attachments,omitempty"`
	Type        string          `json:"cell_type"`
	ID          string          `json:"id"`
	Metadata    Metadata        `json:"metadata"`
	Source      lines           `json:"source"`
}

// MarshalJSON implements json.Marshaler.
func (c *Cell) MarshalJSON() ([]byte, error) {
	if c.Type == Code {
		outputs := c.Outputs
		if outputs == nil {
			outputs = []*Output{}
		}
		return compact(codeJSON{c.Type, c.ExecutionCount, c.ID, some(c.Metadata), outputs, lines(c.Source)})
	}
	return compact(textJSON{c.Attachments, c.Type, c.ID, some(c.Metadata), lines(c.Source)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *Cell) UnmarshalJSON(raw []byte) error {
	var j struct {
		codeJSON
		Attachments json.RawMessage `json:"attachments"`
	}
	if err := json.Unmarshal(raw, &j); err != nil {
		return err
	}
	*c = Cell{
		ID: j.ID, Type: j.Type, Source: string(j.Source), Metadata: j.Metadata, Attachments: j.Attachments,
		Outputs: j.Outputs, ExecutionCount: j.ExecutionCount,
	}
	return nil
}

type streamJSON struct {
	Name string `json:"name"`
	Type string `json:"output_type"`
	Text lines  `json:"text"`
}

type displayJSON struct {
	Data     Data     `json:"data"`
	Metadata Metadata `json:"metadata"`
	Type     string   `json:"output_type"`
}

type resultJSON struct {
	Data           Data     `json:"data"`
	ExecutionCount *int     `json:"execution_count"`
	Metadata       Metadata `json:"metadata"`
	Type           string   `json:"output_type"`
}

type errorJSON struct {
	Ename     string   `json:"ename"`
	Evalue    string   `json:"evalue"`
	Type      string   `json:"output_type"`
	Traceback []string `json:"traceback"`
}

// MarshalJSON implements json.Marshaler.
func (o *Output) MarshalJSON() ([]byte, error) {
	switch o.Type {
	case Stream:
		return compact(streamJSON{o.Name, o.Type, lines(o.Text)})
	case Error:
		traceback := o.Traceback
		if traceback == nil {
			traceback = []string{}
		}
		return compact(errorJSON{o.Ename, o.Evalue, o.Type, traceback})
	case ExecuteResult:
		return compact(resultJSON{o.Data, o.ExecutionCount, some(o.Metadata), o.Type})
	}
	return compact(displayJSON{o.Data, some(o.Metadata), o.Type})
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *Output) UnmarshalJSON(raw []byte) error {
	var j struct {
		Data           Data     `json:"data"`
		Ename          string   `json:"ename"`
		Evalue         string   `json:"evalue"`
		ExecutionCount *int     `json:"execution_count"`
		Metadata       Metadata `json:"metadata"`
		Name           string   `json:"name"`
		Text           lines    `json:"text"`
		Traceback      []string `json:"traceback"`
		Type           string   `json:"output_type"`
	}
	if err := json.Unmarshal(raw, &j); err != nil {
		return err
	}
	*o = Output{
		Type: j.Type, Name: j.Name, Text: string(j.Text), Data: j.Data, Metadata: j.Metadata,
		ExecutionCount: j.ExecutionCount, Ename: j.Ename, Evalue: j.Evalue, Traceback: j.Traceback,
	}
	return nil
}

// jsonMIME matches the MIME types whose value is any JSON value.
var jsonMIME = regexp.MustCompile(`^application/(.*\+)?json$`)

// MarshalJSON implements json.Marshaler.
func (d Data) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, len(d))
	for mime, raw := range d {
		var text string
		if !jsonMIME.MatchString(mime) && json.Unmarshal(raw, &text) == nil {
			out[mime] = lines(text)
			continue
		}
		value, err := sorted(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", mime, err)
		}
		out[mime] = value
	}
	return compact(out)
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *Data) UnmarshalJSON(raw []byte) error {
	var in map[string]json.RawMessage
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	for mime, value := range in {
		if jsonMIME.MatchString(mime) {
			continue
		}
		var text lines
		if err := json.Unmarshal(value, &text); err != nil {
			return fmt.Errorf("%s: %w", mime, err)
		}
		joined, err := compact(string(text))
		if err != nil {
			return err
		}
		in[mime] = joined
	}
	*d = in
	return nil
}

// MarshalJSON implements json.Marshaler.
func (m Metadata) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, len(m))
	for name, raw := range m {
		value, err := sorted(raw)
		if err != nil {
			return nil, fmt.Errorf("metadata %s: %w", name, err)
		}
		out[name] = value
	}
	return compact(out)
}

// sorted decodes raw so that it encodes with sorted keys, as nbformat writes them, and numbers as they were.
func sorted(raw json.RawMessage) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	err = d.Decode(&value)
	return value, err
}

// some is m, empty instead of nil: nbformat wants {} where there is no metadata.
func some(m Metadata) Metadata {
	if m == nil {
		return Metadata{}
	}
	return m
}

// compact is JSON as nbformat writes it, but for the indentation: <, > and & stay as they are.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
