package notebook

import (
	"encoding/json"
	"slices"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// recorder turns iopub messages into the outputs of cells. Output may come for a cell that has ended: goroutines go on.
type recorder struct {
	cells    map[string]*Cell     // by msg_id of the request
	displays map[string][]*Output // by display id: every output to be updated
	clear    map[*Cell]bool       // cells whose outputs the next one replaces
}

func newRecorder() *recorder {
	return &recorder{map[string]*Cell{}, map[string][]*Output{}, map[*Cell]bool{}}
}

// add makes c the cell of the request with that msg_id.
func (r *recorder) add(msgID string, c *Cell) { r.cells[msgID] = c }

// content is the union of what output messages carry.
type content struct {
	Name           string   `json:"name"`
	Text           string   `json:"text"`
	Data           Data     `json:"data"`
	Metadata       Metadata `json:"metadata"`
	ExecutionCount *int     `json:"execution_count"`
	Ename          string   `json:"ename"`
	Evalue         string   `json:"evalue"`
	Traceback      []string `json:"traceback"`
	Wait           bool     `json:"wait"`
	Transient      struct {
		DisplayID string `json:"display_id"`
	} `json:"transient"`
}

// message records one message that answers a request. It returns the output that is there now and, for a stream, the text
// that came; o is nil if the message added no output.
func (r *recorder) message(request string, m *jupyter.Message) (o *Output, more string, err error) {
	switch m.Header.MsgType {
	case Stream, DisplayData, ExecuteResult, Error, "update_display_data", "clear_output":
	default:
		return nil, "", nil
	}
	var msg content
	if err := json.Unmarshal(m.Content, &msg); err != nil {
		return nil, "", err
	}
	if m.Header.MsgType == "update_display_data" {
		for _, o := range r.displays[msg.Transient.DisplayID] {
			o.Data, o.Metadata = msg.Data, msg.Metadata
		}
		return nil, "", nil
	}
	c := r.cells[request]
	if c == nil {
		return nil, "", nil // of another client of the kernel
	}
	if m.Header.MsgType == "clear_output" {
		r.clear[c] = true
		if !msg.Wait {
			r.clearNow(c)
		}
		return nil, "", nil
	}
	r.clearNow(c)
	if last := len(c.Outputs) - 1; m.Header.MsgType == Stream && last >= 0 &&
		c.Outputs[last].Type == Stream && c.Outputs[last].Name == msg.Name {
		c.Outputs[last].Text += msg.Text
		return c.Outputs[last], msg.Text, nil
	}
	o = newOutput(m.Header.MsgType, msg)
	c.Outputs = append(c.Outputs, o)
	if id := msg.Transient.DisplayID; id != "" {
		r.displays[id] = append(r.displays[id], o)
	}
	return o, msg.Text, nil
}

// newOutput keeps of a message what an output of that type has.
func newOutput(msgType string, msg content) *Output {
	switch msgType {
	case Stream:
		return &Output{Type: Stream, Name: msg.Name, Text: msg.Text}
	case Error:
		return &Output{Type: Error, Ename: msg.Ename, Evalue: msg.Evalue, Traceback: msg.Traceback}
	}
	return &Output{Type: msgType, Data: msg.Data, Metadata: msg.Metadata, ExecutionCount: msg.ExecutionCount}
}

// clearNow drops c's outputs if that is due.
func (r *recorder) clearNow(c *Cell) {
	if !r.clear[c] {
		return
	}
	delete(r.clear, c)
	for id, outputs := range r.displays {
		r.displays[id] = slices.DeleteFunc(outputs, func(o *Output) bool { return slices.Contains(c.Outputs, o) })
	}
	c.Outputs = nil
}
