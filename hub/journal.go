package hub

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gopar-project/gopar/internal/journal"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
)

// Kinds of the journal's entries, with their parts. Dates are microseconds since 1970, 8 bytes, little-endian.
const (
	jEngine  byte = 'E' // an engine joined: engineEntry in JSON
	jLost    byte = 'L' // it left: uuid
	jTask    byte = 'T' // a request came: queue, client, engine that has it or "", date, frames from the delimiter on
	jSent    byte = 'S' // a task went to an engine: id, uuid
	jDone    byte = 'D' // a reply came, or was made: id, uuid, date, header, metadata, content, buffers
	jDropped byte = 'X' // a task was sent back to its client, who sends it again: id
	jPurged  byte = 'P' // finished tasks were dropped: query in JSON
	jNext    byte = 'N' // the next engine's id, in decimal
	jEnd     byte = '.' // the segment's snapshot is complete
)

// engineEntry is an engine in the journal.
type engineEntry struct {
	ID       int          `json:"id"`
	UUID     string       `json:"uuid"`
	Language string       `json:"language,omitempty"`
	Slots    int          `json:"slots,omitempty"`
	Place    *proto.Place `json:"place,omitempty"`
}

// journalDir is where the journal of the hub's cluster is.
func (c *Config) journalDir() string {
	if c.Journal != "" {
		return c.Journal
	}
	return proto.JournalDir(c.ProfileDir, c.ClusterID)
}

// openJournal begins the journal, or goes on with the one that is there. Nothing is served yet.
func (h *Hub) openJournal() error {
	if h.cfg.Journal == noJournal {
		if h.cfg.Restore {
			return errors.New("there is no journal to restore from: --journal=none")
		}
		return nil
	}
	c := journal.Config{Dir: h.cfg.journalDir(), Sync: h.cfg.JournalSync, Total: h.cfg.JournalBytes, Log: h.log}
	var err error
	if !h.cfg.Restore {
		if h.journal, err = journal.Create(c); errors.Is(err, journal.ErrLocked) {
			// As with the connection files, the last one to come has the name; it cannot be restored.
			h.log.Info("no journal is kept", "reason", err.Error())
			return nil
		}
		return err
	}
	r := newRestorer(h)
	if h.journal, err = journal.Restore(c, r.entry); err != nil {
		return err
	}
	if err := r.finish(); err != nil {
		return err
	}
	h.under(func() { h.journal.Rotate(h.snapshot()) })
	return nil
}

// closeJournal ends the journal, and removes it unless another hub may go on with it.
func (h *Hub) closeJournal() error {
	if h.journal == nil {
		return nil
	}
	err := h.journal.Close()
	if !h.cfg.Reuse {
		err = errors.Join(err, journal.Remove(h.cfg.journalDir()))
	}
	return err
}

// note enters an event in the journal. Call it under mu.
func (h *Hub) note(kind byte, parts ...[]byte) {
	if h.journal != nil {
		h.journal.Append(journal.Entry{Kind: kind, Parts: parts})
	}
}

// room waits, when a client brings tasks, until the disk has taken most of the earlier ones.
func (h *Hub) room() {
	if h.journal != nil {
		h.journal.Room()
	}
}

// rotate begins a segment of the journal when it is time.
func (h *Hub) rotate() {
	if h.journal == nil || !h.journal.Full(h.snapshotBytes.Load()) {
		return
	}
	h.under(func() { h.journal.Rotate(h.snapshot()) })
}

// snapshot is all that a restored hub needs to know: who is there and what is not finished. Call it under mu.
func (h *Hub) snapshot() []journal.Entry {
	list := []journal.Entry{{Kind: jNext, Parts: [][]byte{fmt.Append(nil, h.registry.next)}}}
	for _, e := range h.registry.byID {
		if e.registered || e.restored {
			list = append(list, journal.Entry{Kind: jEngine, Parts: [][]byte{engineText(e)}})
		}
	}
	var bytes int64
	for _, r := range h.records.byID {
		if r.pending() {
			e := journal.Entry{Kind: jTask, Parts: taskParts(r)}
			bytes += e.Size()
			list = append(list, e)
		}
	}
	h.snapshotBytes.Store(bytes)
	return append(list, journal.Entry{Kind: jEnd})
}

func engineText(e *engine) []byte {
	return encode(engineEntry{e.id, e.uuid, e.language, e.slots, e.place})
}

func taskParts(r *record) [][]byte {
	parts := make([][]byte, 0, 4+len(r.frames))
	parts = append(parts, []byte(r.Queue), []byte(r.client), []byte(r.Engine), dateBytes(r.Submitted))
	return append(parts, r.frames...)
}

// noteTask enters a request. Call it under mu.
func (h *Hub) noteTask(r *record) {
	if h.journal != nil {
		h.note(jTask, taskParts(r)...)
	}
}

// noteDone enters the reply to a task. Call it under mu.
func (h *Hub) noteDone(r *record) {
	if h.journal == nil {
		return
	}
	parts := make([][]byte, 0, 6+len(r.ResultBuffers))
	parts = append(parts, []byte(r.ID), []byte(r.Engine), dateBytes(r.Received), r.ResultHeader, r.ResultMetadata, r.ResultContent)
	h.note(jDone, append(parts, r.ResultBuffers...)...)
}

func dateBytes(t time.Time) []byte {
	return binary.LittleEndian.AppendUint64(make([]byte, 0, 8), uint64(t.UnixMicro()))
}

func dateOf(b []byte) (time.Time, error) {
	if len(b) != 8 {
		return time.Time{}, fmt.Errorf("date of %d bytes", len(b))
	}
	return time.UnixMicro(int64(binary.LittleEndian.Uint64(b))).UTC(), nil
}

// alive reports whether an engine that ran on this machine may still run.
func alive(p *proto.Place) bool {
	if p == nil || p.PID <= 0 {
		return true
	}
	host, err := os.Hostname()
	return err != nil || host != p.Host || running(p.PID)
}

// taskOf is what the scheduler needs to know of a request.
func taskOf(r *record, md *proto.TaskMetadata) sched.Task {
	t := sched.Task{
		ID:      sched.TaskID(r.ID),
		Client:  sched.ClientID(r.client),
		After:   dependency(md.After),
		Follow:  dependency(md.Follow),
		Timeout: time.Duration(md.Timeout * float64(time.Second)),
		Retries: md.Retries,

		Language: proto.TaskLanguage(r.Content, r.Buffers),
		Limit:    time.Duration(md.Limit * float64(time.Second)),
		Priority: md.Priority,
		Near:     md.Near,
		Once:     md.Once,
	}
	for _, uuid := range md.Targets {
		t.Targets = append(t.Targets, sched.EngineID(uuid))
	}
	return t
}

// journaled reads a request in the journal. It was signed with the cluster's key when it came.
func journaled(frames [][]byte) (*jupyter.Message, error) {
	if len(frames) < 2+parts {
		return nil, fmt.Errorf("%w: %d frames", jupyter.ErrMalformed, len(frames))
	}
	p := frames[2:]
	m := &jupyter.Message{RawHeader: p[0], Parent: p[1], Metadata: p[2], Content: p[3], Buffers: p[parts:]}
	if err := json.Unmarshal(p[0], &m.Header); err != nil {
		return nil, err
	}
	if m.Header.MsgID == "" {
		return nil, fmt.Errorf("%w: header", jupyter.ErrMalformed)
	}
	return m, nil
}
