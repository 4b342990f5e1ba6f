package zmtp

import (
	"container/list"
	"net"
	"sync"
	"time"
)

const (
	// maxHandshakes limits the handshakes of accepted connections that are under way in one socket: more than a cluster's engines start
	// with at once, less than a process's file descriptors.
	maxHandshakes = 256

	// handshakeGrace is how long a handshake may last before it has to give way to others when the limit is reached. A healthy peer
	// needs a few ms, even when a thousand come at once.
	handshakeGrace = 500 * time.Millisecond
)

// handshakes is the set of accepted connections that have not completed their handshake. When it is full the oldest one is closed to
// make room, but not before handshakeGrace, so that silent connections cannot lock others out, nor a rush of good ones each other.
type handshakes struct {
	max   int
	grace time.Duration
	freed chan struct{} // capacity 1: a place became free

	mu   sync.Mutex
	byID map[net.Conn]*list.Element
	ages list.List // of *shake, oldest first
}

type shake struct {
	conn  net.Conn
	since time.Time
}

func newHandshakes() *handshakes {
	return &handshakes{max: maxHandshakes, grace: handshakeGrace, freed: make(chan struct{}, 1), byID: make(map[net.Conn]*list.Element)}
}

// enter adds conn. It blocks while the set is full of young handshakes, until stop is closed; then it returns false.
func (h *handshakes) enter(conn net.Conn, stop <-chan struct{}) bool {
	for {
		evicted, wait := h.tryEnter(conn)
		if evicted != nil {
			_ = evicted.Close() // its handshake ends with an error and reports it
		}
		if wait <= 0 {
			return true
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-h.freed:
		case <-stop:
			t.Stop()
			return false
		}
		t.Stop()
	}
}

// tryEnter adds conn, if need be in place of evicted, or says how long to wait.
func (h *handshakes) tryEnter(conn net.Conn) (evicted net.Conn, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ages.Len() >= h.max {
		oldest := h.ages.Front()
		s := oldest.Value.(*shake)
		if wait := h.grace - time.Since(s.since); wait > 0 {
			return nil, wait
		}
		h.ages.Remove(oldest)
		delete(h.byID, s.conn)
		evicted = s.conn
	}
	h.byID[conn] = h.ages.PushBack(&shake{conn, time.Now()})
	return evicted, 0
}

// leave removes conn, whose handshake has ended. It reports false if conn was closed to make room.
func (h *handshakes) leave(conn net.Conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, ok := h.byID[conn]
	if !ok {
		return false
	}
	h.ages.Remove(e)
	delete(h.byID, conn)
	select {
	case h.freed <- struct{}{}:
	default: // a wake-up is pending already
	}
	return true
}
