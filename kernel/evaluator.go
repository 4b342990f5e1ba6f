package kernel

import (
	"context"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/runner"
)

// Evaluator is what a language supplies to be served as a kernel.
//
// Execute is called for one cell at a time. Everything else may be called while
// it runs: Complete, Inspect and IsComplete read what is declared and never
// wait for the cell.
type Evaluator interface {
	// Execute runs a cell and returns when it has ended and all it showed was
	// given to the sink. When ctx ends, which is how the kernel interrupts, or
	// Interrupt is called, it returns soon with an error and keeps the values.
	Execute(ctx context.Context, c Cell) Outcome
	// Complete returns what may stand at cursor, which counts code points.
	Complete(code string, cursor int) Completion
	// Inspect describes what stands at cursor, which counts code points; detail
	// 1 adds the source. False: nothing is known about it.
	Inspect(code string, cursor, detail int) (display.Bundle, bool)
	// IsComplete tells whether code can be run: "complete", "incomplete" (and
	// the indentation of the next line), "invalid" or "unknown".
	IsComplete(code string) (status, indent string)
	// Expression evaluates one expression for user_expressions. It is called
	// between cells.
	Expression(ctx context.Context, expr string) (display.Bundle, *Error)
	// Interrupt ends the cell that runs; without one it does nothing. It does
	// not wait.
	Interrupt()
	// Restart forgets all values and declarations.
	Restart(ctx context.Context) error
	// Close ends the evaluator and what it started; when ctx ends first, by
	// force. A cell that runs ends with an error. It may be called more than once.
	Close(ctx context.Context) error
	// SetSink says where output goes; called once, before the first cell. The
	// job id of what is shown is the Cell's MsgID.
	SetSink(s runner.Sink)
}

// Cell is one piece of code to run.
type Cell struct {
	// MsgID names the request; output refers to it.
	MsgID string
	// Code is Go. Lines that were magics are blank or hold what they mean, so
	// that every line is where the user wrote it.
	Code string
	// Number is the N of In[N] and of "cell N" in positions.
	Number int
	// Silent says that the last expression's value is not wanted.
	Silent bool
	// AllowStdin says that the front end answers input requests.
	AllowStdin bool
	// Mode says how the cell must be run.
	Mode Mode
	// Shown is the text that errors quote, when it is not Code: what the user
	// wrote, where a command made Code of it.
	Shown string
	// Name is what positions call the cell. Default: "cell N".
	Name string
	// Aside says that the cell is not part of what the session did: it is a
	// command's, and not exported.
	Aside bool
}

// Exporter is implemented by an Evaluator that can write what the session did as
// a program.
type Exporter interface {
	// Export returns the program.
	Export() (Program, error)
	// Tests returns a package with the tests that code, which positions call name,
	// declares, and with what they use of the session. Modules that it imports are
	// fetched; the output of that belongs to the job id.
	Tests(ctx context.Context, id, name, code string) (Program, *Error)
	// Vet returns the program with the positions of the cells, for go vet.
	Vet() (Program, error)
	// Go is the path of the go command.
	Go() string
}

// Program is the source of a program or package.
type Program struct {
	Source []byte // the file
	Test   []byte // the file of its tests; nil: none
	Module []byte // go.mod; nil: it imports the standard library only
	Sum    []byte // go.sum; may be nil
	// Packages are the files of further packages of the program, by path.
	Packages map[string][]byte
}

// Forgetter is implemented by an Evaluator that can forget single names, for
// %reset NAME.
type Forgetter interface {
	// Forget forgets names and returns those that are not declared. What uses them
	// keeps working.
	Forget(names []string) (unknown []string)
}

// Mode is a way to run a cell.
type Mode string

// Modes of a Cell.
const (
	// ModeAuto lets the evaluator choose.
	ModeAuto Mode = ""
	// ModeNative compiles the cell.
	ModeNative Mode = "native"
	// ModeInterp interprets the cell, or refuses.
	ModeInterp Mode = "interp"
)

// Outcome is what a cell came to.
type Outcome struct {
	// Value is the bundle of the last expression; nil: nothing to show.
	Value display.Bundle
	// Payload lists what is for the pager and the input line.
	Payload []display.Payload
	// Error is what ended the cell; nil: it ran to its end.
	Error *Error
	// Metadata becomes part of the metadata of the execute_reply; may be nil.
	Metadata map[string]any
}

// MetadataKey is where an Outcome's Metadata may hold a map[string]any that says
// how the cell was run; %time shows its "mode", and its "seconds" without what
// was needed to prepare it.
const MetadataKey = "gopar"

// Error is an error of the user's code: the only output of a cell that fails,
// so nothing else prints it.
type Error struct {
	// Name is the kind: "panic", "compile error", "Interrupted", ….
	Name string
	// Value is the message.
	Value string
	// Traceback holds the lines that front ends show, which may have ANSI
	// colours.
	Traceback []string
}

// Namer is implemented by an Evaluator that can list the session's names, for
// %who.
type Namer interface {
	// Names returns the names declared in the session, sorted.
	Names() []Name
}

// Name is one declared name.
type Name struct {
	Name string // as written
	Kind string // "var", "func", "type", "const"
	Type string // the type in the session's own spelling
}

// Placed is implemented by an Evaluator whose cells may change their working
// directory and environment; shell commands follow them.
type Placed interface {
	// Environ returns the working directory of the cells, empty if it is unknown,
	// and their environment, nil if it is the kernel's.
	Environ(ctx context.Context) (dir string, env []string)
}

// Completion is what may be inserted.
type Completion struct {
	// Matches are the candidates, best first.
	Matches []Match
	// Start and End are the code points that a match replaces.
	Start, End int
}

// Match is one candidate of a Completion.
type Match struct {
	// Text replaces the code points from Start to End.
	Text string
	// Type is Jupyter's word for the kind: function, instance, class, module,
	// keyword, magic, property, statement, path.
	Type string
	// Signature is shown beside a function; may be empty.
	Signature string
}
