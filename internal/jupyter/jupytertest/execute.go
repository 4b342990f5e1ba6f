package jupytertest

import (
	"strings"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// Execution is a cell that was run.
type Execution struct {
	Request *jupyter.Message
	Reply   jupyter.ExecuteReply
	Raw     Received // the reply as it came
	Outputs []Received
}

// Cell returns the execute_request of a notebook's cell: history is stored,
// errors stop what waits, nobody answers questions.
func Cell(code string) jupyter.ExecuteRequest {
	return jupyter.ExecuteRequest{Code: code, StoreHistory: true, StopOnError: true}
}

// Execute runs a cell and waits until it is idle.
func (f *FrontEnd) Execute(code string) Execution {
	f.t.Helper()
	return f.Finish(f.Start(Cell(code)))
}

// Start sends an execute_request and does not wait.
func (f *FrontEnd) Start(c jupyter.ExecuteRequest) *jupyter.Message {
	f.t.Helper()
	return f.Send(jupyter.Shell, "execute_request", c)
}

// Finish waits until a request of Start is idle.
func (f *FrontEnd) Finish(request *jupyter.Message) Execution {
	f.t.Helper()
	e := Execution{Request: request}
	e.Raw = f.Reply(request, &e.Reply)
	e.Outputs = f.Outputs(request)
	return e
}

// Types returns the types of the outputs in order, states and stream names in
// place of "status" and "stream".
func (e Execution) Types() []string {
	types := make([]string, 0, len(e.Outputs))
	for _, r := range e.Outputs {
		var c struct {
			State string `json:"execution_state"`
			Name  string `json:"name"`
		}
		name := r.Header.MsgType
		if err := r.Bind(&c); err == nil && c.State+c.Name != "" && (name == "status" || name == "stream") {
			name = c.State + c.Name
		}
		types = append(types, name)
	}
	return types
}

// Stream returns all text of a stream.
func (e Execution) Stream(name string) string {
	var b strings.Builder
	for _, r := range e.Outputs {
		var s jupyter.Stream
		if r.Header.MsgType == "stream" && r.Bind(&s) == nil && s.Name == name {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

// Result returns the text/plain of the execute_result, "" for none.
func (e Execution) Result() string {
	for _, r := range e.Outputs {
		var c struct {
			Data map[string]any `json:"data"`
		}
		if r.Header.MsgType == "execute_result" && r.Bind(&c) == nil {
			text, _ := c.Data["text/plain"].(string)
			return text
		}
	}
	return ""
}
