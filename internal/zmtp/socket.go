package zmtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"
)

// farewell is how long Close waits for peers to read the end of what it has sent them and to close their side. Closing at once would
// reset connections on which something unread has arrived, and destroy what is under way to the peer.
const farewell = 200 * time.Millisecond

// pattern is what makes a socket a ROUTER, DEALER and so on. All methods may be called concurrently for different peers.
type pattern interface {
	// attach makes p reachable by Send. It may set p.identity.
	attach(p *Peer)
	// detach takes back what attach did and collects what p has not sent.
	detach(p *Peer)
	// receive handles a message of p, on p's goroutine. An error ends the connection.
	receive(p *Peer, frames [][]byte) error
	// backlog returns the bytes that wait for the network, or for a peer to connect.
	backlog() int64
}

// socket is what all kinds of sockets have in common: listeners, dialers, peers and their end.
type socket struct {
	o       Options
	kind    zmq4.SocketType
	pattern pattern
	share   func() int64 // how many bytes may wait for one peer
	resend  bool         // messages that an accepted peer's connection did not take go to another peer

	life     context.Context // of dialers; detached from the creator's, as Close ends it
	end      context.CancelFunc
	closing  atomic.Bool
	changed  chan struct{} // capacity 1: something Close waits for may have come true
	closed   chan struct{} // closed when Close is complete
	verdict  error         // what Close returns; valid when closed is closed
	work     sync.WaitGroup
	shaking  *handshakes
	census   census
	unproven budget // of Options.MaxUnproven

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	conns     map[net.Conn]struct{} // in handshake or attached; nil when Close has ended them
}

func newSocket(o Options, kind zmq4.SocketType) *socket {
	o.setDefaults()
	s := &socket{
		o: o, kind: kind,
		changed: make(chan struct{}, 1), closed: make(chan struct{}), shaking: newHandshakes(),
		listeners: make(map[net.Listener]struct{}), conns: make(map[net.Conn]struct{}),
	}
	s.share = func() int64 { return s.o.SendBuffer }
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Listen binds endpoint, such as tcp://127.0.0.1:0, tcp://*:0 or ipc:///run/x, and accepts peers until Close. It returns the endpoint
// with the port the system chose. It may be called several times. The file of an ipc socket is for its owner only (mode 0600); one that
// a crashed process left behind is replaced.
func (s *socket) Listen(endpoint string) (bound string, err error) {
	if err := s.o.check(); err != nil {
		return "", err
	}
	e, err := parseEndpoint(endpoint)
	if err != nil {
		return "", err
	}
	l, bound, err := e.listen()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		_ = l.Close() // nobody has seen it
		return "", ErrClosed
	}
	s.listeners[l] = struct{}{}
	s.work.Go(func() { s.accept(l) })
	return bound, nil
}

// Dial connects to endpoint, now and again whenever the connection ends, until Close. It returns at once; the error is about the
// endpoint's form only.
func (s *socket) Dial(endpoint string) error {
	if err := s.o.check(); err != nil {
		return err
	}
	e, err := parseEndpoint(endpoint)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return ErrClosed
	}
	s.work.Go(func() { s.redial(e) })
	return nil
}

// Close ends the socket: Send fails from now on, what was sent before is written until ctx ends, then connections, listeners and
// goroutines end. It returns nil if all was written, else an error that wraps ctx's. It waits for handlers that are running, even
// beyond ctx. A second call waits for the first.
func (s *socket) Close(ctx context.Context) error {
	s.mu.Lock()
	first := s.closing.CompareAndSwap(false, true)
	listeners := s.listeners
	s.listeners = nil
	s.mu.Unlock()
	if !first {
		<-s.closed
		return s.verdict
	}
	for l := range listeners {
		_ = l.Close() // its accept loop ends
	}
	s.verdict = s.drain(ctx)
	s.end()
	s.hangUp(ctx)
	s.work.Wait()
	close(s.closed)
	return s.verdict
}

// drain waits until nothing is queued for any peer.
func (s *socket) drain(ctx context.Context) error {
	for {
		left := s.pattern.backlog()
		if left == 0 {
			return nil
		}
		select {
		case <-s.changed:
		case <-ctx.Done():
			return fmt.Errorf("zmtp: close with %d bytes not sent: %w", left, context.Cause(ctx))
		}
	}
}

