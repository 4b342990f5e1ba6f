package zmtp

import (
	"slices"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// Rep is a REP socket: it answers requests of REQ and DEALER peers. Unlike libzmq's it serves its peers concurrently.
type Rep struct {
	*socket
	on func(frames [][]byte) [][]byte

	mu    sync.Mutex
	peers map[*Peer]struct{}
}

// NewRep returns a REP socket that answers every request with what on returns, or not at all if that is empty. on sees the request
// without its envelope (the frames up to the first empty one). It is called from the peers' goroutines: in order for one peer,
// concurrently for several. It may return the frames it was given.
func NewRep(o Options, on func(frames [][]byte) [][]byte) *Rep {
	r := &Rep{socket: newSocket(o, zmq4.Rep), on: on, peers: make(map[*Peer]struct{})}
	r.pattern = r
	return r
}

func (r *Rep) attach(p *Peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.peers[p] = struct{}{}
}

func (r *Rep) detach(p *Peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.peers, p)
	p.collect()
}

func (r *Rep) receive(p *Peer, frames [][]byte) error {
	i := slices.IndexFunc(frames, func(f []byte) bool { return len(f) == 0 })
	if i < 0 {
		r.o.Log.V(1).Info("request without delimiter ignored", "peer", p.identity, "remote", p.remote())
		return nil
	}
	envelope, request := frames[:i+1:i+1], frames[i+1:]
	reply := r.on(request)
	if len(reply) == 0 {
		return nil
	}
	if err := p.Send(append(envelope, reply...)...); err != nil {
		r.o.Log.V(1).Info("reply dropped", "peer", p.identity, "remote", p.remote(), "err", err.Error())
	}
	return nil
}

func (r *Rep) backlog() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var n int64
	for p := range r.peers {
		n += p.backlog()
	}
	return n
}
