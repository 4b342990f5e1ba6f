package hub

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// Names of the channels in task records.
const (
	viaMux  = "mux"
	viaTask = "task"
)

// maxOutput bounds what is kept of one task's stdout or stderr, in bytes.
const maxOutput = 16 << 20

// record is one task: the request, who has it, and the reply once it came. The
// messages' parts stay as they came over the wire.
type record struct {
	id          string
	client      string // socket identity to reply to; "": nobody waits
	queue       string // viaMux or viaTask
	request     *jupyter.Message
	frames      [][]byte // the request from the delimiter on; nil when it is finished
	engine      string   // uuid; "" while none has it
	submitted   time.Time
	received    time.Time // the reply; zero: pending
	reply       *jupyter.Message
	resubmitted string

	executeInput, executeResult, failure json.RawMessage
	stdout, stderr                       strings.Builder

	bytes int64
}

func newRecord(m *jupyter.Message, client, queue, engine string) *record {
	r := &record{id: m.Header.MsgID, client: client, queue: queue, request: m, engine: engine, submitted: instantNow()}
	r.bytes = 512 + size(m)
	return r
}

// instantNow is the time at the precision of the wire, so that a date a client
// was told finds the record again.
func instantNow() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func (r *record) pending() bool { return r.received.IsZero() }

// size is about what a message takes in memory.
func size(m *jupyter.Message) int64 {
	n := len(m.RawHeader) + len(m.Parent) + len(m.Metadata) + len(m.Content)
	for _, b := range m.Buffers {
		n += len(b) + 24
	}
	return int64(n)
}

// started returns when the task began on its engine; zero when not known.
func (r *record) started() proto.Time {
	var md struct {
		Started proto.Time `json:"started"`
	}
	if r.reply == nil || json.Unmarshal(r.reply.Metadata, &md) != nil {
		return proto.Time{}
	}
	return md.Started
}

// completed returns when the reply was made; zero when not known.
func (r *record) completed() proto.Time {
	if r.reply == nil {
		return proto.Time{}
	}
	t, err := proto.ParseTime(r.reply.Header.Date)
	if err != nil {
		return proto.Time{Time: r.received.UTC()}
	}
	return t
}

// label returns the user's name for the task as JSON, or null.
func (r *record) label() json.RawMessage {
	var md struct {
		Label json.RawMessage `json:"label"`
	}
	if json.Unmarshal(r.request.Metadata, &md) != nil || md.Label == nil {
		return json.RawMessage("null")
	}
	return md.Label
}

// store holds the records. It is bounded: the tasks that finished first are
// dropped first; pending ones never are. Guarded by Hub.mu.
type store struct {
	byID     map[string]*record
	order    []*record // in the order they came; dropped ones included, but less than half
	finished []*record // in the order they finished; dropped ones included
	bytes    int64
	maxBytes int64
	maxCount int
}

func newStore(maxBytes int64, maxCount int) store {
	return store{byID: map[string]*record{}, maxBytes: maxBytes, maxCount: maxCount}
}

// add enters a record; false when its id is taken.
func (s *store) add(r *record) bool {
	if _, taken := s.byID[r.id]; taken {
		return false
	}
	s.byID[r.id] = r
	s.bytes += r.bytes
	s.order = append(s.order, r)
	if len(s.order) > 2*len(s.byID)+64 {
		s.order = s.list()
	}
	s.cull()
	return true
}

// finish enters the reply.
func (s *store) finish(r *record, reply *jupyter.Message) {
	r.reply, r.received, r.frames = reply, instantNow(), nil
	if s.byID[r.id] != r {
		return
	}
	s.grow(r, size(reply))
	s.finished = append(s.finished, r)
	s.cull()
}

func (s *store) grow(r *record, n int64) {
	r.bytes += n
	s.bytes += n
}

// drop removes a record.
func (s *store) drop(r *record) {
	if s.byID[r.id] == r {
		delete(s.byID, r.id)
		s.bytes -= r.bytes
	}
}

// cull drops the oldest finished records until the store is within its bounds.
func (s *store) cull() {
	for len(s.finished) > 0 && (s.bytes > s.maxBytes || len(s.byID) > s.maxCount || s.byID[s.finished[0].id] != s.finished[0]) {
		s.drop(s.finished[0])
		s.finished[0] = nil
		s.finished = s.finished[1:]
	}
}

// list returns all records in the order of submission.
func (s *store) list() []*record {
	list := make([]*record, 0, len(s.byID))
	for _, r := range s.order {
		if s.byID[r.id] == r {
			list = append(list, r)
		}
	}
	return list
}

// pick returns the records of the ids that are there, and the ids that are not.
func (s *store) pick(ids []string) (found []*record, missing []string) {
	for _, id := range ids {
		if r := s.byID[id]; r != nil {
			found = append(found, r)
		} else {
			missing = append(missing, id)
		}
	}
	return found, missing
}