// hangUp tells all peers that nothing more comes, gives them a moment to do the same, and closes all connections.
func (s *socket) hangUp(ctx context.Context) {
	s.mu.Lock()
	for conn := range s.conns {
		if c, ok := conn.(interface{ CloseWrite() error }); ok {
			_ = c.CloseWrite() // fails if the connection has ended already
		}
	}
	s.mu.Unlock()
	t := time.NewTimer(farewell)
	defer t.Stop()
	for waiting := true; waiting && s.open() > 0; {
		select {
		case <-s.changed:
		case <-t.C:
			waiting = false
		case <-ctx.Done():
			waiting = false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close() // ends its reader
	}
	s.conns = nil
}

// open returns the number of open connections.
func (s *socket) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// notify wakes Close.
func (s *socket) notify() {
	if !s.closing.Load() {
		return
	}
	select {
	case s.changed <- struct{}{}:
	default: // it is awake
	}
}

// hold registers an open connection, so that Close ends it. It reports false if Close has done so to all others.
func (s *socket) hold(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		return false
	}
	s.conns[conn] = struct{}{}
	return true
}

func (s *socket) release(conn net.Conn) {
	_ = conn.Close() // twice for a connection that ended by an error: no harm
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
	s.notify()
}

// serve runs one connection from its handshake to its end; from is what it is read from. It returns the peer, or nil if the handshake
// failed.
func (s *socket) serve(conn net.Conn, from io.Reader, l *link) (*Peer, error) {
	if !s.hold(conn) {
		_ = conn.Close() // the socket is closed
		return nil, ErrClosed
	}
	defer s.release(conn)
	r := bufio.NewReaderSize(from, readBuffer)
	deadline := time.Now().Add(s.o.HandshakeTimeout)
	who, secure, err := s.shake(conn, r, l == nil, deadline)
	if l == nil && !s.shaking.leave(conn) {
		return nil, fmt.Errorf("%w: closed to make room for other connections", errHandshake)
	}
	if err != nil {
		return nil, err
	}
	p := newPeer(s, secure, who, l)
	if secure != conn {
		r = bufio.NewReaderSize(secure, readBuffer)
	}
	return p, s.attend(p, r)
}

// shake performs the handshake of one connection. What follows is read and written through secure: conn itself, or what encrypts it.
func (s *socket) shake(conn net.Conn, r *bufio.Reader, accepted bool, deadline time.Time) (who remote, secure net.Conn, err error) {
	if s.o.Curve == nil {
		who, err = handshake(conn, r, s.kind, s.o.Identity, accepted, deadline)
		return who, conn, err
	}
	return s.o.Curve.handshake(conn, r, s.kind, &s.o, deadline)
}

// attend runs p from its attachment to its end and returns why it ended.
func (s *socket) attend(p *Peer, r *bufio.Reader) error {
	defer close(p.done)
	s.pattern.attach(p)
	log := s.o.Log.V(1)
	log.Info("peer connected", "peer", p.identity, "type", string(p.kind), "remote", p.remote())

	var writer sync.WaitGroup
	writer.Go(p.writeLoop)
	if s.o.OnConnect != nil {
		s.o.OnConnect(p)
	}
	err := p.readLoop(r)
	p.release()

	p.end()
	writer.Wait()
	s.pattern.detach(p)
	s.notify()
	log.Info("peer disconnected", "peer", p.identity, "remote", p.remote(), "reason", err.Error(), "dropped", p.Dropped())
	if s.o.OnDisconnect != nil {
		s.o.OnDisconnect(p)
	}
	return err
}

// checkOutgoing returns the number of bytes in the frames of a message that is to be sent.
func (s *socket) checkOutgoing(frames [][]byte) (int64, error) {
	if s.closing.Load() {
		return 0, ErrClosed
	}
	if len(frames) == 0 {
		return 0, errors.New("zmtp: message without frames")
	}
	var size int64
	for _, f := range frames {
		n := int64(len(f))
		if n > s.o.MaxFrame {
			return 0, fmt.Errorf("%w: frame of %d bytes, the limit is %d", ErrTooLarge, n, s.o.MaxFrame)
		}
		size += n
	}
	return size, nil
}
