package jupyter

// ShutdownRequest is the content of a shutdown_request.
type ShutdownRequest struct {
	Restart bool `json:"restart"`
}

// ShutdownReply is the content of a shutdown_reply; Restart echoes the request.
type ShutdownReply struct {
	Status  string `json:"status"`
	Restart bool   `json:"restart"`
}

// InterruptRequest is the content of an interrupt_request.
type InterruptRequest struct{}

// CreateSubshellRequest is the content of a create_subshell_request.
type CreateSubshellRequest struct{}

// CreateSubshellReply is the content of a create_subshell_reply.
type CreateSubshellReply struct {
	Status     string `json:"status"`
	SubshellID string `json:"subshell_id"`
}

// DeleteSubshellRequest is the content of a delete_subshell_request.
type DeleteSubshellRequest struct {
	SubshellID string `json:"subshell_id"`
}

// ListSubshellRequest is the content of a list_subshell_request.
type ListSubshellRequest struct{}

// ListSubshellReply is the content of a list_subshell_reply. The field is named
// in the singular by the specification.
type ListSubshellReply struct {
	Status     string   `json:"status"`
	SubshellID []string `json:"subshell_id"`
}
