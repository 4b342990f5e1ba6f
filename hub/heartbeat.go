package hub

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// beat pings all engines every Config.Ping and finds those that do not answer,
// until ctx ends.
func (h *Hub) beat(ctx context.Context) {
	t := time.NewTicker(h.cfg.Ping)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			for uuid, why := range h.missing(now) {
				h.giveUp(uuid, why)
			}
			if err := h.sockets.ping.Send([][]byte{h.lifetime()}); err != nil {
				h.log.V(1).Info("ping not sent", "reason", err.Error())
			}
		}
	}
}

// missing counts missed beats and returns the engines to give up, with the reason.
func (h *Hub) missing(now time.Time) map[string]string {
	lost := map[string]string{}
	h.under(func() {
		for uuid, e := range h.registry.byUUID {
			l := h.registry.link(uuid)
			switch {
			case !e.registered:
				h.complete(e, now.Sub(e.asked) > h.cfg.Ping)
				if !e.registered && now.Sub(e.asked) > h.cfg.RegistrationTimeout {
					lost[uuid] = "registration not completed"
				}
			case now.Sub(e.beat) < h.cfg.Ping+h.cfg.Ping/2:
				e.missed = 0
			default:
				e.missed++
				if e.missed > h.cfg.Misses {
					lost[uuid] = "no heartbeat"
				}
			}
			if e.registered && l.up&watchAlive == 0 && !l.gone.IsZero() && now.Sub(l.gone) > 2*h.cfg.Ping {
				lost[uuid] = "its connections did not come back"
			}
		}
	})
	return lost
}

// maxSilent bounds the engines that are remembered after they were given up.
const maxSilent = 4096

// giveUp loses an engine that did not say that it leaves. Its process may be alive
// all the same: the machine slept or had no time for it, or its connections ended
// and come back. Its next heartbeat is the proof, and brings it back.
func (h *Hub) giveUp(uuid, why string) {
	h.under(func() {
		for old := range h.registry.silent {
			if len(h.registry.silent) < maxSilent {
				break
			}
			delete(h.registry.silent, old)
		}
		if e := h.registry.byUUID[uuid]; e != nil {
			h.registry.silent[uuid] = e
		}
	})
	h.lose(uuid, why)
}

// awake enters an engine again that was given up and has a heartbeat, and
// returns it; nil if there is none. Call it under mu.
func (h *Hub) awake(uuid string) *engine {
	e := h.registry.silent[uuid]
	if e == nil {
		return nil
	}
	return h.registry.enter(proto.RegistrationRequest{UUID: uuid, ID: &e.id, Language: e.language, Slots: e.slots, Place: e.place}, time.Now())
}

// pingAtOnce sends a new heart its first ping, so that registration need not
// wait for the next beat.
func (h *Hub) pingAtOnce(p *zmtp.Peer, _ []byte, on bool) {
	if !on {
		return
	}
	if err := p.Send(h.lifetime()); err != nil {
		h.log.V(1).Info("first ping not sent", "reason", err.Error())
	}
}

// lifetime is what a ping says: the hub's age in seconds, as ipyparallel's.
func (h *Hub) lifetime() []byte {
	return strconv.AppendFloat(nil, h.now().Seconds(), 'f', 6, 64)
}

// pong notes that an engine's heart has answered. The text is not compared: an
// answer to any ping is a sign of life. The error says that from is no engine.
func (h *Hub) pong(from string, frames [][]byte) error {
	if len(frames) != 1 || len(frames[0]) > 64 {
		return errors.New("no heartbeat")
	}
	var known bool
	h.under(func() {
		e := h.registry.byUUID[from]
		if e == nil {
			e = h.awake(from)
		}
		if e != nil {
			known, e.beat, e.missed = true, time.Now(), 0
			h.complete(e, false)
		}
	})
	if !known {
		return errors.New("heartbeat of an engine that is not registered")
	}
	return nil
}
