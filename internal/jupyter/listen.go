package jupyter

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// Listen binds the five channels that info describes, over tcp or ipc, and
// answers heartbeats from then on. A tcp port of 0 is chosen by the system;
// Info tells which. With a key pair in info all channels are encrypted. Front ends that subscribe to iopub get an iopub_welcome.
// The caller closes the Conn.
func Listen(ctx context.Context, info ConnectionInfo, log logr.Logger) (*Conn, error) {
	if err := info.check(); err != nil {
		return nil, err
	}
	c := newConn(NewSession([]byte(info.Key)), log)
	log = c.log
	c.info = info
	prefix := "kernel." + c.session.ID + "."
	c.topicOf = func(msgType, stream string) []byte {
		if stream != "" {
			return []byte("stream." + stream)
		}
		return []byte(prefix + msgType)
	}
	curve, err := info.serverCurve()
	if err != nil {
		return nil, err
	}
	options := func(channel string) zmtp.Options {
		return zmtp.Options{Curve: curve, Log: log.WithValues("channel", channel)}
	}
	requests := func(channel string, to chan<- *Request) *zmtp.Router {
		o := options(channel)
		o.Receive = c.receive(channel, to)
		return zmtp.NewRouter(o, nil)
	}
	c.shell, c.control = requests(Shell, c.shellIn), requests(Control, c.controlIn)
	stdin := options(Stdin)
	stdin.OnConnect = c.stdinPeer
	stdin.Receive = func(p *zmtp.Peer, frames [][]byte) error {
		m, err := c.decode(Stdin, p.Identity(), frames)
		if err == nil {
			c.answer(m)
		}
		return err
	}
	c.stdin = zmtp.NewRouter(stdin, nil)
	pub := options(IOPub)
	pub.OnSubscribe = c.welcome
	c.iopub = zmtp.NewXPub(pub)
	beats := options(Heartbeat)
	beats.SendBuffer, beats.MaxFrame = maxBeats, maxBeats // anybody may send them: they are not signed
	c.hb = zmtp.NewRep(beats, func(frames [][]byte) [][]byte { return frames })

	for channel, listen := range map[string]func(string) (string, error){
		Shell: c.shell.Listen, Control: c.control.Listen, Stdin: c.stdin.Listen,
		IOPub: c.iopub.Listen, Heartbeat: c.hb.Listen,
	} {
		bound, err := listen(info.Endpoint(channel))
		if err == nil {
			err = c.info.setPort(channel, bound)
		}
		if err != nil {
			_ = c.Close(ctx) // best effort: the error below is what counts
			return nil, fmt.Errorf("bind %s to %s: %w", channel, info.Endpoint(channel), err)
		}
	}
	return c, nil
}

// maxBeats bounds a heartbeat, and those that wait for a front end that does not
// read; a real one is a few bytes.
const maxBeats = 64 << 10

// setPort notes the port of the endpoint that a channel was bound to.
func (c *ConnectionInfo) setPort(channel, bound string) error {
	if *c.port(channel) != 0 || c.Transport == "ipc" {
		return nil
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(bound, "tcp://"))
	if err != nil {
		return err
	}
	*c.port(channel), err = strconv.Atoi(port)
	return err
}

// welcome tells a subscriber of iopub that its subscription is in force
// (JEP 65). Its parent is empty: nobody asked for it.
func (c *Conn) welcome(p *zmtp.Peer, topic []byte, on bool) {
	if !on {
		return
	}
	m, err := c.session.New("iopub_welcome", nil, IOPubWelcome{Subscription: string(topic)})
	if err == nil {
		if len(topic) > 0 {
			m.Idents = [][]byte{topic}
		}
		err = p.Send(c.session.Encode(m)...)
	}
	if err != nil {
		c.log.V(1).Info("iopub_welcome not sent", "channel", IOPub, "error", err.Error())
	}
}
