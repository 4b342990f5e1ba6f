package zmtp

import (
	"sync"

	"github.com/go-zeromq/zmq4"
)

// Sub is a SUB socket: it receives what its peers publish under the topics it has subscribed to. Subscriptions are sent again on every
// new connection.
type Sub struct {
	*socket
	on func(frames [][]byte)

	mu     sync.Mutex
	topics map[string]int // number of times each is subscribed to
	peers  map[*Peer]struct{}
}

// NewSub returns a SUB socket that hands incoming messages to on. The frames belong to on. It is called from the peers' goroutines: in
// order for one peer, concurrently for several.
func NewSub(o Options, on func(frames [][]byte)) *Sub {
	s := &Sub{socket: newSocket(o, zmq4.Sub), on: on, topics: make(map[string]int), peers: make(map[*Peer]struct{})}
	s.pattern = s
	return s
}

// Subscribe asks all publishers, present and future, for messages whose first frame starts with topic; the empty topic is all. It
// takes effect when a publisher has read it.
func (s *Sub) Subscribe(topic []byte) { s.change(topic, +1) }

// Unsubscribe takes back one Subscribe with the same topic. Messages under way still arrive.
func (s *Sub) Unsubscribe(topic []byte) { s.change(topic, -1) }

// change counts a subscription up or down and tells the peers if it begins or ends.
func (s *Sub) change(topic []byte, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.topics[string(topic)]
	after := max(before+by, 0)
	if after > 0 {
		s.topics[string(topic)] = after
	} else {
		delete(s.topics, string(topic))
	}
	if (before > 0) == (after > 0) {
		return
	}
	for p := range s.peers {
		p.subscribe(topic, after > 0)
	}
}

func (s *Sub) attach(p *Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers[p] = struct{}{}
	for topic := range s.topics {
		p.subscribe([]byte(topic), true)
	}
}

func (s *Sub) detach(p *Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
	p.collect()
}

func (s *Sub) receive(_ *Peer, frames [][]byte) error {
	s.on(frames)
	return nil
}

func (s *Sub) backlog() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n int64
	for p := range s.peers {
		n += p.backlog()
	}
	return n
}
