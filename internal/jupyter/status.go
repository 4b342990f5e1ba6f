package jupyter

// States of a Status message.
const (
	Starting = "starting"
	Busy     = "busy"
	Idle     = "idle"
)

// Status is the content of a status message.
type Status struct {
	ExecutionState string `json:"execution_state"`
}

// IOPubWelcome is the content of an iopub_welcome: the subscription that is in
// force from now on.
type IOPubWelcome struct {
	Subscription string `json:"subscription"`
}

// OK is the content of a reply that says nothing but that it is done.
type OK struct {
	Status string `json:"status"`
}
