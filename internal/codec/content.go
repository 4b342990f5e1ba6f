package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Version names the form of buffers in Content.Codec.
const Version = "gopar/1"

// What a task asks for, in Content.Op.
const (
	OpCall  = ""      // call Func with the arguments
	OpStore = "store" // set the variables bound to Names, see Bind
	OpFetch = "fetch" // return the values kept under Names, see SetSlot
)

// Content is the content of an apply_request between a Go client and a Go engine.
type Content struct {
	Codec string   `json:"codec"`
	Op    string   `json:"op,omitempty"`
	Func  *FuncRef `json:"func,omitempty"` // nil unless OpCall
	Args  int      `json:"args"`
	// Map applies the function to each index of the arguments, which are slices of equal length; the result is a slice.
	Map bool `json:"map"`
	// First is the index of the first element when Map applies to a part of the user's slices, for errors.
	First int `json:"first,omitempty"`
	// Units are the hashes of the units to load first, in order.
	Units []string `json:"units"`
	// Vars are the session variables the function reads; their values precede the arguments.
	Vars []VarRef `json:"vars"`
	// Names are the slots of OpStore and OpFetch.
	Names []string `json:"names,omitempty"`
	// Build is the sender's build; values travel only between equal builds.
	Build string `json:"build"`
	// Objects announce built units in the last buffers, gzipped.
	Objects []ObjectRef `json:"objects,omitempty"`
}

// FuncRef identifies a function on both sides.
type FuncRef struct {
	// Unit and Symbol name a cell's function, or the maker of a lifted literal.
	Unit   string `json:"unit,omitempty"`
	Symbol string `json:"symbol"`
	// Captures is 1 for a lifted literal: its captured variables follow the session variables.
	Captures int `json:"captures"`
	// Exec is the build (see Build) of the program that a function is part of which is not a cell's, Offset where it
	// starts there, Type the text of its type.
	Exec   string `json:"exec,omitempty"`
	Offset int64  `json:"offset,omitempty"`
	Type   string `json:"type,omitempty"`
	// Program is where an engine gets that program from when it is not gopar itself.
	Program *Program `json:"program,omitempty"`
}

// Program identifies a compiled program whose functions run on engines.
type Program struct {
	SHA256 string `json:"sha256"`         // of the executable, hexadecimal
	Path   string `json:"path,omitempty"` // where the sender has it: a hint for an engine on the same machine
}

// VarRef names a session variable that travels with a call, "x|int".
type VarRef struct {
	ID string `json:"id"`
}

// ObjectRef announces one gzipped object among the last buffers of a task.
type ObjectRef struct {
	Unit string `json:"unit"`
	Size int64  `json:"size"` // bytes, unpacked
}

// Ours reports whether content was made by a Go client of this version, without decoding it.
func Ours(content []byte) bool { return bytes.HasPrefix(content, []byte(`{"codec":"`+Version+`"`)) }

// ErrCodec says that a task was not made by a Go client; test with errors.Is.
var ErrCodec = errors.New("not a gopar task")

// ParseContent reads and checks the content of an apply_request. The error is ErrCodec for another language's.
func ParseContent(raw json.RawMessage) (*Content, error) {
	var c Content
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCodec, err)
	}
	switch {
	case c.Codec == "":
		return nil, fmt.Errorf("%w: it names no codec", ErrCodec)
	case c.Codec != Version:
		return nil, fmt.Errorf("%w: codec %q, this engine speaks %s", ErrCodec, c.Codec, Version)
	case c.Args < 0 || c.Args > maxArgs || len(c.Vars) > maxArgs || len(c.Names) > maxArgs || len(c.Units) > maxArgs || len(c.Objects) > maxArgs:
		return nil, fmt.Errorf("task with %d arguments, %d variables and %d names", c.Args, len(c.Vars), len(c.Names))
	case c.Op == OpCall && (c.Func == nil || c.Func.Captures < 0 || c.Func.Captures > 1):
		return nil, errors.New("task without a valid function reference")
	case c.Op != OpCall && c.Op != OpStore && c.Op != OpFetch:
		return nil, fmt.Errorf("unknown operation %q", c.Op)
	}
	return &c, nil
}

// maxArgs bounds the arguments of a call.
const maxArgs = 1 << 16
