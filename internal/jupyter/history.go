package jupyter

import "encoding/json"

// HistoryRequest is the content of a history_request.
type HistoryRequest struct {
	Output         bool   `json:"output"`
	Raw            bool   `json:"raw"`
	HistAccessType string `json:"hist_access_type"` // range, tail or search
	// Session, Start and Stop belong to range. Session 0 is the current one,
	// negative numbers count back from it; Stop 0 means to the end.
	Session int `json:"session"`
	Start   int `json:"start"`
	Stop    int `json:"stop"`
	// N is the number of entries of tail and search; 0: all.
	N int `json:"n"`
	// Pattern and Unique belong to search. Pattern is a glob.
	Pattern string `json:"pattern"`
	Unique  bool   `json:"unique"`
}

// HistoryReply is the content of a history_reply.
type HistoryReply struct {
	Status  string         `json:"status"`
	History []HistoryTuple `json:"history"`
}

// HistoryTuple is one entry of the history. It travels as
// [session, line, input], or as [session, line, [input, output]] when outputs
// were asked for; output is null where there is none.
type HistoryTuple struct {
	Session, Line int
	Input         string
	Output        *string
	WithOutput    bool
}

// MarshalJSON writes the tuple as a list of three.
func (t HistoryTuple) MarshalJSON() ([]byte, error) {
	if t.WithOutput {
		return encodeJSON([]any{t.Session, t.Line, []any{t.Input, t.Output}})
	}
	return encodeJSON([]any{t.Session, t.Line, t.Input})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *HistoryTuple) UnmarshalJSON(b []byte) error {
	var entry json.RawMessage
	if err := json.Unmarshal(b, &[]any{&t.Session, &t.Line, &entry}); err != nil {
		return err
	}
	if len(entry) > 0 && entry[0] == '[' {
		t.WithOutput = true
		return json.Unmarshal(entry, &[]any{&t.Input, &t.Output})
	}
	return json.Unmarshal(entry, &t.Input)
}
