package hub

import (
	"errors"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// outbox collects what is decided under Hub.mu and done after it.
type outbox struct {
	sends  []outgoing
	logs   []func() // log lines
	then   []func() // what is to be served next; takes mu itself
	rewind bool     // the scheduler's next tick may have changed
}

// outgoing is one message. Exactly one of router and pub is set.
type outgoing struct {
	router *zmtp.Router
	pub    *zmtp.Pub
	to     string
	frames [][]byte
	engine bool // to is an engine: when it cannot be reached it is lost
}

// under runs f under mu and then does what f decided, in its order.
func (h *Hub) under(f func()) {
	h.mu.Lock()
	f()
	out := h.out
	h.out = outbox{}
	h.mu.Unlock()
	for _, log := range out.logs {
		log()
	}
	for _, o := range out.sends {
		switch {
		case o.pub != nil:
			if err := o.pub.Send(o.frames); err != nil {
				h.log.V(1).Info("not published", "reason", err.Error())
			}
		case o.engine:
			if err := o.router.Send(o.to, o.frames); err != nil && !errors.Is(err, zmtp.ErrClosed) {
				h.lose(o.to, "cannot be reached: "+err.Error())
			}
		default:
			h.send(o.router, o.to, o.frames)
		}
	}
	for _, serve := range out.then {
		serve()
	}
	if out.rewind {
		select {
		case h.alarm <- struct{}{}:
		default: // it is already due
		}
	}
}

// send sends to a client, or to an engine that can do without. A peer that is
// gone or does not read loses the message; a result stays in the store.
func (h *Hub) send(r *zmtp.Router, to string, frames [][]byte) {
	err := r.Send(to, frames)
	if errors.Is(err, zmtp.ErrFull) && r.Disconnect(to) {
		// It does not read. Its results are in the store: when it is back it asks for them.
		h.log.Info("client cut off: it does not take its messages", "client", printable(to))
		return
	}
	if err != nil {
		h.log.V(1).Info("message lost", "to", printable(to), "reason", err.Error())
	}
}

// toClient queues a message as send sends it. Call it under mu.
func (h *Hub) toClient(r *zmtp.Router, client string, frames [][]byte) {
	h.out.sends = append(h.out.sends, outgoing{router: r, to: client, frames: frames})
}

// toEngine queues a message to an engine. Call it under mu.
func (h *Hub) toEngine(r *zmtp.Router, uuid string, frames [][]byte) {
	h.out.sends = append(h.out.sends, outgoing{router: r, to: uuid, frames: frames, engine: true})
}

// routed returns m's frames with other routing frames.
func routed(m *jupyter.Message, frames [][]byte, idents ...[]byte) [][]byte {
	rest := frames[len(m.Idents):]
	if len(idents) == len(m.Idents) {
		copy(frames, idents)
		return frames
	}
	return append(append(make([][]byte, 0, len(idents)+len(rest)), idents...), rest...)
}
