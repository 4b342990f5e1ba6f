package proto

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Dependency names the tasks another one waits for (after) or wants to be
// placed with (follow).
type Dependency struct {
	IDs     []string // msg_ids
	All     bool     // all of them, else any
	Success bool     // a success satisfies it
	Failure bool     // a failure satisfies it
}

// dependencyJSON is the long form on the wire; the short form is a bare list of
// ids, meaning all of them with success.
type dependencyJSON struct {
	Dependencies []string `json:"dependencies"`
	All          *bool    `json:"all"`
	Success      *bool    `json:"success"`
	Failure      *bool    `json:"failure"`
}

// MarshalJSON writes the short form when it says everything.
func (d Dependency) MarshalJSON() ([]byte, error) {
	ids := d.IDs
	if ids == nil {
		ids = []string{}
	}
	if len(ids) == 0 || d.All && d.Success && !d.Failure {
		return json.Marshal(ids)
	}
	return json.Marshal(dependencyJSON{Dependencies: ids, All: &d.All, Success: &d.Success, Failure: &d.Failure})
}

// UnmarshalJSON accepts null, one id, a list of ids, and the long form.
func (d *Dependency) UnmarshalJSON(b []byte) error {
	*d = Dependency{All: true, Success: true}
	b = bytes.TrimSpace(b)
	if len(b) == 0 || bytes.Equal(b, []byte("null")) {
		return nil
	}
	switch b[0] {
	case '"':
		d.IDs = make([]string, 1)
		return json.Unmarshal(b, &d.IDs[0])
	case '[':
		return json.Unmarshal(b, &d.IDs)
	}
	var j dependencyJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("dependency: %w", err)
	}
	d.IDs = j.Dependencies
	set(&d.All, j.All)
	set(&d.Success, j.Success)
	set(&d.Failure, j.Failure)
	return nil
}

func set(to *bool, from *bool) {
	if from != nil {
		*to = *from
	}
}

// Engines is a list of engine UUIDs; null and a bare string are accepted.
type Engines []string

// MarshalJSON writes a list, never null.
func (e Engines) MarshalJSON() ([]byte, error) {
	if e == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]string(e))
}

// UnmarshalJSON accepts null, one UUID, and a list.
func (e *Engines) UnmarshalJSON(b []byte) error {
	*e = nil
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '"' {
		*e = make(Engines, 1)
		return json.Unmarshal(b, &(*e)[0])
	}
	return json.Unmarshal(b, (*[]string)(e))
}

// TaskMetadata is the metadata of a request on the task channel
// (load-balanced). A direct request carries only the label.
type TaskMetadata struct {
	After   Dependency `json:"after"`           // run after these
	Follow  Dependency `json:"follow"`          // run where these ran
	Timeout float64    `json:"timeout"`         // seconds its dependencies may take; 0: for ever
	Targets Engines    `json:"targets"`         // UUIDs of the engines that may run it; empty: any
	Retries int        `json:"retries"`         // how often it may fail or be refused and still be tried again
	Label   *string    `json:"label,omitempty"` // the user's name for it

	// What follows is gopar's; Python's scheduler ignores it.

	Priority int     `json:"priority,omitempty"`     // the higher goes first
	Limit    float64 `json:"limit,omitempty"`        // seconds it may run; 0: for ever
	Near     string  `json:"near,omitempty"`         // engines that ran tasks near the same are preferred
	Once     bool    `json:"at_most_once,omitempty"` // not run again when an engine dies that had begun it
}

// Target is an engine in the metadata of a broadcast: ["uuid", id] on the wire.
type Target struct {
	UUID string
	ID   int
}

// MarshalJSON writes ["uuid", id].
func (t Target) MarshalJSON() ([]byte, error) { return json.Marshal([2]any{t.UUID, t.ID}) }

// UnmarshalJSON reads ["uuid", id].
func (t *Target) UnmarshalJSON(b []byte) error {
	var p []json.RawMessage
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if len(p) != 2 {
		return fmt.Errorf("target: %d elements, want [uuid, id]", len(p))
	}
	if err := json.Unmarshal(p[0], &t.UUID); err != nil {
		return err
	}
	return json.Unmarshal(p[1], &t.ID)
}

// BroadcastMetadata is the metadata of a request on the broadcast channel. The
// hub gives each engine a msg_id of its own (BroadcastID) and sets OriginalID;
// the engine echoes IsBroadcast, IsCoalescing and OriginalID in its reply.
type BroadcastMetadata struct {
	Targets      []Target `json:"targets"`
	IsBroadcast  bool     `json:"is_broadcast"`
	IsCoalescing bool     `json:"is_coalescing"`
	OriginalID   string   `json:"original_msg_id,omitempty"` // the msg_id the client gave it
	Label        *string  `json:"label,omitempty"`
}

// CoalescedReply is what one engine replied to a coalescing broadcast of a Go
// client. The hub lists them, in the order of the targets, in the metadata of
// its one answer, under "broadcast_replies"; their buffers follow in that order.
// Python's clients get what ipyparallel's controller sends instead.
type CoalescedReply struct {
	Engine   string          `json:"engine"`
	Date     string          `json:"date"` // of the reply's header
	Metadata json.RawMessage `json:"metadata"`
	Content  json.RawMessage `json:"content"`
	Buffers  int             `json:"buffers"` // how many
}

// BroadcastID is the msg_id under which an engine gets its copy of a broadcast,
// and the client awaits its reply when replies are not coalesced.
func BroadcastID(original, engineUUID string) string { return original + "_" + engineUUID }

// ReplyMetadata is the metadata of every apply_reply and execute_reply. The
// schedulers decide by it alone; contents are never decoded on the way.
type ReplyMetadata struct {
	Started         Time             `json:"started"`
	DependenciesMet bool             `json:"dependencies_met"` // false: this engine cannot run it, try another
	Engine          string           `json:"engine,omitempty"` // UUID; on every message an engine sends
	Status          string           `json:"status"`           // ok | error | aborted; mandatory
	EngineInfo      *ErrorEngineInfo `json:"engine_info,omitempty"`
	IsBroadcast     bool             `json:"is_broadcast"`
	IsCoalescing    bool             `json:"is_coalescing"`
	OriginalID      string           `json:"original_msg_id"`
	Label           *string          `json:"label,omitempty"`
	// Resend says that the task did not run because the engine lacks a unit: the
	// client sends it again with the unit, under the same msg_id, and whatever
	// depends on it waits for that.
	Resend bool `json:"resend,omitempty"`
	// Shows says that the task showed something, so that idle follows on iopub;
	// an apply_request of a Go client has no idle otherwise.
	Shows bool `json:"shows,omitempty"`
	// BroadcastTargets is set by the hub on the one reply of a coalescing
	// broadcast: the engines whose buffers follow, in this order.
	BroadcastTargets []Target `json:"broadcast_targets,omitempty"`
}

// AbortRequest asks an engine (control channel) to abort tasks that have not
// started; nil aborts all.
type AbortRequest struct {
	MsgIDs []string `json:"msg_ids"`
}

// SignalRequest asks an engine (control channel) for a signal to its runner.
// Sig is a number or a name such as "SIGINT".
type SignalRequest struct {
	Sig json.RawMessage `json:"sig"`
}
