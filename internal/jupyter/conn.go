package jupyter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// replayWindowSize is how many signatures a Conn remembers to refuse a message
// that was recorded and sent again: more than a front end sends in an hour of
// typing, in about 2 MB.
const replayWindowSize = 16 << 10

// Conn is the channels of one kernel: bound for front ends to connect ([Listen])
// or dialed to a hub ([Attach]). Requests come out of it through [Mux.Serve];
// replies, outputs and questions go in by its methods, which may be called
// concurrently and do not wait for the network.
//
// A message that does not decode is dropped and logged. When requests are not
// taken as fast as they come, the peer is slowed down by its socket.
type Conn struct {
	session *Session
	log     logr.Logger
	info    ConnectionInfo // as bound; zero for a dialed Conn

	shell, control, stdin *zmtp.Router // stdin is nil for a dialed Conn
	iopub                 *zmtp.Pub
	hb                    *zmtp.Rep // nil for a dialed Conn

	topicOf func(msgType, stream string) []byte
	// engine is the UUID in the metadata of every message; empty for a kernel.
	engine string
	ledger *ledger // nil for a kernel

	shellIn, controlIn chan *Request
	asking             chan struct{} // holds one token while a question is open
	done               chan struct{} // closed by Close
	closing            sync.Once

	mu       sync.Mutex
	question *Message      // guarded by mu: the input_request that waits, or nil
	answers  chan *Message // guarded by mu: where its answer goes
	// stdinConnected is closed and replaced when a front end connects stdin;
	// guarded by mu.
	stdinConnected chan struct{}
}

// Request is a message that came in on shell or control, with what is needed
// to answer it.
type Request struct {
	*Message
	// Channel is the channel it came in on: Shell or Control.
	Channel string
	// Conn is the connection it came in on.
	Conn *Conn

	replyOptions []SendOption
	deferred     bool
	queue        *queue // that it was taken from, until it is over there; nil on control and when it is over
	quiet        bool   // see Handler.Quiet
	finished     atomic.Bool
	handler      Handler
	mux          *Mux
	after        []func()
}

// SendOption adds to a message that is sent.
type SendOption func(*outgoing)

// outgoing is what options add to a message.
type outgoing struct {
	metadata any
	buffers  [][]byte
}

// WithMetadata sets the metadata, anything that encodes to a JSON object.
func WithMetadata(v any) SendOption { return func(o *outgoing) { o.metadata = v } }

// WithBuffers adds binary frames; they are not copied and must not change
// afterwards.
func WithBuffers(b [][]byte) SendOption { return func(o *outgoing) { o.buffers = b } }

// newConn returns a Conn without sockets.
func newConn(s *Session, log logr.Logger) *Conn {
	s.RejectReplays(replayWindowSize)
	if log.GetSink() == nil {
		log = logr.Discard()
	}
	return &Conn{
		session: s,
		log:     log,
		// Unbuffered: the Mux owns the queue, these only hand over.
		shellIn:   make(chan *Request),
		controlIn: make(chan *Request),
		asking:    make(chan struct{}, 1), // one question at a time
		done:      make(chan struct{}),

		stdinConnected: make(chan struct{}),
	}
}

// Info returns the connection information with the ports that were bound. It is
// zero for a dialed Conn.
func (c *Conn) Info() ConnectionInfo { return c.info }

// Session returns the session that makes and signs this connection's messages.
func (c *Conn) Session() *Session { return c.session }

// Reply answers req: msgType goes out on the channel and to the peer that req
// came from. The error is that of encoding content, or that the peer is gone
// or does not take its messages.
func (c *Conn) Reply(req *Message, msgType string, content any, opts ...SendOption) error {
	m, err := c.message(req, msgType, content, opts)
	if err != nil {
		return err
	}
	if len(m.Idents) == 0 {
		return fmt.Errorf("%s: the request has no routing frames", msgType)
	}
	if c.ledger != nil && req.channel == Shell {
		frames := c.session.Encode(m)
		c.ledger.went(req.Header.MsgID, string(frames[0]), frames[1:])
		return c.sendFrames(Shell, msgType, frames)
	}
	return c.send(req.channel, m)
}

