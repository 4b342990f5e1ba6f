// Package zmtp is gopar's ZeroMQ socket layer: ROUTER, DEALER, PUB, XPUB, SUB and REP sockets that speak ZMTP 3.0 with the NULL or
// the CURVE mechanism over tcp and ipc, and interoperate with libzmq in both directions.
//
// It is built on the connection layer of github.com/go-zeromq/zmq4: zmq4.Open performs the greeting and the READY exchange, over a
// connection that has checked every length and every property before zmq4 sees it. After the handshake the package does its own
// framing on the same connection, because message traffic wants one write(2) for all that is queued, a length check before the
// allocation, subscription events and answers to PING.
//
// CURVE, which encrypts and authenticates, is this package's own (Options.Curve): zmq4 has no such mechanism, and its Security interface
// cannot carry one, as it shares one value among all connections, writes a frame's length before it is encrypted, and leaves the frame's
// flags outside. The primitives are those of golang.org/x/crypto.
//
// It is not a general ZeroMQ library: there is no REQ, PUSH, PULL or PAIR socket, no inproc transport, and nothing blocks on
// a full queue. Messages arrive by callback, not by a Recv method.
//
// # Invariants
//
//   - One peer cannot hurt another. Handshakes run concurrently under a deadline; each peer has its own bounded outbound queue; Send
//     never blocks.
//   - No length from the wire is believed before it is compared with a limit, and memory for a large frame is allocated as it arrives.
//   - With Curve, nothing of a message is believed, delivered or answered before its authenticator has been checked.
//   - Messages of one peer reach the handler in order and one at a time; those of different peers concurrently.
//   - A message is delivered whole or not at all. A Dealer, or a Router that dialed, sends what it had not completely written when a
//     connection broke once more on the next one.
//   - Close waits for every goroutine the socket started, handlers and callbacks included: they must not call Close of their own
//     socket, nor wait for somebody who does.
//
// # Locks
//
// A socket kind's mutex, then a Peer's, then the socket core's. None is held while a callback runs or while bytes are written.
package zmtp

import (
	"errors"
	"time"

	"github.com/go-logr/logr"
)

// ErrNoPeer says that no connected peer has the identity a Router was told to send to.
var ErrNoPeer = errors.New("zmtp: no such peer")

// ErrFull says that the outbound queue has reached Options.SendBuffer; the message was not queued.
var ErrFull = errors.New("zmtp: outbound queue full")

// ErrClosed says that the socket, or the peer, is closed.
var ErrClosed = errors.New("zmtp: closed")

// Options configures a socket. The zero value works.
type Options struct {
	// Identity is announced to peers; a ROUTER peer addresses this socket by it. At most 255 bytes, the first one not zero.
	// Default: none, the peer makes one up.
	Identity []byte

	// Curve encrypts and authenticates all connections. Default: nil, they are neither.
	Curve *Curve

	// Log receives the socket's events. Default: discard.
	Log logr.Logger

	// MaxFrame limits one incoming or outgoing frame, in bytes. Default: 1 GiB, because numeric results of some hundred MiB are normal
	// and a machine survives one of them. Before a peer's READY the limit is 64 KiB.
	MaxFrame int64

	// MaxMessage limits the sum of an incoming message's frames, in bytes. Default: twice MaxFrame.
	MaxMessage int64

	// MaxFrames limits the number of frames of an incoming message. Default: 65536, because a frame costs 24 bytes of memory for 2 on
	// the wire.
	MaxFrames int

	// SendBuffer limits the bytes queued for one peer, and those a Dealer keeps while it is not connected. A single message above it is
	// accepted by an empty queue. Default: 256 MiB, because iopub output waits there for a slow front end.
	SendBuffer int64

	// HandshakeTimeout limits the time from accept to the end of the peer's READY. Default: 10 s, because an overloaded peer needs
	// seconds to answer; silent ones cannot exclude others meanwhile.
	HandshakeTimeout time.Duration

	// MaxPeers limits the accepted connections that are open at a time; further ones are closed. Default: 16384, because ten thousand
	// engines are a large cluster.
	MaxPeers int

	// MaxPeersPerHost limits those of one address other than loopback. Default: 4096, because a host may have hundreds of engines, but
	// must not keep all others out.
	MaxPeersPerHost int

	// Receive, if not nil, takes the messages in place of the function given to the constructor, and may refuse them: an error says that
	// the message is not from who it should be from. After a refusal the peer is not read for 0.1 s; 32 in a row close its connection.
	// Large messages of peers that have had none accepted share MaxUnproven; those that CURVE has authenticated are trusted from the
	// start. For ROUTER, DEALER and SUB sockets. The frames belong to the callee.
	Receive func(p *Peer, frames [][]byte) error

	// MaxUnproven limits the bytes of messages above 1 MiB that peers have under way of which Receive has not accepted any message yet,
	// all together; who exceeds it loses its connection. Default: 1 GiB.
	MaxUnproven int64

	// OnConnect and OnDisconnect, if not nil, are called from the peer's goroutine: OnConnect before its first message is handled,
	// OnDisconnect after the last.
	OnConnect, OnDisconnect func(p *Peer)

	// OnSubscribe, if not nil, is called by PUB and XPUB sockets from the peer's goroutine when it subscribes to (on) or leaves a
	// topic. The topic belongs to the callee. The subscription is in force when OnSubscribe is called.
	OnSubscribe func(p *Peer, topic []byte, on bool)
}

func (o *Options) setDefaults() {
	if o.Log.GetSink() == nil {
		o.Log = logr.Discard()
	}
	if o.MaxFrame <= 0 {
		o.MaxFrame = 1 << 30
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = 2 * o.MaxFrame
	}
	if o.MaxFrames <= 0 {
		o.MaxFrames = 1 << 16
	}
	if o.SendBuffer <= 0 {
		o.SendBuffer = 256 << 20
	}
	if o.MaxPeers <= 0 {
		o.MaxPeers = 16 << 10
	}
	if o.MaxPeersPerHost <= 0 {
		o.MaxPeersPerHost = 4 << 10
	}
	if o.MaxUnproven <= 0 {
		o.MaxUnproven = 1 << 30
	}
	if o.HandshakeTimeout <= 0 {
		o.HandshakeTimeout = 10 * time.Second
	}
}

// check refuses options with which no peer could be served.
func (o *Options) check() error {
	if o.Curve != nil && o.Curve.Pair == (KeyPair{}) {
		return errors.New("zmtp: CURVE needs a key pair: NewKeyPair makes one")
	}
	return checkIdentity(o.Identity)
}
