package zmtp

import (
	"sync"
	"sync/atomic"

	"github.com/go-zeromq/zmq4"
)

// Pub is a PUB or XPUB socket: it sends each message to all peers that have subscribed to a prefix of its first frame. A peer whose
// queue is full loses messages, whole ones, without holding up the others; Peer.Dropped counts them.
//
// All queues together hold at most four times Options.SendBuffer, or 1 MiB for each peer if that is more: many peers have shorter ones.
type Pub struct {
	*socket
	subscribers atomic.Int64 // number of peers

	mu    sync.RWMutex
	peers map[*Peer]*topics
}

// NewPub returns a PUB socket.
func NewPub(o Options) *Pub { return newPub(o, zmq4.Pub) }

// NewXPub returns an XPUB socket. It differs from NewPub's by the type it announces only: Options.OnSubscribe works with both.
func NewXPub(o Options) *Pub { return newPub(o, zmq4.XPub) }

func newPub(o Options, kind zmq4.SocketType) *Pub {
	p := &Pub{socket: newSocket(o, kind), peers: make(map[*Peer]*topics)}
	p.pattern, p.share = p, p.sharing
	return p
}

// Send queues one message for every subscriber of its topic, the first frame; it never blocks. Frames of 32 KiB or more are not copied:
// they must not change afterwards. It returns ErrTooLarge or ErrClosed if the message was not queued.
func (p *Pub) Send(frames [][]byte) error {
	size, err := p.checkOutgoing(frames)
	if err != nil {
		return err
	}
	for _, peer := range p.enqueue(frames, size) {
		p.drop(peer)
	}
	return nil
}

// enqueue queues a message for its subscribers and returns those whose queues are full.
func (p *Pub) enqueue(frames [][]byte, size int64) (full []*Peer) {
	encoded := encodings.Get().(*batch)
	defer encodings.Put(encoded)
	defer encoded.reset()
	p.mu.RLock()
	defer p.mu.RUnlock()
	for peer, subscribed := range p.peers {
		if !subscribed.match(frames[0]) {
			continue
		}
		if encoded.empty() {
			encoded.add(frames)
		}
		err := peer.enqueue(size, true, func(b *batch) { b.join(encoded) })
		if err == ErrFull {
			full = append(full, peer)
		}
	}
	return full
}

// sharing is how much may wait for one peer.
func (p *Pub) sharing() int64 {
	n := max(1, p.subscribers.Load())
	return min(p.o.SendBuffer, max(leastShare, manyShares*(p.o.SendBuffer/n)))
}

const (
	leastShare = 1 << 20
	manyShares = 4
)

// encodings are empty batches, in which enqueue encodes a message once for all subscribers.
var encodings = sync.Pool{New: func() any { return new(batch) }}

// drop counts a message that peer does not get.
func (p *Pub) drop(peer *Peer) {
	if n := peer.dropped.Add(1); n&(n-1) == 0 { // says it less and less often
		p.o.Log.V(0).Info("subscriber is too slow: messages dropped", "peer", peer.identity, "remote", peer.remote(), "dropped", n)
	}
}

func (p *Pub) attach(peer *Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.peers[peer] = new(topics)
	p.subscribers.Store(int64(len(p.peers)))
}

func (p *Pub) detach(peer *Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.peers, peer)
	p.subscribers.Store(int64(len(p.peers)))
	peer.collect()
}

// receive handles a subscription: one frame that starts with 1 (on) or 0 (off). Other messages are none of a publisher's business.
func (p *Pub) receive(peer *Peer, frames [][]byte) error {
	if len(frames) != 1 || len(frames[0]) == 0 || frames[0][0] > 1 {
		return nil
	}
	on, topic := frames[0][0] == 1, frames[0][1:]
	if err := p.subscribe(peer, topic, on); err != nil {
		return err
	}
	if p.o.OnSubscribe != nil {
		p.o.OnSubscribe(peer, topic, on)
	}
	return nil
}

func (p *Pub) subscribe(peer *Peer, topic []byte, on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if on {
		return p.peers[peer].add(topic)
	}
	p.peers[peer].remove(topic)
	return nil
}

func (p *Pub) backlog() int64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var n int64
	for peer := range p.peers {
		n += peer.backlog()
	}
	return n
}
