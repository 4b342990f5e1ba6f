package zmtp

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// Router is a ROUTER socket: it sends to peers by their identity. Peers that announce none get one of five bytes, the first of which
// is zero. A peer that announces an identity in use takes it over: the older connection is closed, its OnDisconnect comes before the
// newer's OnConnect, and what was queued for the older one is lost.
//
// Messages for a peer this socket dialed are kept, up to Options.SendBuffer, while the connection is away.
type Router struct {
	*socket
	on func(from string, frames [][]byte)

	mu     sync.RWMutex
	routes map[string]*Peer
	away   map[string]*batch // by identity of dialed peers that were connected and are not
	nextID uint32
}

// NewRouter returns a ROUTER socket that hands incoming messages to on, without the identity frame that libzmq puts in front: that is
// from. The frames belong to on. It is called from the peers' goroutines: in order for one peer, concurrently for several.
func NewRouter(o Options, on func(from string, frames [][]byte)) *Router {
	r := &Router{
		socket: newSocket(o, zmq4.Router), on: on,
		routes: make(map[string]*Peer), away: make(map[string]*batch), nextID: rand.Uint32(),
	}
	r.pattern = r
	return r
}

// Send queues one message for the peer with identity to; it never blocks. Frames of 32 KiB or more are not copied: they must not
// change afterwards. It returns ErrNoPeer, ErrFull, ErrTooLarge or ErrClosed if the message was not queued.
func (r *Router) Send(to string, frames [][]byte) error {
	size, err := r.checkOutgoing(frames)
	if err != nil {
		return err
	}
	r.mu.RLock()
	p := r.routes[to]
	r.mu.RUnlock()
	if p != nil {
		if err := p.send(frames, size); err != errGone {
			return err
		}
	}
	return r.sendAway(to, frames, size)
}

// Disconnect closes the connection of the peer with identity id, and reports whether there was one. What is queued for it is lost, unless
// this socket dialed it. The peer may connect again.
func (r *Router) Disconnect(id string) bool {
	r.mu.RLock()
	p := r.routes[id]
	r.mu.RUnlock()
	if p == nil {
		return false
	}
	_ = p.conn.Close() // ends the reader, and with it the peer
	return true
}

// sendAway keeps a message for a dialed peer that is not connected.
func (r *Router) sendAway(to string, frames [][]byte, size int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.routes[to]; p != nil { // it came back
		return p.send(frames, size)
	}
	b := r.away[to]
	if b == nil {
		return ErrNoPeer
	}
	if !b.empty() && b.size+size > r.o.SendBuffer {
		return ErrFull
	}
	b.add(frames)
	return nil
}

func (r *Router) attach(p *Peer) {
	older := r.enter(p)
	if older == nil {
		return
	}
	r.o.Log.V(1).Info("identity taken over", "peer", p.identity, "from", older.remote(), "by", p.remote())
	_ = older.conn.Close() // ends it
	<-older.done
}

// enter gives p its identity and its place, and returns the peer that had the place.
func (r *Router) enter(p *Peer) (older *Peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.identity == "" {
		p.identity = r.anonymous(p.link)
	}
	if p.link != nil {
		if p.link.identity != p.identity {
			delete(r.away, p.link.identity) // another peer listens there
			p.link.identity = p.identity
		}
		if b := r.away[p.identity]; b != nil {
			p.requeue(b)
			delete(r.away, p.identity)
		}
	}
	older = r.routes[p.identity]
	r.routes[p.identity] = p
	return older
}

// anonymous returns an identity for a peer that announces none. One that we dialed keeps it across connections, so that replies to what
// it sent on the last one still find it. r.mu is held.
func (r *Router) anonymous(l *link) string {
	if l != nil && l.identity != "" && l.identity[0] == 0 {
		return l.identity
	}
	for {
		id := make([]byte, 1, 5)
		id = binary.BigEndian.AppendUint32(id, r.nextID)
		r.nextID++
		if r.routes[string(id)] == nil && r.away[string(id)] == nil {
			return string(id)
		}
	}
}

func (r *Router) detach(p *Peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	unsent := p.collect()
	if r.routes[p.identity] != p {
		return
	}
	delete(r.routes, p.identity)
	if p.link != nil {
		r.away[p.identity] = &unsent
	}
}

func (r *Router) receive(p *Peer, frames [][]byte) error {
	r.on(p.identity, frames)
	return nil
}

func (r *Router) backlog() int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var n int64
	for _, p := range r.routes {
		n += p.backlog()
	}
	for _, b := range r.away {
		n += b.size
	}
	return n
}
