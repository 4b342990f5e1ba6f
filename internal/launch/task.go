package launch

import (
	"fmt"
	"time"
)

// State is how far a task has come. Apart from Unknown it only grows.
type State int

// The states of a task.
const (
	Unknown State = iota // the system did not tell: the last known state stands
	Pending              // accepted, not running yet; Reason says what it waits for
	Running
	Ending // told to end, or its system is cleaning up after it
	Done   // gone; Reason says how it ended, as far as known
)

var stateNames = [...]string{"unknown", "pending", "running", "ending", "done"}

// String returns the state in one lower-case word.
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return fmt.Sprintf("state %d", int(s))
	}
	return stateNames[s]
}

// MarshalText writes the state as its word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a state's word; words of later versions are Unknown.
func (s *State) UnmarshalText(b []byte) error {
	*s = Unknown
	for i, name := range stateNames {
		if name == string(b) {
			*s = State(i)
		}
	}
	return nil
}

// Task is one process of a job at one moment.
type Task struct {
	Job    string    `json:"job"`   // name of its job
	Index  int       `json:"index"` // within the job
	State  State     `json:"state"`
	Reason string    `json:"reason,omitempty"` // of Pending and Done: "Resources", "exit status 3"
	PID    int       `json:"pid,omitempty"`    // on Host; 0 if not known
	Host   string    `json:"host,omitempty"`
	Exit   *int      `json:"exit,omitempty"`   // exit code; nil if not ended, unknown, or ended by a signal
	Signal Signal    `json:"signal,omitempty"` // that ended it, if one did and the system tells
	Ended  time.Time `json:"ended,omitzero"`   // when its end was noticed
}
