package jupyter

import "encoding/json"

// Stream is the content of a stream message: text written to "stdout" or
// "stderr".
type Stream struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Transient is the part of an output that is not stored in a notebook.
type Transient struct {
	DisplayID string `json:"display_id,omitempty"`
}

// DisplayData is the content of display_data and update_display_data: a MIME
// bundle. Data and Metadata are JSON objects.
type DisplayData struct {
	Data      json.RawMessage `json:"data"`
	Metadata  json.RawMessage `json:"metadata"`
	Transient Transient       `json:"transient"`
}

// ClearOutput is the content of a clear_output; with Wait it takes effect when
// the next output comes.
type ClearOutput struct {
	Wait bool `json:"wait"`
}

// PagePayload is a payload of an execute_reply that opens the pager.
type PagePayload struct {
	Source string          `json:"source"` // "page"
	Data   json.RawMessage `json:"data"`
	Start  int             `json:"start"` // first line shown
}

// SetNextInputPayload is a payload of an execute_reply that fills the next cell,
// or replaces this one.
type SetNextInputPayload struct {
	Source  string `json:"source"` // "set_next_input"
	Text    string `json:"text"`
	Replace bool   `json:"replace"`
}
