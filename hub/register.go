package hub

import (
	"fmt"
	"strconv"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
)

// register answers an engine's request; complete announces it.
func (h *Hub) register(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.RegistrationRequest
	if err := m.Bind(&q); err != nil {
		return err
	}
	if q.UUID == "" || len(q.UUID) > 255 {
		return proto.NewRemoteError("ValueError", "uuid of %d bytes", len(q.UUID))
	}
	reply := proto.RegistrationReply{Status: proto.StatusOK, HeartbeatMS: int(h.cfg.Ping / time.Millisecond), ConnectionInfo: &h.engine}
	h.under(func() {
		e := h.registry.byUUID[q.UUID]
		if e == nil {
			e = h.registry.enter(q, time.Now())
			h.note(jNext, fmt.Append(nil, h.registry.next)) // the id is told: after a restart nobody else may get it
		}
		reply.ID = e.id
		if e.restored || e.registered {
			reply.Held = h.heldBy(e)
		}
	})
	h.log.V(1).Info("engine asks for registration", "engine", reply.ID, "uuid", q.UUID)
	// The reply goes to the engine's DEALER; ipyparallel's has no parent
	// header, ours has: engines look at neither.
	h.answer(from, m, proto.RegistrationReplyType, reply)
	return nil
}

// complete announces an engine once its heart beats and all its connections
// are there, or anyway when late: a foreign engine may do without some. Call
// it under mu.
func (h *Hub) complete(e *engine, late bool) {
	if e == nil || e.registered || e.beat.IsZero() || !late && !h.registry.ready(e) {
		return
	}
	e.registered = true
	h.returned(e)
	h.note(jEngine, engineText(e))
	h.notify(proto.RegistrationNotificationType, proto.EngineNotification{ID: e.id, UUID: e.uuid, Language: e.language})
	h.obey(h.sched.Rejoin(h.now(), sched.Engine{ID: sched.EngineID(e.uuid), Language: e.language, Slots: e.slots}, e.held))
	for _, frames := range e.unsent {
		h.toEngine(h.sockets.muxEngines, e.uuid, frames)
	}
	h.out.then = append(h.out.then, e.early...)
	e.held, e.unsent, e.early = nil, nil, nil
	h.release()
	if v := h.log.V(0); v.Enabled() {
		id, uuid, took := e.id, e.uuid, time.Since(e.asked)
		h.out.logs = append(h.out.logs, func() { v.Info("engine joined", "engine", id, "uuid", uuid, "took", took.String()) })
	}
}

// unregister serves an engine or nanny that says that an engine is gone.
func (h *Hub) unregister(_ string, m *jupyter.Message, _ [][]byte) error {
	var q proto.UnregistrationRequest
	if err := m.Bind(&q); err != nil {
		return err
	}
	uuid := ""
	h.under(func() {
		if e := h.registry.byID[q.ID]; e != nil {
			uuid = e.uuid
		}
	})
	if uuid != "" {
		h.lose(uuid, "unregistered")
	}
	return nil
}

// connection tells a client who is there.
func (h *Hub) connection(from string, m *jupyter.Message, _ [][]byte) error {
	reply := proto.ConnectionReply{Status: proto.StatusOK, Engines: map[string]string{}, Languages: map[string]string{}, Places: map[string]proto.Place{}, Hub: "gopar"}
	h.under(func() {
		for _, e := range h.registry.byID {
			if !e.registered && !e.restored {
				continue
			}
			id := strconv.Itoa(e.id)
			reply.Engines[id] = e.uuid
			if e.language != "" {
				reply.Languages[id] = e.language
			}
			if e.place != nil {
				reply.Places[id] = *e.place
			}
		}
	})
	h.log.V(1).Info("client connected", "client", printable(from))
	h.answer(from, m, proto.ConnectionReplyType, reply)
	return nil
}
