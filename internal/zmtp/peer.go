package zmtp

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"
)

// errGone says that the peer's connection has ended. What was queued has been handed to the socket.
var errGone = fmt.Errorf("%w: connection ended", ErrClosed)

// Peer is one connected peer of a socket, from the end of its handshake to the end of its connection. A peer that reconnects is
// another Peer.
type Peer struct {
	s        *socket
	conn     net.Conn
	inline   *inlineWriter // nil if the connection has none
	link     *link         // nil if the peer dialed us
	kind     zmq4.SocketType
	identity string
	dropped  atomic.Uint64
	gone     chan struct{} // closed when the reader has ended
	done     chan struct{} // closed after OnDisconnect
	wake     chan struct{} // capacity 1: the writer has work

	mu      sync.Mutex
	idle    sync.Cond // of mu: the inline write ended
	queue   batch     // waits for the writer
	flight  batch     // being written, by the owner of busy
	written int64     // bytes of flight that are written
	queued  int64     // bytes in queue and flight that are not written
	busy    bool      // somebody is responsible for writing: the writer, or the sender in writeInline
	inlined bool      // it is the sender
	dead    bool      // queue and flight have been collected
	last    time.Time // end of the last write
}

func newPeer(s *socket, conn net.Conn, who remote, l *link) *Peer {
	p := &Peer{
		s: s, conn: conn, inline: newInlineWriter(conn), link: l, kind: who.kind, identity: who.identity,
		gone: make(chan struct{}), done: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	p.idle.L = &p.mu
	p.queue.keep, p.flight.keep = l != nil || s.resend, l != nil || s.resend
	return p
}

// Identity returns the identity by which a Router addresses the peer: the one it announced or one made up by this side. On other
// sockets it is the announced one, possibly empty.
func (p *Peer) Identity() string { return p.identity }

// RemoteAddr returns the network address of the peer.
func (p *Peer) RemoteAddr() net.Addr { return p.conn.RemoteAddr() }

// Dropped returns the number of messages a PUB or XPUB socket has not sent to the peer because its queue was full.
func (p *Peer) Dropped() uint64 { return p.dropped.Load() }

// Send queues one message for the peer, whatever it has subscribed to; it never blocks. Frames of 32 KiB or more are not copied: they
// must not change afterwards. It returns ErrFull, ErrTooLarge or ErrClosed if the message was not queued.
func (p *Peer) Send(frames ...[]byte) error {
	size, err := p.s.checkOutgoing(frames)
	if err != nil {
		return err
	}
	return p.send(frames, size)
}

// send queues one message and sees to it that it is written.
func (p *Peer) send(frames [][]byte, size int64) error {
	kick, err := p.enqueue(size, true, func(b *batch) { b.add(frames) })
	if kick {
		p.kick()
	}
	return err
}

// enqueue lets add append size bytes or more to the queue, unless limited and the queue is full. If it returns kick, the caller must
// call p.kick after it released its locks.
func (p *Peer) enqueue(size int64, limited bool, add func(b *batch)) (kick bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return false, errGone
	}
	if limited && p.queued > 0 && p.queued+size > p.s.o.SendBuffer {
		return false, ErrFull
	}
	before := p.queue.size
	add(&p.queue)
	p.queued += p.queue.size - before
	kick = !p.busy
	p.busy = true
	return kick, nil
}

// sendLater queues one message and leaves the writing to the writer, so that the caller may hold a lock.
func (p *Peer) sendLater(frames [][]byte, size int64) error {
	return p.later(size, true, func(b *batch) { b.add(frames) })
}

// requeue queues what another connection did not take, whatever the limit, and leaves the writing to the writer.
func (p *Peer) requeue(unsent *batch) {
	if !unsent.empty() {
		_ = p.later(0, false, func(b *batch) { b.join(unsent) }) // the caller knows that p is not gone
	}
}

// subscribe queues a subscription, or its end, and leaves the writing to the writer. The limit does not apply: the application bounds
// its topics.
func (p *Peer) subscribe(topic []byte, on bool) {
	frame := make([]byte, 1, 1+len(topic))
	if on {
		frame[0] = 1
	}
	frame = append(frame, topic...)
	_ = p.later(0, false, func(b *batch) { b.addControl(frame) }) // a peer that is gone needs none
}

func (p *Peer) later(size int64, limited bool, add func(b *batch)) error {
	kick, err := p.enqueue(size, limited, add)
	if kick {
		p.wake <- struct{}{} // never blocks: only the owner of busy sends
	}
	return err
}

// kick writes what enqueue queued: on the caller's goroutine if that is likely to be all there is for a while, else on the writer's.
func (p *Peer) kick() {
	if p.inline == nil || !p.writeInline() {
		p.wake <- struct{}{} // never blocks: only the owner of busy sends
	}
}

