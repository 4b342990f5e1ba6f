package zmtp

import (
	"math/rand/v2"
	"time"
)

const (
	dialTimeout = 10 * time.Second

	// minRedial and maxRedial bound the pause between attempts to connect, before jitter. A kernel that restarts is back within ms; a
	// thousand engines whose hub is away must not knock more than some hundred times a second.
	minRedial = 25 * time.Millisecond
	maxRedial = 5 * time.Second

	// steady is how long a connection must last for the pause to start from minRedial again. Two peers that take an identity from
	// each other, for instance, must not do it at full speed.
	steady = 2 * time.Second
)

// link is one dialed endpoint across its connections.
type link struct {
	identity string // by which a Router addresses the peer there; stable if the peer announces none
}

// redial keeps a connection to e until Close.
func (s *socket) redial(e endpoint) {
	l := &link{}
	pause := minRedial
	for {
		var p *Peer
		conn, err := e.dial(s.life)
		began := time.Now()
		if err == nil {
			p, err = s.serve(conn, conn, l)
		}
		if s.life.Err() != nil {
			return
		}
		s.o.Log.V(1).Info("dial again", "endpoint", e.text, "reason", err.Error(), "pause", pause)
		if p != nil && time.Since(began) >= steady {
			pause = minRedial
		}
		if !s.sleep(jitter(pause)) {
			return
		}
		pause = min(2*pause, maxRedial)
	}
}

// jitter returns a duration between half and one and a half times d, so that peers that lost the same partner do not return in step.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d) }
