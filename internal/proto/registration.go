package proto

// RegistrationRequest is what an engine sends first, from a DEALER whose
// identity is its UUID.
type RegistrationRequest struct {
	UUID     string `json:"uuid"`               // identity of all sockets of the engine, and its session
	ID       *int   `json:"id,omitempty"`       // wanted engine id (an MPI rank); nil: the next free one
	Language string `json:"language,omitempty"` // "go"; "" is Python. Python's hub ignores it
	Slots    int    `json:"slots,omitempty"`    // tasks it runs at once; 0 is 1
	Place    *Place `json:"place,omitempty"`    // Python's hub ignores it
}

// Place is where an engine's process runs.
type Place struct {
	Host string `json:"host"` // as its machine calls itself
	PID  int    `json:"pid"`
}

// RegistrationReply answers a RegistrationRequest. The engine counts as
// registered when its first heartbeat comes back.
type RegistrationReply struct {
	Status         string      `json:"status"`
	ID             int         `json:"id"`
	HeartbeatMS    int         `json:"hb_period"` // milliseconds between two pings of the hub
	ConnectionInfo *EngineInfo `json:"connection_info,omitempty"`
	// Held are the tasks that the hub believes the engine has, when it has been here before: it answers with MissingTasks.
	Held []string `json:"held,omitempty"`
}

// MissingTasks is what an engine says, on the channel of registration, to the tasks that the hub believes it has: those that never
// came, and those whose reply was sent, but lost, and is not there any more. There is no reply to it; Python's hub does not know it.
type MissingTasks struct {
	UUID      string   `json:"uuid"`
	Missing   []string `json:"missing,omitempty"`
	Forgotten []string `json:"forgotten,omitempty"`
}

// UnregistrationRequest tells the hub that an engine is gone; it has no reply.
type UnregistrationRequest struct {
	ID int `json:"id"`
}

// EngineNotification is published when an engine joins or leaves.
type EngineNotification struct {
	ID       int    `json:"id"`
	UUID     string `json:"uuid"`
	Language string `json:"language,omitempty"` // "go", "python"
}

// ShutdownNotification is published before the hub exits.
type ShutdownNotification struct {
	Status string `json:"status"`
}

// OK is the content of replies that say nothing more.
type OK struct {
	Status string `json:"status"`
}
