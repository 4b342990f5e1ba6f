// Package proto holds the messages that clients, the hub and engines exchange
// beyond Jupyter's own, and the files by which they find one another. The wire
// format is ipyparallel's (7.1 to 9.x), so its Python clients and engines
// understand everything declared here.
//
// It is pure data: JSON structs, their checks, and reading and writing the
// connection files. It opens no sockets, signs nothing and keeps no state.
//
// Invariants: every struct round-trips through JSON; decoding is lenient where
// Python's writers are (null for an empty list, a bare string for a list of
// one), encoding is strict (what ipyparallel itself would send).
package proto

// Message types of the registration and query channel.
const (
	RegistrationRequestType   = "registration_request"
	MissingTasksType          = "missing_tasks" // gopar's own
	RegistrationReplyType     = "registration_reply"
	UnregistrationRequestType = "unregistration_request"
	ConnectionRequestType     = "connection_request"
	ConnectionReplyType       = "connection_reply"
	QueueRequestType          = "queue_request"
	QueueReplyType            = "queue_reply"
	ResultRequestType         = "result_request"
	ResultReplyType           = "result_reply"
	HistoryRequestType        = "history_request"
	HistoryReplyType          = "history_reply"
	DBRequestType             = "db_request"
	DBReplyType               = "db_reply"
	PurgeRequestType          = "purge_request"
	PurgeReplyType            = "purge_reply"
	ResubmitRequestType       = "resubmit_request"
	ResubmitReplyType         = "resubmit_reply"
	LoadRequestType           = "load_request"
	LoadReplyType             = "load_reply"
	ShutdownRequestType       = "shutdown_request"
	ShutdownReplyType         = "shutdown_reply"
	HubErrorType              = "hub_error"
)

// Message types of the notification channel.
const (
	RegistrationNotificationType   = "registration_notification"
	UnregistrationNotificationType = "unregistration_notification"
	ShutdownNotificationType       = "shutdown_notification"
)

// Message types that engines serve.
const (
	ApplyRequestType   = "apply_request"
	ApplyReplyType     = "apply_reply"
	ExecuteRequestType = "execute_request"
	ExecuteReplyType   = "execute_reply"
	AbortRequestType   = "abort_request"
	AbortReplyType     = "abort_reply"
	ClearRequestType   = "clear_request"
	ClearReplyType     = "clear_reply"
	SignalRequestType  = "signal_request"
	SignalReplyType    = "signal_reply"
)

// Values of a reply's status.
const (
	StatusOK      = "ok"
	StatusError   = "error"
	StatusAborted = "aborted"
)
