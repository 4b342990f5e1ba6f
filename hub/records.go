package hub

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/store"
)

// Names of the channels in task records.
const (
	viaMux  = "mux"
	viaTask = "task"
)

// maxOutput bounds what is kept of one task's stdout or stderr, in bytes.
const maxOutput = 16 << 20

// record is one task that is not in the store yet: the request, who has it, and the reply once it came. The messages' parts
// stay as they came over the wire.
type record struct {
	store.Record
	client  string           // socket identity to reply to; "": nobody waits
	request *jupyter.Message // nil when it is finished
	frames  [][]byte         // the request from the delimiter on; nil when it is finished
	stdout  []byte           // of Record when it is finished for good
	stderr  []byte
	touched bool // changed since it was last put into the store
	again   int  // how often an engine that had seen it got it again
}

func newRecord(m *jupyter.Message, client, queue, engine string) *record {
	return &record{
		Record: store.Record{
			ID: m.Header.MsgID, Queue: queue, Client: m.Header.Session, Engine: engine, Submitted: instantNow(),
			Header: m.RawHeader, Metadata: m.Metadata, Content: m.Content, Buffers: m.Buffers, Label: label(m.Metadata),
		},
		client: client, request: m,
	}
}

// instantNow is the time at the precision of the wire, so that a date a client was told finds the record again.
func instantNow() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func (r *record) pending() bool { return r.Received.IsZero() }

// label returns the user's name for a task, "" for none.
func label(metadata []byte) (l string) {
	if !bytes.Contains(metadata, []byte(`"label"`)) {
		return ""
	}
	members(metadata, func(key, value []byte) {
		if string(key) == "label" {
			l = text(value)
		}
	})
	return l
}

// end enters the reply.
func (r *record) end(reply *jupyter.Message) {
	r.Received, r.request, r.frames = instantNow(), nil, nil
	r.ResultHeader, r.ResultMetadata, r.ResultContent, r.ResultBuffers = reply.RawHeader, reply.Metadata, reply.Content, reply.Buffers
	r.Completed = r.Received
	if t, err := proto.ParseTime(reply.Header.Date); err == nil {
		r.Completed = t.Time
	}
	members(reply.Metadata, func(key, value []byte) {
		if string(key) == "started" {
			if t, err := proto.ParseTime(text(value)); err == nil {
				r.Started = t.Time
			}
		}
	})
}

// kept returns the record as the store gets it.
func (r *record) kept() *store.Record {
	k := r.Record
	k.Stdout, k.Stderr = string(r.stdout), string(r.stderr)
	return &k
}

// records are the tasks that are pending, and those that finished lately and are on their way into the store. Guarded by
// Hub.mu.
type records struct {
	byID     map[string]*record
	finished []*record // in the order they finished; dropped ones included
	bytes    int64     // of those, about
}

func newRecords() records { return records{byID: map[string]*record{}} }

// add enters a record; false when its id is taken.
func (s *records) add(r *record) bool {
	if _, taken := s.byID[r.ID]; taken {
		return false
	}
	s.byID[r.ID] = r
	return true
}

// finish enters the reply.
func (s *records) finish(r *record, reply *jupyter.Message) {
	r.end(reply)
	if s.byID[r.ID] == r {
		s.finished = append(s.finished, r)
		s.bytes += r.Size()
	}
}

// drop removes a record.
func (s *records) drop(r *record) {
	if s.byID[r.ID] == r {
		delete(s.byID, r.ID)
	}
}

// take removes those that finished before a certain time from the finished ones, at most n, and returns those of them that are
// still there. They can be found until they are dropped.
func (s *records) take(before time.Time, n int) []*record {
	var list []*record
	for len(s.finished) > 0 && len(list) < n && s.finished[0].Received.Before(before) {
		r := s.finished[0]
		s.finished[0] = nil
		s.finished = s.finished[1:]
		s.bytes -= r.Size()
		if s.byID[r.ID] == r {
			list = append(list, r)
		}
	}
	if len(s.finished) == 0 {
		s.finished, s.bytes = nil, 0
	}
	return list
}

// match returns the records that match a query, as the store would.
func (s *records) match(q store.Query) []*store.Record {
	var list []*store.Record
	look := func(r *record) {
		k := &r.Record
		if len(r.stdout)+len(r.stderr) > 0 {
			k = r.kept()
		}
		if q.Matches(k) {
			list = append(list, r.kept())
		}
	}
	if ids, ok := q.IDs(); ok {
		seen := map[string]bool{}
		for _, id := range ids {
			if r := s.byID[id]; r != nil && !seen[id] {
				seen[id] = true
				look(r)
			}
		}
		return list
	}
	for _, r := range s.byID {
		look(r)
	}
	return list
}

// orNull returns raw, or null for nothing and for what is not JSON: nobody checked it so far, and one bad record must not spoil
// a reply.
func orNull(raw json.RawMessage) json.RawMessage {
	if !json.Valid(raw) {
		return json.RawMessage("null")
	}
	return raw
}
