package hub

import (
	"fmt"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
)

// controlRequest is one that its engine has not answered.
type controlRequest struct {
	client  string
	request *jupyter.Message
}

// control relays a control request to the engine its first frame names.
func (h *Hub) control(from string, m *jupyter.Message, frames [][]byte) error {
	if len(m.Idents) != 1 {
		return fmt.Errorf("%d routing frames, want the engine's", len(m.Idents))
	}
	uuid := string(m.Idents[0])
	frames = routed(m, frames, []byte(from))
	h.under(func() {
		e := h.registry.registered(uuid)
		if e == nil {
			h.fail(h.sockets.controlClients, from, m, uuid, proto.NewRemoteError(proto.EngineError, "no engine %s is registered", uuid))
			return
		}
		if h.registry.link(uuid).up&watchControl == 0 { // its nanny is gone, or it never had one; it may work all the same
			h.fail(h.sockets.controlClients, from, m, uuid, proto.NewRemoteError(proto.EngineError, "engine %d cannot be controlled", e.id))
			return
		}
		if isRequest(m) {
			e.control[m.Header.MsgID] = &controlRequest{from, m}
		}
		h.toClient(h.sockets.controlEngines, uuid, frames)
	})
	return nil
}

// abort aborts those of the tasks that still wait here, then asks the engine
// for the others.
func (h *Hub) abort(from string, m *jupyter.Message, frames [][]byte) error {
	var q struct {
		MsgIDs proto.StringList `json:"msg_ids"`
	}
	if err := m.Bind(&q); err != nil {
		return err
	}
	ids := make([]sched.TaskID, len(q.MsgIDs.IDs))
	for i, id := range q.MsgIDs.IDs {
		ids[i] = sched.TaskID(id)
	}
	h.under(func() { h.obey(h.sched.Abort(h.now(), ids)) })
	return h.control(from, m, frames)
}

// controlReply relays an engine's or nanny's answer.
func (h *Hub) controlReply(from string, m *jupyter.Message, frames [][]byte) error {
	if len(m.Idents) != 1 {
		return fmt.Errorf("%d routing frames, want the client's", len(m.Idents))
	}
	client := string(m.Idents[0])
	frames = routed(m, frames, []byte(from))
	id := parentID(m)
	if client == self { // see askBack
		return nil
	}
	h.under(func() {
		if e := h.registry.byUUID[from]; e != nil {
			delete(e.control, id)
		}
		h.toClient(h.sockets.controlClients, client, frames)
	})
	return nil
}

// orphanControl answers the control requests that died with their engine: that
// it should end has come true, anything else failed. Call it under mu.
func (h *Hub) orphanControl(e *engine) {
	for _, c := range e.control {
		if c.request.Header.MsgType == proto.ShutdownRequestType {
			h.reply(h.sockets.controlClients, c.client, c.request, proto.OK{Status: proto.StatusOK}, proto.ReplyMetadata{Status: proto.StatusOK, Engine: e.uuid, DependenciesMet: true})
			continue
		}
		h.fail(h.sockets.controlClients, c.client, c.request, e.uuid, proto.NewRemoteError(proto.EngineError, "Engine %d died", e.id))
	}
	clear(e.control)
}

// self is the routing frame of requests that the hub itself makes.
const self = "hub"

// askBack asks an engine not to run a task, and, with cancel, to end it if it
// runs: a Go engine by the task's id; a Python engine by an interrupt, as its
// abort knows only what waits. Call it under mu.
func (h *Hub) askBack(uuid, id string, cancel bool) {
	e := h.registry.byUUID[uuid]
	if e == nil || h.registry.link(uuid).up&watchControl == 0 {
		return
	}
	h.ask(uuid, proto.AbortRequestType, map[string]any{"msg_ids": []string{id}, "cancel": cancel})
	if cancel && e.language != proto.Go {
		h.ask(uuid, proto.SignalRequestType, map[string]any{"sig": "SIGINT"})
	}
}

// ask sends a control request of the hub to an engine. Call it under mu.
func (h *Hub) ask(uuid, msgType string, content any) {
	m, err := h.session.New(msgType, nil, content)
	if err != nil {
		h.out.logs = append(h.out.logs, func() { h.log.Error(err, "request not encoded", "type", msgType) })
		return
	}
	m.Idents = [][]byte{[]byte(self)}
	h.toClient(h.sockets.controlEngines, uuid, h.session.Encode(m))
}
