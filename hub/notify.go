package hub

import (
	"time"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// replay is how long notifications are repeated to new subscribers. A client
// asks who is there before its subscription is in force; what it missed between
// the two it would never know.
const replay = 30 * time.Second

// note is a notification that was published.
type note struct {
	at      time.Time
	msgType string
	content any
}

// notify queues a notification to all clients. Call it under mu.
func (h *Hub) notify(msgType string, content any) {
	now := time.Now()
	for len(h.notes) > 0 && now.Sub(h.notes[0].at) > replay {
		h.notes = h.notes[1:]
	}
	h.notes = append(h.notes, note{now, msgType, content})
	if frames := h.notification(msgType, content); frames != nil {
		h.out.sends = append(h.out.sends, outgoing{pub: h.sockets.notify, frames: frames})
	}
}

// notification returns the frames of a notification, signed anew.
func (h *Hub) notification(msgType string, content any) [][]byte {
	m, err := h.session.New(msgType, nil, content)
	if err != nil {
		h.log.Error(err, "notification not encoded", "type", msgType)
		return nil
	}
	return h.session.Encode(m)
}

// catchUp repeats the latest notifications to a new subscriber, but those that
// are over: an engine that has left is not announced again. Clients take a
// repeated one for nothing new.
func (h *Hub) catchUp(p *zmtp.Peer, _ []byte, on bool) {
	if !on {
		return
	}
	var recent []note
	h.under(func() {
		for _, n := range h.notes {
			e, about := n.content.(proto.EngineNotification)
			over := n.msgType == proto.RegistrationNotificationType && about && h.registry.registered(e.UUID) == nil
			if time.Since(n.at) <= replay && !over {
				recent = append(recent, n)
			}
		}
	})
	for _, n := range recent {
		if err := p.Send(h.notification(n.msgType, n.content)...); err != nil {
			h.log.V(1).Info("notification not repeated", "reason", err.Error())
			return
		}
	}
}
