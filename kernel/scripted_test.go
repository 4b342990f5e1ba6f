package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/runner"
	"github.com/gopar-project/gopar/kernel"
)

// scripted is an Evaluator that knows a few lines of Go by heart, each with what
// Go would do. It stands in for the language in tests of the protocol.
type scripted struct {
	mu     sync.Mutex
	sink   runner.Sink
	stop   chan struct{} // closed by Interrupt while a cell runs; nil otherwise
	cells  []kernel.Cell
	resets int
	closed bool
}

func (s *scripted) SetSink(sink runner.Sink) { s.sink = sink }

func (s *scripted) Execute(ctx context.Context, c kernel.Cell) kernel.Outcome {
	stop := make(chan struct{})
	s.mu.Lock()
	s.stop = stop
	s.cells = append(s.cells, c)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.stop = nil
		s.mu.Unlock()
	}()
	var o kernel.Outcome
	for line := range strings.Lines(c.Code) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		o.Value = nil
		s.line(ctx, stop, c, line, &o)
		if o.Error != nil {
			return o
		}
	}
	o.Metadata = map[string]any{kernel.MetadataKey: map[string]any{"mode": "interp"}}
	return o
}

var (
	printLine  = regexp.MustCompile(`^fmt\.Fprintln\(os\.(Stdout|Stderr), "(.*)"\)$`)
	panicLine  = regexp.MustCompile(`^panic\("(.*)"\)$`)
	sumLine    = regexp.MustCompile(`^(\d+) ?\+ ?(\d+)$`)
	ignoreLine = regexp.MustCompile(`^\w+ := `)
)

func (s *scripted) line(ctx context.Context, stop <-chan struct{}, c kernel.Cell, line string, o *kernel.Outcome) {
	if m := printLine.FindStringSubmatch(line); m != nil {
		s.sink.Output(c.MsgID, strings.ToLower(m[1]), []byte(m[2]+"\n"))
		return
	}
	if m := panicLine.FindStringSubmatch(line); m != nil {
		o.Error = &kernel.Error{Name: "panic", Value: m[1], Traceback: []string{"panic: " + m[1], "cell " + strconv.Itoa(c.Number) + ":1"}}
		return
	}
	if m := sumLine.FindStringSubmatch(line); m != nil {
		a, _ := strconv.Atoi(m[1])
		b, _ := strconv.Atoi(m[2])
		o.Value = display.Text(a + b)
		return
	}
	switch line {
	case "for {}":
		select {
		case <-stop:
		case <-ctx.Done():
		}
		o.Error = &kernel.Error{Name: "Interrupted", Value: "interrupted"}
	case `fmt.Println(display.Input("name? "))`, `fmt.Println(display.Password("name? "))`:
		text, err := s.sink.Input(ctx, c.MsgID, "name? ", strings.Contains(line, "Password"))
		if errors.Is(err, io.EOF) {
			err = io.EOF
		}
		s.sink.Output(c.MsgID, "stdout", fmt.Appendln(nil, text, err))
	case `display.Show(display.HTML("<b>x</b>"))`:
		s.sink.Display(c.MsgID, display.Message{Type: display.DisplayData, Data: display.HTML("<b>x</b>"), DisplayID: "d1"})
	case "display.Clear(true)":
		s.sink.Display(c.MsgID, display.Message{Type: display.ClearOutput, Wait: true})
	case `display.Page("long text")`:
		o.Payload = append(o.Payload, display.Payload{Source: display.PagePayload, Data: display.Text("long text")})
	default:
		if !ignoreLine.MatchString(line) {
			o.Error = &kernel.Error{Name: "CompileError", Value: fmt.Sprintf("cell %d: undefined: %s", c.Number, line)}
		}
	}
}

func (s *scripted) Complete(code string, cursor int) kernel.Completion {
	before := string([]rune(code)[:cursor])
	if !strings.HasSuffix(before, "fmt.Printl") {
		return kernel.Completion{}
	}
	return kernel.Completion{
		Matches: []kernel.Match{{Text: "Println", Type: "function", Signature: "func(a ...any) (n int, err error)"}},
		Start:   cursor - len("Printl"), End: cursor,
	}
}

func (s *scripted) Inspect(code string, _, detail int) (display.Bundle, bool) {
	if code == "done" {
		return display.Text("var done bool"), true
	}
	if !strings.Contains(code, "fmt.Println") {
		return nil, false
	}
	return display.Text("func Println(a ...any)" + strings.Repeat(" { source }", detail)), true
}

func (s *scripted) IsComplete(code string) (status, indent string) {
	switch {
	case strings.Contains(code, "@"):
		return "invalid", ""
	case strings.Count(code, "{") > strings.Count(code, "}"):
		return "incomplete", "\t"
	default:
		return "complete", ""
	}
}

func (s *scripted) Expression(_ context.Context, expr string) (display.Bundle, *kernel.Error) {
	if expr == "2*3" {
		return display.Text(6), nil
	}
	return nil, &kernel.Error{Name: "CompileError", Value: "undefined: " + expr}
}

func (s *scripted) Interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		close(s.stop)
		s.stop = nil
	}
}

func (s *scripted) Restart(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resets++
	return nil
}

func (s *scripted) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *scripted) Names() []kernel.Name {
	return []kernel.Name{{Name: "mul", Kind: "func", Type: "func(a, b int) int"}, {Name: "x", Kind: "var", Type: "int"}}
}

// ran returns the code of the cells that were run.
func (s *scripted) ran() []kernel.Cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]kernel.Cell(nil), s.cells...)
}
