package proto

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// ConnectionReply answers a client's connection_request: who is there.
type ConnectionReply struct {
	Status    string            `json:"status"`
	Engines   map[string]string `json:"engines"`             // decimal engine id → UUID
	Languages map[string]string `json:"languages,omitempty"` // decimal engine id → language
	Places    map[string]Place  `json:"places,omitempty"`    // decimal engine id → where it runs; absent if the engine did not say
	Hub       string            `json:"hub,omitempty"`       // "gopar"; absent from ipyparallel's own controller
}

// QueueRequest asks for the load of engines. Targets null means all.
type QueueRequest struct {
	Targets *IntList `json:"targets"`
	Verbose bool     `json:"verbose"`           // lists of msg_ids instead of counts
	Running bool     `json:"running,omitempty"` // what engines work on; Python's hub ignores it
}

// IntList is a list of engine ids; a bare number is a list of one, and "all" is
// every engine (All).
type IntList struct {
	IDs []int
	All bool
}

// MarshalJSON writes the list or "all".
func (l IntList) MarshalJSON() ([]byte, error) {
	if l.All {
		return []byte(`"all"`), nil
	}
	if l.IDs == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(l.IDs)
}

// UnmarshalJSON accepts a list of numbers, one number, and "all".
func (l *IntList) UnmarshalJSON(b []byte) error {
	*l = IntList{}
	b = bytes.TrimSpace(b)
	switch {
	case bytes.Equal(b, []byte("null")):
		return nil
	case len(b) > 0 && b[0] == '[':
		return json.Unmarshal(b, &l.IDs)
	case bytes.Equal(b, []byte(`"all"`)):
		l.All = true
		return nil
	}
	n, err := strconv.Atoi(string(b))
	if err != nil {
		return fmt.Errorf("engines %.40q: want numbers, or \"all\"", b)
	}
	l.IDs = []int{n}
	return nil
}

// StringList is a list of msg_ids; a bare string is a list of one and "all"
// stands for all of them (All).
type StringList struct {
	IDs []string
	All bool
}

// MarshalJSON writes the list or "all".
func (l StringList) MarshalJSON() ([]byte, error) {
	if l.All {
		return []byte(`"all"`), nil
	}
	if l.IDs == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(l.IDs)
}

// UnmarshalJSON accepts null, a list, "all", and one id.
func (l *StringList) UnmarshalJSON(b []byte) error {
	*l = StringList{}
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		if s == "all" {
			l.All = true
		} else {
			l.IDs = []string{s}
		}
		return nil
	}
	return json.Unmarshal(b, &l.IDs)
}

// EngineQueue is one engine's load in a verbose QueueReply; in a plain one the
// three are counts. Queue are direct tasks, Tasks load-balanced ones.
type EngineQueue struct {
	Queue     Count `json:"queue"`
	Completed Count `json:"completed"`
	Tasks     Count `json:"tasks"`

	// Language is of the engine. It is told if what runs was asked for, or ids.
	Language string       `json:"language,omitempty"`
	Running  *RunningTask `json:"running,omitempty"` // if it was asked for and there is one
}

// RunningTask is the oldest task that an engine was given and has not answered.
// Metadata and Content are those of its request; too long ones are left out.
type RunningTask struct {
	MsgID     string          `json:"msg_id"`
	MsgType   string          `json:"msg_type"`
	Submitted Time            `json:"submitted"` // to the hub
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	Content   json.RawMessage `json:"content,omitempty"`
}

// Count is a number of tasks or, when the request was verbose, their msg_ids.
type Count struct {
	N       int
	IDs     []string
	Verbose bool
}

// MarshalJSON writes the number, or the ids when Verbose.
func (c Count) MarshalJSON() ([]byte, error) {
	if !c.Verbose {
		return strconv.AppendInt(nil, int64(c.N), 10), nil
	}
	if c.IDs == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(c.IDs)
}

// UnmarshalJSON reads either form.
func (c *Count) UnmarshalJSON(b []byte) error {
	*c = Count{}
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '[' {
		c.Verbose = true
		err := json.Unmarshal(b, &c.IDs)
		c.N = len(c.IDs)
		return err
	}
	return json.Unmarshal(b, &c.N)
}

// QueueReply answers a QueueRequest. On the wire the engines are keys of the
// same object as status and unassigned: {"status":…, "0":{…}, "unassigned":…}.
type QueueReply struct {
	Status     string
	Engines    map[int]EngineQueue
	Unassigned Count // load-balanced tasks that wait in the hub
	// Waiting is why tasks wait, by id, for the first thousand of them; nil unless ids were asked for.
	Waiting map[string]string
}

