package hub

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
)

// broadcast is one request to many engines that is not answered by all yet.
type broadcast struct {
	client  string
	request *jupyter.Message
	md      proto.BroadcastMetadata
	left    map[string]bool             // uuids that have not answered
	replies map[string]*jupyter.Message // coalescing: those that came
}

// broadcast sends each engine its copy of a request, under an id of its own.
// The tree of ipyparallel is one level here; nobody can tell.
func (h *Hub) broadcast(from string, m *jupyter.Message, _ [][]byte) error {
	b := &broadcast{client: from, request: m, left: map[string]bool{}, replies: map[string]*jupyter.Message{}}
	if err := json.Unmarshal(m.Metadata, &b.md); err != nil {
		return fmt.Errorf("metadata of broadcast %s: %w", m.Header.MsgID, err)
	}
	b.md.OriginalID = m.Header.MsgID
	copies := make(map[string][][]byte, len(b.md.Targets))
	for _, t := range b.md.Targets {
		c, err := renamed(m, proto.BroadcastID(m.Header.MsgID, t.UUID))
		if err != nil {
			return err
		}
		if c.Metadata, err = with(m.Metadata, map[string]any{"original_msg_id": b.md.OriginalID, "targets": []proto.Target{t}}); err != nil {
			return err
		}
		c.Idents = [][]byte{[]byte(from)}
		copies[t.UUID] = h.session.Encode(c)
		b.left[t.UUID] = true
	}
	h.under(func() {
		h.broadcasts[b.md.OriginalID] = b
		for _, t := range b.md.Targets {
			if h.registry.registered(t.UUID) == nil {
				h.broadcastFailed(b, t)
				continue
			}
			h.toEngine(h.sockets.bcastEngines, t.UUID, copies[t.UUID])
		}
	})
	return nil
}

// broadcastReply passes an engine's reply on, or keeps it until all are there.
func (h *Hub) broadcastReply(from string, m *jupyter.Message, frames [][]byte) error {
	var md proto.ReplyMetadata
	if err := json.Unmarshal(m.Metadata, &md); err != nil {
		return fmt.Errorf("metadata of %s: %w", m.Header.MsgType, err)
	}
	var err error
	h.under(func() {
		b := h.broadcasts[md.OriginalID]
		if b == nil || !b.left[from] {
			err = fmt.Errorf("stale reply to broadcast %s", md.OriginalID)
			return
		}
		if !b.md.IsCoalescing {
			h.toClient(h.sockets.bcastClients, b.client, frames[len(m.Idents):])
		}
		if e := h.registry.byUUID[from]; e != nil {
			e.completed++
		}
		h.broadcastDone(b, from, m)
	})
	return err
}

// broadcastDone books the reply of one engine. Call it under mu.
func (h *Hub) broadcastDone(b *broadcast, uuid string, m *jupyter.Message) {
	delete(b.left, uuid)
	if b.md.IsCoalescing {
		b.replies[uuid] = m
	}
	if len(b.left) > 0 {
		return
	}
	delete(h.broadcasts, b.md.OriginalID)
	if b.md.IsCoalescing && len(b.replies) > 0 {
		h.coalesce(b)
	}
}

// coalesce answers a coalescing broadcast: with all results in the order of the
// targets, or with the first error. Call it under mu.
func (h *Hub) coalesce(b *broadcast) {
	if proto.TaskLanguage(b.request.Content, nil) == proto.Go {
		h.gather(b)
		return
	}
	var answer jupyter.Message
	var buffers [][]byte
	failed := false
	for _, t := range b.md.Targets {
		m := b.replies[t.UUID]
		if m == nil {
			continue
		}
		o, _ := outcome(m)
		ok := o == sched.Success
		if !failed {
			answer, failed = *m, !ok
		}
		if ok {
			buffers = append(buffers, m.Buffers...)
		}
	}
	md, err := with(answer.Metadata, map[string]any{"broadcast_targets": b.md.Targets})
	if err != nil {
		h.out.logs = append(h.out.logs, func() { h.log.Error(err, "broadcast not answered", "msg", b.md.OriginalID) })
		return
	}
	answer.Metadata, answer.Idents, answer.Buffers = md, nil, buffers
	if failed {
		answer.Buffers = nil
	}
	h.toClient(h.sockets.bcastClients, b.client, h.session.Encode(&answer))
}

// gather answers a coalescing broadcast of a Go client with all that the engines
// replied, errors included. Call it under mu.
func (h *Hub) gather(b *broadcast) {
	m, err := h.session.New(strings.TrimSuffix(b.request.Header.MsgType, "_request")+"_reply", b.request, proto.OK{Status: proto.StatusOK})
	if err != nil {
		h.out.logs = append(h.out.logs, func() { h.log.Error(err, "broadcast not answered", "msg", b.md.OriginalID) })
		return
	}
	replies := make([]proto.CoalescedReply, 0, len(b.md.Targets))
	for _, t := range b.md.Targets {
		if r := b.replies[t.UUID]; r != nil {
			replies = append(replies, proto.CoalescedReply{Engine: t.UUID, Date: r.Header.Date, Metadata: orNull(r.Metadata), Content: orNull(r.Content), Buffers: len(r.Buffers)})
			m.Buffers = append(m.Buffers, r.Buffers...)
		}
	}
	m.Metadata, m.Idents = encode(map[string]any{"status": proto.StatusOK, "is_broadcast": true, "is_coalescing": true,
		"original_msg_id": b.md.OriginalID, "broadcast_replies": replies}), nil
	h.toClient(h.sockets.bcastClients, b.client, h.session.Encode(m))
}

// broadcastFailed answers in place of an engine that is gone. Call it under mu.
func (h *Hub) broadcastFailed(b *broadcast, t proto.Target) {
	request, err := renamed(b.request, proto.BroadcastID(b.md.OriginalID, t.UUID))
	if err != nil {
		return // it was renamed before
	}
	client := b.client
	if b.md.IsCoalescing {
		client = ""
	}
	m := h.reply(h.sockets.bcastClients, client, request,
		proto.NewRemoteError(proto.EngineError, "Engine %d died while running task '%s'", t.ID, b.md.OriginalID),
		proto.ReplyMetadata{Status: proto.StatusError, Engine: t.UUID, DependenciesMet: true,
			IsBroadcast: true, IsCoalescing: b.md.IsCoalescing, OriginalID: b.md.OriginalID})
	h.broadcastDone(b, t.UUID, m)
}

// orphanBroadcasts answers for an engine that is lost. Call it under mu.
func (h *Hub) orphanBroadcasts(e *engine) {
	for _, b := range h.broadcasts {
		if b.left[e.uuid] {
			h.broadcastFailed(b, proto.Target{UUID: e.uuid, ID: e.id})
		}
	}
}
