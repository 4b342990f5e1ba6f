package proto

// Message types of the queries that only gopar's hub answers.
const (
	StoryRequestType  = "story_request"
	StoryReplyType    = "story_reply"
	StatusRequestType = "status_request"
	StatusReplyType   = "status_reply"
)

// StoryRequest asks for what happened to a task.
type StoryRequest struct {
	MsgID string `json:"msg_id"`
}

// StoryReply answers a StoryRequest.
type StoryReply struct {
	Status  string  `json:"status"`
	MsgID   string  `json:"msg_id"`
	Label   string  `json:"label,omitempty"`
	State   string  `json:"state"`             // "waiting", "running", "finished"
	Waiting string  `json:"waiting,omitempty"` // why, in words
	Steps   []Event `json:"steps"`             // oldest first
}

// Event is one step of a task's story.
type Event struct {
	At     Time   `json:"at"`
	What   string `json:"what"`             // "submitted", "sent", "lost", "finished", …
	Engine *int   `json:"engine,omitempty"` // its id; nil: none is concerned, or it has left
	UUID   string `json:"uuid,omitempty"`   // of the engine
	Note   string `json:"note,omitempty"`
}

// StatusReply answers a status_request, whose content is empty: what the hub
// has to do.
type StatusReply struct {
	Status    string         `json:"status"`
	PID       int            `json:"pid"`
	Started   Time           `json:"started"`
	Engines   map[string]int `json:"engines"` // by language
	Slots     int            `json:"slots"`   // of all engines
	Tasks     TaskCounts     `json:"tasks"`   // load-balanced ones
	Direct    int            `json:"direct"`  // direct tasks that engines have
	Completed int            `json:"completed"`
	Reasons   map[string]int `json:"reasons"` // why tasks wait, and how many do for it; of the first 1000
	Records   int            `json:"records"` // tasks that are not in the store yet
	Bytes     int64          `json:"bytes"`   // of those that are finished
	Metrics   string         `json:"metrics,omitempty"`
}

// TaskCounts is how many load-balanced tasks are in which state.
type TaskCounts struct {
	Waiting  int `json:"waiting"` // for other tasks
	Ready    int `json:"ready"`   // for an engine with room
	Parked   int `json:"parked"`  // for another engine: those that are there refused them
	Running  int `json:"running"` // with an engine
	Finished int `json:"finished"`
}
