package hub

import (
	"encoding/json"
	"strings"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// publish relays what an engine publishes to all clients, unchanged.
func (h *Hub) publish(_ string, _ *jupyter.Message, frames [][]byte) error {
	return h.sockets.iopubOut.Send(frames)
}

// output relays a task's output and keeps it with the task.
func (h *Hub) output(_ string, m *jupyter.Message, frames [][]byte) error {
	id := parentID(m)
	var text struct{ Name, Text, Code string }
	if t := m.Header.MsgType; t == "stream" || t == "execute_input" {
		if err := m.Bind(&text); err != nil {
			return err
		}
	}
	h.mu.Lock() // nothing to send under it: relaying needs no state
	if r := h.store.byID[id]; r != nil {
		n := int64(len(m.Content))
		switch m.Header.MsgType {
		case "stream":
			n = r.write(text.Name, text.Text)
		case "execute_input":
			r.executeInput = encode(text.Code)
		case "execute_result":
			r.executeResult = m.Content
		case "error":
			r.failure = m.Content
		default:
			n = 0
		}
		h.store.grow(r, n)
	}
	h.mu.Unlock()
	return h.publish("", m, frames)
}

// write adds to the output of a task and returns by how much it grew.
func (r *record) write(stream, text string) int64 {
	var b *strings.Builder
	switch stream {
	case "stdout":
		b = &r.stdout
	case "stderr":
		b = &r.stderr
	default:
		return 0
	}
	if b.Len()+len(text) > maxOutput {
		return 0
	}
	b.WriteString(text)
	return int64(len(text))
}

// engineShutdown relays an engine's farewell and unregisters it.
func (h *Hub) engineShutdown(_ string, m *jupyter.Message, frames [][]byte) error {
	err := h.publish("", m, frames)
	h.lose(m.Header.Session, "shut down")
	return err
}

// orNull returns raw, or null for nothing and for what is not JSON: nobody
// checked it so far, and one bad record must not spoil a reply.
func orNull(raw json.RawMessage) json.RawMessage {
	if !json.Valid(raw) {
		return json.RawMessage("null")
	}
	return raw
}
