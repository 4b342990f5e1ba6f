package proto

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Names (ename) of the errors that the hub's scheduler and the engines make
// themselves; everything else in Ename is the name of a user's error.
const (
	EngineError          = "EngineError"          // the engine died while it held the task
	TaskAborted          = "TaskAborted"          // aborted before it started
	TaskTimeout          = "TaskTimeout"          // its dependencies were not met in time
	UnmetDependency      = "UnmetDependency"      // this engine cannot run it: try another
	ImpossibleDependency = "ImpossibleDependency" // its dependencies can never be met
	InvalidDependency    = "InvalidDependency"    // they name the task itself or nothing known
	NoEnginesRegistered  = "NoEnginesRegistered"  // there is no engine that could run it
	UnsupportedCodec     = "UnsupportedCodec"     // a Go engine was sent Python, or the reverse
	UnitMissing          = "UnitMissing"          // the engine lacks a unit; Evalue is its hash
)

// ErrorEngineInfo says on which engine an error happened.
type ErrorEngineInfo struct {
	EngineUUID string `json:"engine_uuid,omitempty"` // "" when the hub itself failed the task
	EngineID   int    `json:"engine_id"`             // -1 when unknown
	Method     string `json:"method,omitempty"`      // "apply" or "execute"
}

// UnmarshalJSON takes an id that is missing, as in ipyparallel's empty object,
// for unknown.
func (i *ErrorEngineInfo) UnmarshalJSON(b []byte) error {
	type plain ErrorEngineInfo
	p := plain{EngineID: -1}
	err := json.Unmarshal(b, &p)
	*i = ErrorEngineInfo(p)
	return err
}

// RemoteError is what happened on an engine, or to a task on its way to one.
// It is the content of every reply whose status is "error" and an error value,
// so it crosses the wire in both directions.
type RemoteError struct {
	Status     string           `json:"status"` // always "error"
	Ename      string           `json:"ename"`
	Evalue     string           `json:"evalue"`
	Traceback  []string         `json:"traceback"`             // lines, ANSI colours allowed
	EngineInfo *ErrorEngineInfo `json:"engine_info,omitempty"` // nil when no engine was involved
}

// NewRemoteError returns an error of the given name with no traceback.
func NewRemoteError(ename, format string, args ...any) *RemoteError {
	return &RemoteError{Status: StatusError, Ename: ename, Evalue: fmt.Sprintf(format, args...), Traceback: []string{}}
}

// Error says which engine failed and how, in one line: "[3:apply] Ename: evalue".
func (e *RemoteError) Error() string {
	var b strings.Builder
	if i := e.EngineInfo; i != nil && i.EngineID >= 0 {
		method := i.Method
		if method == "" {
			method = "apply"
		}
		fmt.Fprintf(&b, "[%d:%s] ", i.EngineID, method)
	}
	b.WriteString(e.Ename)
	if e.Evalue != "" {
		b.WriteString(": ")
		b.WriteString(e.Evalue)
	}
	return b.String()
}

// Is reports whether target is a RemoteError of the same name, so that
// errors.Is(err, &proto.RemoteError{Ename: proto.EngineError}) works.
func (e *RemoteError) Is(target error) bool {
	t, ok := target.(*RemoteError)
	return ok && t.Ename == e.Ename && (t.Evalue == "" || t.Evalue == e.Evalue)
}
