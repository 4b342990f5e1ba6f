package zmtp

import (
	"slices"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// Dealer is a DEALER socket: it sends each message to one of its peers in turn. While it has none, and for messages that a connection
// did not take completely, it keeps them for the next peer, in order, up to Options.SendBuffer.
type Dealer struct {
	*socket
	on func(frames [][]byte)

	mu      sync.Mutex
	peers   []*Peer
	next    int   // of peers, whose turn it is
	waiting batch // for a peer; empty while there are peers
}

// NewDealer returns a DEALER socket that hands incoming messages to on. The frames belong to on. It is called from the peers'
// goroutines: in order for one peer, concurrently for several.
func NewDealer(o Options, on func(frames [][]byte)) *Dealer {
	d := &Dealer{socket: newSocket(o, zmq4.Dealer), on: on, waiting: batch{keep: true}}
	d.pattern, d.resend = d, true
	return d
}

// Send queues one message; it never blocks. Frames of 32 KiB or more are not copied: they must not change afterwards. It returns
// ErrFull, ErrTooLarge or ErrClosed if the message was not queued.
func (d *Dealer) Send(frames [][]byte) error {
	size, err := d.checkOutgoing(frames)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.peers) == 0 {
		if !d.waiting.empty() && d.waiting.size+size > d.o.SendBuffer {
			return ErrFull
		}
		d.waiting.add(frames)
		return nil
	}
	for range d.peers {
		p := d.peers[d.next]
		d.next = (d.next + 1) % len(d.peers)
		if err := p.send(frames, size); err == nil {
			return nil
		}
	}
	return ErrFull
}

func (d *Dealer) attach(p *Peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p.requeue(&d.waiting)
	d.waiting = batch{keep: true}
	d.peers = append(d.peers, p)
}

func (d *Dealer) detach(p *Peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	unsent := p.collect()
	i := slices.Index(d.peers, p)
	d.peers = slices.Delete(d.peers, i, i+1)
	d.next = 0
	if len(d.peers) == 0 {
		d.waiting = unsent // it was empty, as p was there
		return
	}
	d.peers[0].requeue(&unsent)
}

func (d *Dealer) receive(_ *Peer, frames [][]byte) error {
	d.on(frames)
	return nil
}

func (d *Dealer) backlog() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.waiting.size
	for _, p := range d.peers {
		n += p.backlog()
	}
	return n
}