// Publish sends msgType to every subscriber of iopub, with parent's header as
// its parent header; parent may be nil. The topic frame is set here.
func (c *Conn) Publish(parent *Message, msgType string, content any, opts ...SendOption) error {
	m, err := c.message(parent, msgType, content, opts)
	if err != nil {
		return err
	}
	if parent != nil && msgType != "status" && atomic.LoadUint32(&parent.shown) == 0 {
		atomic.StoreUint32(&parent.shown, 1)
	}
	stream := ""
	if s, ok := content.(Stream); ok {
		stream = s.Name
	}
	m.Idents = [][]byte{c.topicOf(msgType, stream)}
	return c.send(IOPub, m)
}

// Close stops taking requests, lets what was sent go out until ctx ends, and
// closes all channels. It may be called more than once.
func (c *Conn) Close(ctx context.Context) error {
	c.closing.Do(func() { close(c.done) })
	var errs []error
	for _, s := range []*zmtp.Router{c.shell, c.control, c.stdin} {
		if s != nil {
			errs = append(errs, s.Close(ctx))
		}
	}
	if c.iopub != nil {
		errs = append(errs, c.iopub.Close(ctx))
	}
	if c.hb != nil {
		errs = append(errs, c.hb.Close(ctx))
	}
	return errors.Join(errs...)
}

// message makes a message of this connection.
func (c *Conn) message(parent *Message, msgType string, content any, opts []SendOption) (*Message, error) {
	m, err := c.session.New(msgType, parent, content)
	if err != nil {
		return nil, err
	}
	var o outgoing
	for _, opt := range opts {
		opt(&o)
	}
	m.Buffers = o.buffers
	if m.Metadata, err = encodeJSON(o.metadata); err != nil {
		return nil, fmt.Errorf("metadata of %s: %w", msgType, err)
	}
	if c.engine != "" {
		m.Metadata = withEngine(m.Metadata, c.engine)
	}
	return m, nil
}

// withEngine adds the engine's UUID, by which ipyparallel's clients attribute
// everything they get, to metadata, a JSON object.
func withEngine(metadata json.RawMessage, engine string) json.RawMessage {
	b := append([]byte(`{"engine":"`), engine...) // a UUID: nothing to escape
	b = append(b, '"')
	if string(metadata) != "{}" {
		b = append(b, ',')
	}
	return append(b, metadata[1:]...)
}

// send puts m on a channel.
func (c *Conn) send(channel string, m *Message) error {
	return c.sendFrames(channel, m.Header.MsgType, c.session.Encode(m))
}

// sendFrames puts an encoded message on a channel.
func (c *Conn) sendFrames(channel, msgType string, frames [][]byte) error {
	var err error
	switch channel {
	case IOPub:
		err = c.iopub.Send(frames)
	case Shell:
		err = c.shell.Send(string(frames[0]), frames[1:])
	case Control:
		err = c.control.Send(string(frames[0]), frames[1:])
	case Stdin:
		err = c.stdin.Send(string(frames[0]), frames[1:])
	default:
		err = fmt.Errorf("no channel %q", channel)
	}
	if err != nil {
		return fmt.Errorf("send %s on %s: %w", msgType, channel, err)
	}
	return nil
}

// receive returns the socket callback of a channel: it decodes and hands over,
// blocking the peer that is too fast. Its error says that the message was not
// signed, or came before.
func (c *Conn) receive(channel string, to chan<- *Request) func(*zmtp.Peer, [][]byte) error {
	return func(p *zmtp.Peer, frames [][]byte) error {
		m, err := c.decode(channel, p.Identity(), frames)
		if c.engine != "" && errors.Is(err, ErrReplay) {
			return nil // who sent it is not on this connection: the hub only passes on
		}
		if err != nil {
			return err
		}
		select {
		case to <- &Request{Message: m, Channel: channel, Conn: c}:
		case <-c.done:
		}
		return nil
	}
}

// decode returns the message in frames, which came from a peer on channel, or
// why there is none.
func (c *Conn) decode(channel, from string, frames [][]byte) (*Message, error) {
	all := make([][]byte, 0, 1+len(frames))
	all = append(append(all, []byte(from)), frames...)
	m, err := c.session.Decode(all)
	if err != nil {
		c.log.V(1).Info("message dropped", "channel", channel, "reason", err.Error())
		return nil, err
	}
	m.channel = channel
	if c.ledger != nil && channel == Shell {
		c.ledger.came(m.Header.MsgID)
	}
	return m, nil
}
