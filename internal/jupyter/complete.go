package jupyter

import "encoding/json"

// CompleteRequest is the content of a complete_request. CursorPos counts
// Unicode code points, not bytes and not UTF-16 units.
type CompleteRequest struct {
	Code      string `json:"code"`
	CursorPos int    `json:"cursor_pos"`
}

// CompleteReply is the content of a complete_reply. All fields are present also
// when nothing matches: JupyterLab reads metadata without a guard.
type CompleteReply struct {
	Status      string           `json:"status"`
	Matches     []string         `json:"matches"`
	CursorStart int              `json:"cursor_start"`
	CursorEnd   int              `json:"cursor_end"`
	Metadata    CompleteMetadata `json:"metadata"`
}

// CompleteMetadata carries what front ends show beside the matches.
type CompleteMetadata struct {
	Types []CompleteType `json:"_jupyter_types_experimental"`
}

// CompleteType describes the match of the same index: "function", "instance",
// "class", "module", "keyword", "magic", "property", ….
type CompleteType struct {
	Text      string `json:"text"`
	Type      string `json:"type"`
	Signature string `json:"signature,omitempty"`
	Start     int    `json:"start"`
	End       int    `json:"end"`
}

// InspectRequest is the content of an inspect_request. CursorPos counts Unicode
// code points; DetailLevel 1 asks for the source, too.
type InspectRequest struct {
	Code        string `json:"code"`
	CursorPos   int    `json:"cursor_pos"`
	DetailLevel int    `json:"detail_level"`
}

// InspectReply is the content of an inspect_reply.
type InspectReply struct {
	Status   string          `json:"status"`
	Found    bool            `json:"found"`
	Data     json.RawMessage `json:"data"`
	Metadata json.RawMessage `json:"metadata"`
}

// IsCompleteRequest is the content of an is_complete_request.
type IsCompleteRequest struct {
	Code string `json:"code"`
}

// IsCompleteReply is the content of an is_complete_reply: complete, incomplete,
// invalid or unknown. Indent belongs to incomplete only.
type IsCompleteReply struct {
	Status string  `json:"status"`
	Indent *string `json:"indent,omitempty"`
}
