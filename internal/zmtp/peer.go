package zmtp

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"github.com/go-zeromq/zmq4"
)

// errGone says that the peer's connection has ended. What was queued has been handed to the socket.
var errGone = fmt.Errorf("%w: connection ended", ErrClosed)

// Peer is one connected peer of a socket, from the end of its handshake to the end of its connection. A peer that reconnects is
// another Peer.
//
// Two goroutines serve it: the reader, which owns the Peer and ends it, and the writer, which sends whatever has been queued since its
// last write in one write. Senders never write themselves, although it would spare a lone message a goroutine switch: measured, that
// gains no more than the noise in a ping-pong between processes, and costs half as much processor time again when a Router serves
// many peers, even if only senders after a pause do it.
type Peer struct {
	s        *socket
	conn     net.Conn
	link     *link // nil if the peer dialed us
	kind     zmq4.SocketType
	identity string
	key      Key
	dropped  atomic.Uint64
	done     chan struct{} // closed after OnDisconnect

	// The reader's, see trust.go.
	trusted  bool  // it has sent a message that was accepted, or needs to send none
	refused  int   // messages in a row that were not
	underway int64 // bytes of the message that is being read; counted while not trusted
	reserved int64 // of them, those that count against Options.MaxUnproven

	mu      sync.Mutex
	work    sync.Cond // of mu: the writer has work, or has to end
	resting bool      // the writer waits for work
	ended   bool      // the reader has ended
	dead    bool      // queue and flight have been collected
	queue   batch     // waits for the writer
	flight  batch     // being written, by the writer
	written int64     // bytes of flight that are written
	queued  int64     // bytes in queue and flight that are not
}

func newPeer(s *socket, conn net.Conn, who remote, l *link) *Peer {
	p := &Peer{s: s, conn: conn, link: l, kind: who.kind, identity: who.identity, key: who.key, done: make(chan struct{})}
	p.work.L = &p.mu
	p.queue.keep, p.flight.keep = l != nil || s.resend, l != nil || s.resend
	return p
}

// Identity returns the identity by which a Router addresses the peer: the one it announced or one made up by this side. On other
// sockets it is the announced one, possibly empty.
func (p *Peer) Identity() string { return p.identity }

// Key returns the peer's long-term public key, which it has proved to have; zero without CURVE.
func (p *Peer) Key() Key { return p.key }

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

// send queues one message.
func (p *Peer) send(frames [][]byte, size int64) error {
	return p.enqueue(size, true, func(b *batch) { b.add(frames) })
}

// requeue queues what another connection did not take, whatever the limit.
func (p *Peer) requeue(unsent *batch) {
	if !unsent.empty() {
		_ = p.enqueue(0, false, func(b *batch) { b.join(unsent) }) // the caller knows that p is not gone
	}
}

// subscribe queues a subscription, or its end. The limit does not apply: the application bounds its topics.
func (p *Peer) subscribe(topic []byte, on bool) {
	frame := make([]byte, 1, 1+len(topic))
	if on {
		frame[0] = 1
	}
	frame = append(frame, topic...)
	_ = p.enqueue(0, false, func(b *batch) { b.addControl(frame) }) // a peer that is gone needs none
}

// enqueue lets add append to the queue, and wakes the writer. If limited, it returns ErrFull when size more bytes are too many.
func (p *Peer) enqueue(size int64, limited bool, add func(b *batch)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errGone
	}
	if limited && p.queued > 0 && p.queued+size > p.s.share() {
		return ErrFull
	}
	before := p.queue.size
	add(&p.queue)
	p.queued += p.queue.size - before
	if p.resting {
		p.resting = false
		p.work.Signal()
	}
	return nil
}

// writeLoop is the writer. It ends when the connection fails, or after the reader.
func (p *Peer) writeLoop() {
	wrote := p.wrote
	for p.take() {
		if err := p.flight.write(p.conn, wrote); err != nil {
			p.s.o.Log.V(1).Info("write", "peer", p.identity, "remote", p.remote(), "err", err.Error())
			_ = p.conn.Close() // ends the reader
			return
		}
	}
}

// take waits until something is queued and puts it into flight. It reports false if the reader has ended.
func (p *Peer) take() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flight.reset()
	p.written = 0
	if p.queue.empty() {
		p.s.notify()
	}
	for p.queue.empty() && !p.ended {
		p.resting = true
		p.work.Wait()
	}
	p.resting = false
	if p.ended {
		return false
	}
	p.queue, p.flight = p.flight, p.queue
	return true
}

// wrote counts n bytes of the flight as written.
func (p *Peer) wrote(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written += n
	p.queued -= n
}

// end closes the connection and lets the writer end.
func (p *Peer) end() {
	_ = p.conn.Close() // a second time if it failed: no harm
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.work.Signal()
}

// collect ends the queue and returns the messages that were not completely written. Reader and writer have ended.
func (p *Peer) collect() batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
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
	receive := p.s.pattern.receive
	if judge := p.s.o.Receive; judge != nil {
		p.trusted = p.key != Key{}
		m.reserve = p.reserve
		receive = func(p *Peer, frames [][]byte) error { return p.judge(judge(p, frames)) }
	}
	for {
		frames, err := m.read()
		if err != nil {
			return err
		}
		if err := receive(p, frames); err != nil {
			return err
		}
	}
}

const (
	pingTTL    = 2  // bytes of a PING's time to live
	maxContext = 16 // bytes of its context, RFC 37

	// maxPongs is the most that may wait for the peer when a PONG is added: whoever sends PINGs and does not read must not fill memory.
	maxPongs = 1 << 20
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
		if p.backlog() > maxPongs {
			return nil // the peer is not reading: no PONG could reach it
		}
		err := p.enqueue(int64(len(body)), true, func(b *batch) { b.addCommand(zmq4.CmdPong, arg[pingTTL:]) })
		if errors.Is(err, ErrFull) {
			return nil
		}
		return err
	case zmq4.CmdSubscribe, zmq4.CmdCancel:
		publisher, ok := p.s.pattern.(*Pub)
		if !ok {
			return fmt.Errorf("%w: a subscription to a %s", errFrame, p.s.kind)
		}
		on := byte(0)
		if name == zmq4.CmdSubscribe {
			on = 1
		}
		return publisher.receive(p, [][]byte{append([]byte{on}, arg...)})
	case zmq4.CmdError:
		return fmt.Errorf("%w: the peer sent ERROR %.200q", errFrame, arg)
	}
	return nil // PONG, and what later versions of the protocol may bring
}

// remote returns the peer's address for the log.
func (p *Peer) remote() string { return p.conn.RemoteAddr().String() }
