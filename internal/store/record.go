package store

import (
	"encoding/json"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
)

// Record is one task. JSON parts are as they came over the wire; empty ones are null. Times are UTC; the zero time is null.
type Record struct {
	ID          string // msg_id
	Queue       string // "mux" or "task"
	Client      string // session of the client
	Engine      string // uuid; "" is null
	Resubmitted string // the id of its copy; "" is null
	Label       string // the user's name for it; "" is null

	Submitted, Started, Completed, Received time.Time

	Header, Metadata, Content                   json.RawMessage
	Buffers                                     [][]byte
	ResultHeader, ResultMetadata, ResultContent json.RawMessage
	ResultBuffers                               [][]byte

	ExecuteInput         string // code; "" is null
	ExecuteResult, Error json.RawMessage
	Stdout, Stderr       string
}

// Columns are those of a record but its buffers, by ipyparallel's names.
var Columns = [...]string{
	"msg_id", "header", "metadata", "content", "submitted", "client_uuid", "engine_uuid", "started", "completed",
	"resubmitted", "received", "result_header", "result_metadata", "result_content", "queue", "execute_input",
	"execute_result", "error", "stdout", "stderr", "label",
}

// The columns that are not JSON.
const (
	Buffers       = "buffers"
	ResultBuffers = "result_buffers"
)

// Field returns a column as JSON; false for one that does not exist. Buffers are no JSON.
func (r *Record) Field(column string) (json.RawMessage, bool) {
	v, ok := r.column(column)
	if t, isTime := v.(time.Time); isTime {
		v = proto.Time{Time: t}
	}
	if raw, isRaw := v.(json.RawMessage); isRaw {
		return raw, ok
	}
	b, err := json.Marshal(v)
	return b, ok && err == nil
}

// column returns a column as string, time.Time, json.RawMessage that holds a value, or nil for null; false for one that does
// not exist.
func (r *Record) column(name string) (v any, ok bool) {
	switch name {
	case "msg_id":
		return r.ID, true
	case "header":
		return document(r.Header), true
	case "metadata":
		return document(r.Metadata), true
	case "content":
		return document(r.Content), true
	case "submitted":
		return instant(r.Submitted), true
	case "client_uuid":
		return text(r.Client), true
	case "engine_uuid":
		return text(r.Engine), true
	case "started":
		return instant(r.Started), true
	case "completed":
		return instant(r.Completed), true
	case "resubmitted":
		return text(r.Resubmitted), true
	case "received":
		return instant(r.Received), true
	case "result_header":
		return document(r.ResultHeader), true
	case "result_metadata":
		return document(r.ResultMetadata), true
	case "result_content":
		return document(r.ResultContent), true
	case "queue":
		return text(r.Queue), true
	case "execute_input":
		return text(r.ExecuteInput), true
	case "execute_result":
		return document(r.ExecuteResult), true
	case "error":
		return document(r.Error), true
	case "stdout":
		return r.Stdout, true
	case "stderr":
		return r.Stderr, true
	case "label":
		return text(r.Label), true
	}
	return nil, false
}

// timeLayout is that of ipyparallel's databases; as the zone is always the same one and microseconds are always
// written, texts sort as the times do.
const timeLayout = "2006-01-02T15:04:05.000000+00:00"

// document returns raw, or nil for null and for what is not JSON: nobody checked it so far, and one bad record must not spoil a
// reply.
func document(raw json.RawMessage) any {
	if len(raw) == 0 || string(raw) == "null" || !json.Valid(raw) {
		return nil
	}
	return raw
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

// Size is about what the record takes in memory, in bytes.
func (r *Record) Size() int64 {
	n := 768 + len(r.ID) + len(r.Client) + len(r.Engine) + len(r.Resubmitted) + len(r.Label) + len(r.Header) + len(r.Metadata) + len(r.Content) +
		len(r.ResultHeader) + len(r.ResultMetadata) + len(r.ResultContent) + len(r.ExecuteInput) + len(r.ExecuteResult) + len(r.Error) +
		len(r.Stdout) + len(r.Stderr)
	for _, b := range r.Buffers {
		n += len(b) + 24
	}
	for _, b := range r.ResultBuffers {
		n += len(b) + 24
	}
	return int64(n)
}
