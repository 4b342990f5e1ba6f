package hub

import (
	"fmt"
	"strings"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// direct relays a request to the engine its first frame names.
func (h *Hub) direct(from string, m *jupyter.Message, frames [][]byte) error {
	if len(m.Idents) != 1 {
		return fmt.Errorf("%d routing frames, want the engine's", len(m.Idents))
	}
	uuid := string(m.Idents[0])
	var err error
	request := frames[len(m.Idents):]
	frames = routed(m, frames, []byte(from))
	h.room()
	h.under(func() {
		e := h.registry.expected(uuid)
		if e == nil {
			h.fail(h.sockets.muxClients, from, m, uuid, proto.NewRemoteError(proto.EngineError, "no engine %s is registered", uuid))
			return
		}
		if l := proto.TaskLanguage(m.Content, m.Buffers); l == proto.Go && e.language != l { // a Go engine says it itself
			h.fail(h.sockets.muxClients, from, m, uuid, proto.NewRemoteError(proto.UnsupportedCodec,
				"engine %d runs %s: it cannot call Go functions; send it code with execute", e.id, e.language))
			return
		}
		if isRequest(m) {
			r := newRecord(m, from, viaMux, uuid)
			if !h.records.add(r) {
				err = fmt.Errorf("a task %s exists", m.Header.MsgID)
				return
			}
			r.frames = request
			e.queue[r.ID] = r
			h.noteTask(r)
		}
		if e.restored {
			e.unsent = append(e.unsent, frames)
			return
		}
		h.toEngine(h.sockets.muxEngines, uuid, frames)
	})
	return err
}

// directReply relays what an engine answers to the client its first frame names.
func (h *Hub) directReply(from string, m *jupyter.Message, frames [][]byte) error {
	if len(m.Idents) != 1 {
		return fmt.Errorf("%d routing frames, want the client's", len(m.Idents))
	}
	client := string(m.Idents[0])
	id := parentID(m)
	frames = routed(m, frames, []byte(from))
	var err error
	h.under(func() {
		if r := h.records.byID[id]; r != nil && r.Queue == viaMux {
			if !r.pending() || r.Engine != from {
				err = fmt.Errorf("stale reply to %s", id)
				return
			}
			o, _ := outcome(m)
			h.finishOn(h.registry.byUUID[from], r, m, o)
		}
		h.toClient(h.sockets.muxClients, client, frames)
	})
	return err
}

// orphanDirect answers the direct requests that died with their engine. Call it
// under mu.
func (h *Hub) orphanDirect(e *engine) {
	for _, r := range e.queue {
		m := h.fail(h.sockets.muxClients, r.client, r.request, e.uuid,
			proto.NewRemoteError(proto.EngineError, "Engine %d died while running task '%s'", e.id, r.ID))
		if m != nil {
			h.finish(r, m)
		}
	}
	clear(e.queue)
}

// finishOn books an engine's reply to a task. One that is sent back is forgotten:
// it comes again under the same id. Call it under mu.
func (h *Hub) finishOn(e *engine, r *record, reply *jupyter.Message, o sched.Outcome) {
	if e != nil {
		delete(e.queue, r.ID)
	}
	if o == sched.SentBack {
		h.records.drop(r)
		h.note(jDropped, []byte(r.ID))
		return
	}
	if e != nil {
		e.completed++
	}
	h.finish(r, reply)
}

// finish enters a task's reply. Call it under mu.
func (h *Hub) finish(r *record, reply *jupyter.Message) {
	h.records.finish(r, reply)
	h.noteDone(r)
}

// fail queues an error reply made by the hub, and returns it. It carries no
// engine_info: with it ipyparallel's client would wait for the engine's output.
// Call it under mu.
func (h *Hub) fail(r *zmtp.Router, client string, request *jupyter.Message, uuid string, e *proto.RemoteError) *jupyter.Message {
	return h.reply(r, client, request, e, proto.ReplyMetadata{Status: proto.StatusError, Engine: uuid, DependenciesMet: true})
}

// reply queues a reply made by the hub, and returns it. Call it under mu.
func (h *Hub) reply(r *zmtp.Router, client string, request *jupyter.Message, content any, md proto.ReplyMetadata) *jupyter.Message {
	m, err := h.session.New(strings.TrimSuffix(request.Header.MsgType, "_request")+"_reply", request, content)
	if err != nil {
		h.out.logs = append(h.out.logs, func() { h.log.Error(err, "reply not encoded", "msg", request.Header.MsgID) })
		return nil
	}
	md.Started, _ = proto.ParseTime(m.Header.Date) // it never started; clients want a date
	m.Metadata, m.Idents = encode(md), nil
	if client != "" {
		h.toClient(r, client, h.session.Encode(m))
	}
	return m
}

// isRequest reports whether a reply to m is due.
func isRequest(m *jupyter.Message) bool { return strings.HasSuffix(m.Header.MsgType, "_request") }
