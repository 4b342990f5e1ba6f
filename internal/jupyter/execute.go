package jupyter

import "encoding/json"

// Values of the status field of replies.
const (
	StatusOK      = "ok"
	StatusError   = "error"
	StatusAborted = "aborted"
)

// ExecuteRequest is the content of an execute_request.
type ExecuteRequest struct {
	Code            string            `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    bool              `json:"store_history"`
	UserExpressions map[string]string `json:"user_expressions"`
	AllowStdin      bool              `json:"allow_stdin"`
	StopOnError     bool              `json:"stop_on_error"`
}

// UnmarshalJSON fills in the defaults of the specification: store_history and
// stop_on_error are true, allow_stdin is false, and what is silent is not stored.
func (r *ExecuteRequest) UnmarshalJSON(b []byte) error {
	type plain ExecuteRequest
	p := plain{StoreHistory: true, StopOnError: true}
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if p.Silent {
		p.StoreHistory = false
	}
	*r = ExecuteRequest(p)
	return nil
}

// ExecuteReply is the content of an execute_reply. Its execution count is there
// whatever the status.
type ExecuteReply struct {
	Status         string `json:"status"`
	ExecutionCount int    `json:"execution_count"`
	// Payload and UserExpressions belong to StatusOK and are never null then.
	Payload         []json.RawMessage         `json:"payload,omitzero"`
	UserExpressions map[string]UserExpression `json:"user_expressions,omitzero"`
	// The rest belongs to StatusError and StatusAborted.
	EName     string   `json:"ename,omitempty"`
	EValue    string   `json:"evalue,omitempty"`
	Traceback []string `json:"traceback,omitzero"`
	// EngineInfo, on an engine, is by what ipyparallel's clients attribute the
	// error.
	EngineInfo json.RawMessage `json:"engine_info,omitempty"`
}

// UserExpression is what one of the user_expressions came to: a MIME bundle, or
// an error that concerns this expression only.
type UserExpression struct {
	Status    string          `json:"status"`
	Data      json.RawMessage `json:"data,omitempty"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	EName     string          `json:"ename,omitempty"`
	EValue    string          `json:"evalue,omitempty"`
	Traceback []string        `json:"traceback,omitzero"`
}

// ExecuteInput is the content of an execute_input, which shows every front end
// what runs.
type ExecuteInput struct {
	Code           string `json:"code"`
	ExecutionCount int    `json:"execution_count"`
}

// ExecuteResult is the content of an execute_result.
type ExecuteResult struct {
	ExecutionCount int             `json:"execution_count"`
	Data           json.RawMessage `json:"data"`
	Metadata       json.RawMessage `json:"metadata"`
	Transient      Transient       `json:"transient"`
}

// ErrorContent is the content of an error on iopub and, with Status, of a
// reply that is only an error.
type ErrorContent struct {
	Status    string   `json:"status,omitempty"`
	EName     string   `json:"ename"`
	EValue    string   `json:"evalue"`
	Traceback []string `json:"traceback"`
}
