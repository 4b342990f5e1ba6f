package hub

import (
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/store"
)

// publish relays what an engine publishes to all clients, unchanged.
func (h *Hub) publish(_ string, _ *jupyter.Message, frames [][]byte) error {
	return h.sockets.iopubOut.Send(frames)
}

// output relays a task's output and keeps it with the task.
func (h *Hub) output(_ string, m *jupyter.Message, frames [][]byte) error {
	id := parentID(m)
	var shown struct{ Name, Text, Code string }
	if t := m.Header.MsgType; t == "stream" || t == "execute_input" {
		if err := m.Bind(&shown); err != nil {
			return err
		}
	}
	var keep change
	switch m.Header.MsgType {
	case "stream":
		keep = func(r *store.Record) {
			if into := stream(&r.Stdout, &r.Stderr, shown.Name); into != nil && len(*into)+len(shown.Text) <= maxOutput {
				*into += shown.Text
			}
		}
	case "execute_input":
		keep = func(r *store.Record) { r.ExecuteInput = shown.Code }
	case "execute_result":
		keep = func(r *store.Record) { r.ExecuteResult = m.Content }
	case "error":
		keep = func(r *store.Record) { r.Error = m.Content }
	}
	h.mu.Lock() // nothing to send under it: relaying needs no state
	r := h.records.byID[id]
	switch {
	case keep == nil:
	case r == nil:
		if !h.cfg.NoStore {
			h.changed(id, keep)
		}
	case m.Header.MsgType == "stream": // piece by piece, so not as a string that is copied each time
		if into := stream(&r.stdout, &r.stderr, shown.Name); into != nil && len(*into)+len(shown.Text) <= maxOutput {
			*into = append(*into, shown.Text...)
		}
	default:
		keep(&r.Record)
	}
	if r != nil {
		r.touched = true
	}
	h.mu.Unlock()
	return h.publish("", m, frames)
}

// stream returns where the output of that name goes; nil for no such.
func stream[T any](stdout, stderr *T, name string) *T {
	switch name {
	case "stdout":
		return stdout
	case "stderr":
		return stderr
	}
	return nil
}

// engineShutdown relays an engine's farewell and unregisters it.
func (h *Hub) engineShutdown(_ string, m *jupyter.Message, frames [][]byte) error {
	err := h.publish("", m, frames)
	h.lose(m.Header.Session, "shut down")
	return err
}
