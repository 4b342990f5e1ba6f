package zmtp

import (
	"container/list"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxHandshakes limits the handshakes of accepted connections that are under way in one socket: more than a cluster's engines start
	// with at once, less than a process's file descriptors.
	maxHandshakes = 256

	// handshakeGrace is how long a peer may be silent during its handshake before it has to give way to others when the limit is
	// reached. A healthy one needs a few ms, even when a thousand come at once.
	handshakeGrace = 500 * time.Millisecond
)

// handshakes is the set of accepted connections that have not completed their handshake. When it is full the oldest silent one is closed
// to make room: one that has said nothing for handshakeGrace while this side was waiting for it. So silent connections cannot lock others
// out, nor can a rush of good ones each other: a connection whose bytes have come is not silent, however long this process takes, on a
// busy machine, to read them. Closing that one would lose what its peer, for which the handshake may be complete, has sent already.
type handshakes struct {
	max   int
	grace time.Duration
	freed chan struct{} // capacity 1: a place became free

	mu   sync.Mutex
	byID map[net.Conn]*list.Element
	ages list.List // of *shake, oldest first
}

// shake is one handshake under way. The connection is read through it.
type shake struct {
	net.Conn
	since   time.Time
	waiting atomic.Int64 // since when it waits for bytes, in ns after since; 0 while it does not
}

// Read notes that the handshake waits for its peer.
func (s *shake) Read(p []byte) (int, error) {
	s.waiting.Store(max(1, int64(time.Since(s.since))))
	n, err := s.Conn.Read(p)
	s.waiting.Store(0)
	return n, err
}

// silent returns how long the peer has been silent.
func (s *shake) silent() time.Duration {
	w := s.waiting.Load()
	if w == 0 || unread(s.Conn) {
		return 0
	}
	return time.Since(s.since) - time.Duration(w)
}

func newHandshakes() *handshakes {
	return &handshakes{max: maxHandshakes, grace: handshakeGrace, freed: make(chan struct{}, 1), byID: make(map[net.Conn]*list.Element)}
}

// enter adds conn and returns it as it is to be read. It blocks while the set is full of handshakes that are not silent, until stop is
// closed; then it returns nil.
func (h *handshakes) enter(conn net.Conn, stop <-chan struct{}) *shake {
	for {
		entered, evicted, wait := h.tryEnter(conn)
		if evicted != nil {
			_ = evicted.Close() // its handshake ends with an error and reports it
		}
		if entered != nil {
			return entered
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-h.freed:
		case <-stop:
			t.Stop()
			return nil
		}
		t.Stop()
	}
}

// tryEnter adds conn, if need be in place of evicted, or says how long to wait.
func (h *handshakes) tryEnter(conn net.Conn) (entered *shake, evicted net.Conn, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ages.Len() >= h.max {
		if evicted, wait = h.evict(); evicted == nil {
			return nil, nil, wait
		}
	}
	entered = &shake{Conn: conn, since: time.Now()}
	h.byID[conn] = h.ages.PushBack(entered)
	return entered, evicted, 0
}

// evict removes the oldest handshake that is silent, or says how long to wait for one. mu is held.
func (h *handshakes) evict() (net.Conn, time.Duration) {
	wait := h.grace
	for e := h.ages.Front(); e != nil; e = e.Next() {
		s := e.Value.(*shake)
		left := h.grace - s.silent()
		if left <= 0 {
			h.ages.Remove(e)
			delete(h.byID, s.Conn)
			return s.Conn, 0
		}
		if wait = min(wait, left); time.Since(s.since) < h.grace {
			break // all that follow are younger
		}
	}
	return nil, wait
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