// writeInline writes the queue without blocking, which saves a small message the way over the writer's goroutine. It reports false if
// the writer has to take over.
func (p *Peer) writeInline() bool {
	p.mu.Lock()
	if len(p.queue.bigs) > 0 || p.queue.size > inlineMax || time.Since(p.last) < inlinePause {
		p.mu.Unlock()
		return false
	}
	p.queue, p.flight = p.flight, p.queue
	p.inlined = true
	p.mu.Unlock()

	n, err := p.inline.write(p.flight.data)

	p.mu.Lock()
	defer p.mu.Unlock()
	p.inlined = false
	p.last = time.Now()
	p.written = int64(n)
	p.queued -= int64(n)
	p.idle.Broadcast()
	if err != nil || p.written < p.flight.size || !p.queue.empty() {
		return false // the writer meets the error again
	}
	p.retire()
	return true
}

// retire ends a flight after which nothing is queued. p.mu is held.
func (p *Peer) retire() {
	p.flight.reset()
	p.written = 0
	p.busy = false
	p.s.notify()
}

// writeLoop writes what is queued until the reader ends.
func (p *Peer) writeLoop() {
	for {
		select {
		case <-p.wake:
		case <-p.gone:
			return
		}
		if err := p.writeQueued(); err != nil {
			p.s.o.Log.V(1).Info("write", "peer", p.identity, "remote", p.remote(), "err", err.Error())
			_ = p.conn.Close() // ends the reader, which ends the peer
			<-p.gone
			return
		}
	}
}

// writeQueued writes until the queue is empty. The caller owns busy.
func (p *Peer) writeQueued() error {
	wrote := func(n int64) {
		p.mu.Lock()
		p.written += n
		p.queued -= n
		p.mu.Unlock()
	}
	for {
		p.mu.Lock()
		if p.written == p.flight.size { // not so if an inline write was cut short
			p.flight.reset()
			p.written = 0
			if p.queue.empty() {
				p.last = time.Now()
				p.retire()
				p.mu.Unlock()
				return nil
			}
			p.queue, p.flight = p.flight, p.queue
		}
		skip := p.written
		p.mu.Unlock()
		if err := p.flight.write(p.conn, skip, wrote); err != nil {
			return err
		}
	}
}

// collect ends the queue and returns the messages that were not completely written. Reader and writer have ended.
func (p *Peer) collect() batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
	for p.inlined {
		p.idle.Wait()
	}
	var unsent batch
	if p.queue.keep {
		unsent = p.flight.after(p.written)
		rest := p.queue.after(0)
		unsent.join(&rest)
	}
	p.queue, p.flight, p.queued = batch{}, batch{}, 0
	return unsent
}

// backlog returns the number of bytes that are queued and not written.
func (p *Peer) backlog() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queued
}

// readLoop hands messages to the socket until the connection ends.
func (p *Peer) readLoop(r *bufio.Reader) error {
	m := messageReader{
		r: r, maxFrame: p.s.o.MaxFrame, maxMessage: p.s.o.MaxMessage, maxFrames: p.s.o.MaxFrames,
		command: p.command,
	}
	for {
		frames, err := m.read()
		if err != nil {
			return err
		}
		if err := p.s.pattern.receive(p, frames); err != nil {
			return err
		}
	}
}

const (
	pingTTL    = 2  // bytes of a PING's time to live
	maxContext = 16 // bytes of its context, RFC 37
)

// command handles one command of the peer.
func (p *Peer) command(body []byte) error {
	name, arg, err := splitCommand(body)
	if err != nil {
		return err
	}
	switch name {
	case zmq4.CmdPing:
		if len(arg) < pingTTL || len(arg) > pingTTL+maxContext {
			return fmt.Errorf("%w: PING of %d bytes", errFrame, len(arg))
		}
		err := p.later(int64(len(body)), true, func(b *batch) { b.addCommand(zmq4.CmdPong, arg[pingTTL:]) })
		if errors.Is(err, ErrFull) {
			return nil // the peer is not reading: no PONG could reach it
		}
		return err
	case zmq4.CmdSubscribe:
		return p.s.pattern.receive(p, [][]byte{append([]byte{1}, arg...)})
	case zmq4.CmdCancel:
		return p.s.pattern.receive(p, [][]byte{append([]byte{0}, arg...)})
	case zmq4.CmdError:
		return fmt.Errorf("%w: the peer sent ERROR %.200q", errFrame, arg)
	}
	return nil // PONG, and what later versions of the protocol may bring
}

// remote returns the peer's address for the log.
func (p *Peer) remote() string { return p.conn.RemoteAddr().String() }
