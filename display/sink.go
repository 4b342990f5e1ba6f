package display

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

// The types of a [Message], as the Jupyter protocol names them.
const (
	DisplayData       = "display_data"
	UpdateDisplayData = "update_display_data"
	ClearOutput       = "clear_output"
)

// A Message is one thing to show, or to do to what is shown.
type Message struct {
	Type      string         // DisplayData, UpdateDisplayData or ClearOutput
	Data      Bundle         // what to show; nil for ClearOutput
	Metadata  map[string]any // MIME type → hints for the front end, such as an image's width; may be nil
	DisplayID string         // names the output so that it can be updated; "" if it never will be
	Wait      bool           // ClearOutput: keep the old output until the next one comes
}

// The sources of a [Payload], as the Jupyter protocol names them.
const (
	PagePayload         = "page"
	SetNextInputPayload = "set_next_input"
)

// A Payload asks the front end to do something when the cell has ended.
type Payload struct {
	Source  string // PagePayload: show Data in the pager; SetNextInputPayload: put Text into the next cell
	Data    Bundle
	Start   int // the pager's first line
	Text    string
	Replace bool // SetNextInputPayload: put Text into this cell instead
}

// A Sink carries what a process shows to its front end. Its methods are called from any goroutine.
type Sink interface {
	Display(Message)
	Payload(Payload)
	// Input asks the user for one line and blocks until there is one, ctx ends or the cell is interrupted.
	Input(ctx context.Context, prompt string, password bool) (string, error)
}

// sink is where this process shows things; nil until Attach.
var sink atomic.Pointer[Sink]

// Attach makes s the place where this process shows things; nil means standard output again. The kernel attaches the
// process in which cells run; nobody else needs to call it.
func Attach(s Sink) {
	if s == nil {
		sink.Store(nil)
		return
	}
	sink.Store(&s)
}

func current() Sink {
	if s := sink.Load(); s != nil {
		return *s
	}
	return console
}

func attached() bool { return sink.Load() != nil }

// console is the sink of a process without a front end.
var console Sink = &terminal{}

// terminal shows text only: outputs as they come, no updates, no clearing. It looks up os.Stdout each time, because
// programs, and Examples of package testing, replace it.
type terminal struct {
	mu sync.Mutex    // guards in
	in *bufio.Reader // nil until the first Input
}

func (t *terminal) Display(m Message) {
	if m.Type == DisplayData {
		_, _ = fmt.Fprintln(os.Stdout, m.Data.Text()) // best effort: a closed standard output is no error of the display
	}
}

func (t *terminal) Payload(p Payload) {
	if p.Source == PagePayload {
		_, _ = fmt.Fprintln(os.Stdout, p.Data.Text()) // best effort, as in Display
	}
}

func (t *terminal) Input(_ context.Context, prompt string, password bool) (string, error) {
	if password {
		return "", fmt.Errorf("ask for a password: %w", ErrNoFrontEnd)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.in == nil {
		t.in = bufio.NewReader(os.Stdin)
	}
	_, _ = fmt.Fprint(os.Stdout, prompt) // best effort, as in Display
	line, err := t.in.ReadString('\n')
	if err != nil && line == "" {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// Show shows the values, each as an output of its own, while the cell runs. A value's own error is shown in its place.
func Show(vs ...any) {
	for _, v := range vs {
		current().Display(Message{Type: DisplayData, Data: shown(v)})
	}
}

// New shows v and returns the handle by which that output can be replaced later.
func New(v any) *Handle {
	h := &Handle{id: rand.Text()}
	current().Display(Message{Type: DisplayData, Data: shown(v), DisplayID: h.id})
	return h
}

// A Handle is an output that can be replaced wherever it is shown, also from later cells.
type Handle struct{ id string }

// ID returns the display id, for [Update].
func (h *Handle) ID() string { return h.id }

// Update replaces the output by v.
func (h *Handle) Update(v any) { Update(h.id, v) }

// ShowAgain shows v at one more place under the same id: later updates replace it there, too.
func (h *Handle) ShowAgain(v any) {
	current().Display(Message{Type: DisplayData, Data: shown(v), DisplayID: h.id})
}

// Update replaces every output with display id id by v. An id that is not shown anywhere is ignored.
func Update(id string, v any) {
	current().Display(Message{Type: UpdateDisplayData, Data: shown(v), DisplayID: id})
}

// Clear removes the cell's output so far: at once, or, if wait, when the next output comes, which avoids flicker.
func Clear(wait bool) { current().Display(Message{Type: ClearOutput, Wait: wait}) }

// Page shows text in the front end's pager when the cell has ended.
func Page(text string) {
	current().Payload(Payload{Source: PagePayload, Data: Bundle{MIMEText: text}})
}

// SetNextInput puts code into the cell below when this one has ended.
func SetNextInput(code string) {
	current().Payload(Payload{Source: SetNextInputPayload, Text: code})
}

// Input asks the user for a line of text and returns it without its line break. It blocks until there is one; the error
// tells that the front end cannot ask (a notebook run by a tool) or that the cell was interrupted.
func Input(prompt string) (string, error) {
	return current().Input(context.Background(), prompt, false) // the sink ends the wait when the cell is interrupted
}

// Password is [Input] without showing what is typed. Outside of a notebook it fails with [ErrNoFrontEnd].
func Password(prompt string) (string, error) {
	return current().Input(context.Background(), prompt, true) // as in Input
}

func shown(v any) Bundle {
	b, err := of(context.Background(), v) // Showers see interrupts of the cell by themselves
	if err != nil {
		return Text(err)
	}
	return b
}