// MarshalJSON writes the flat object of ipyparallel.
func (q QueueReply) MarshalJSON() ([]byte, error) {
	m := make(map[string]any, len(q.Engines)+2)
	for id, e := range q.Engines {
		m[strconv.Itoa(id)] = e
	}
	m["status"], m["unassigned"] = q.Status, q.Unassigned
	if q.Waiting != nil {
		m["waiting"] = q.Waiting
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads the flat object; keys it does not know are ignored.
func (q *QueueReply) UnmarshalJSON(b []byte) error {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*q = QueueReply{Engines: map[int]EngineQueue{}}
	for k, v := range m {
		var err error
		switch k {
		case "status":
			err = json.Unmarshal(v, &q.Status)
		case "unassigned":
			err = json.Unmarshal(v, &q.Unassigned)
		case "waiting":
			err = json.Unmarshal(v, &q.Waiting)
		default:
			id, notID := strconv.Atoi(k)
			if notID != nil {
				continue
			}
			var e EngineQueue
			err = json.Unmarshal(v, &e)
			q.Engines[id] = e
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ResultRequest asks for the results of tasks, or only which are done.
type ResultRequest struct {
	MsgIDs     StringList `json:"msg_ids"`
	StatusOnly bool       `json:"status_only"`
	Partial    bool       `json:"partial,omitempty"` // unknown ones are listed and no error; Python's hub ignores it
}

// TaskIO is what a task showed on iopub, as the hub captured it.
type TaskIO struct {
	ExecuteInput  json.RawMessage `json:"execute_input"`
	ExecuteResult json.RawMessage `json:"execute_result"`
	Error         json.RawMessage `json:"error"`
	Stdout        string          `json:"stdout"`
	Stderr        string          `json:"stderr"`
}

// TaskResult is one finished task in a ResultReply. Its buffers follow the
// message, in the sorted order of the msg_ids of the reply.
type TaskResult struct {
	Header         json.RawMessage `json:"header"`   // of the request
	Metadata       json.RawMessage `json:"metadata"` // of the request
	ResultMetadata json.RawMessage `json:"result_metadata"`
	ResultHeader   json.RawMessage `json:"result_header"`
	ResultContent  json.RawMessage `json:"result_content"`
	Received       Time            `json:"received"`
	IO             TaskIO          `json:"io"`
}

// ResultReply answers a ResultRequest. The results are keys of the same object
// as the rest on the wire.
type ResultReply struct {
	Status    string
	Pending   []string
	Completed []string
	Unknown   []string // only if the request was Partial
	Results   map[string]TaskResult
}

// MarshalJSON writes the flat object of ipyparallel.
func (r ResultReply) MarshalJSON() ([]byte, error) {
	m := make(map[string]any, len(r.Results)+3)
	for id, t := range r.Results {
		m[id] = t
	}
	m["status"], m["pending"], m["completed"] = r.Status, list(r.Pending), list(r.Completed)
	if len(r.Unknown) > 0 {
		m["unknown"] = r.Unknown
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads the flat object.
func (r *ResultReply) UnmarshalJSON(b []byte) error {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*r = ResultReply{Results: map[string]TaskResult{}}
	for k, v := range m {
		var err error
		switch k {
		case "status":
			err = json.Unmarshal(v, &r.Status)
		case "pending":
			err = json.Unmarshal(v, &r.Pending)
		case "completed":
			err = json.Unmarshal(v, &r.Completed)
		case "unknown":
			err = json.Unmarshal(v, &r.Unknown)
		default:
			if v[0] != '{' {
				continue // of an error reply
			}
			var t TaskResult
			err = json.Unmarshal(v, &t)
			r.Results[k] = t
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// list keeps nil from becoming null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// HistoryReply lists the msg_ids the hub knows, oldest first.
type HistoryReply struct {
	Status  string   `json:"status"`
	History []string `json:"history"`
}

// DBRequest asks for task records. Query is MongoDB-like: {"key": value} or
// {"key": {"$op": value}}; Keys null means all keys but the buffers.
type DBRequest struct {
	Query map[string]json.RawMessage `json:"query"`
	Keys  []string                   `json:"keys"`
}

// DBReply answers a DBRequest. Buffers follow the message when the keys asked
// for them: for each record its request buffers, then its result buffers.
type DBReply struct {
	Status           string                       `json:"status"`
	Records          []map[string]json.RawMessage `json:"records"`
	BufferLens       []int                        `json:"buffer_lens"`        // null unless "buffers" was asked for
	ResultBufferLens []int                        `json:"result_buffer_lens"` // null unless "result_buffers" was asked for
}

// PurgeRequest drops finished tasks from the store: by id, or all that engines
// have finished. A pending task is an error.
type PurgeRequest struct {
	MsgIDs    StringList `json:"msg_ids"`
	EngineIDs IntList    `json:"engine_ids"`
}

// ResubmitRequest runs tasks again, load-balanced, under ids of their own.
type ResubmitRequest struct {
	MsgIDs StringList `json:"msg_ids"`
}

// ResubmitReply maps the old msg_ids to those of the copies.
type ResubmitReply struct {
	Status      string            `json:"status"`
	Resubmitted map[string]string `json:"resubmitted"`
}
