package jupyter

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// EngineSockets says where an engine's channels are on its hub.
type EngineSockets struct {
	// UUID is the engine's identity on every socket and its session. The hub
	// routes by it.
	UUID string
	// ID is the number the hub gave the engine; it is part of iopub topics.
	ID int
	// Shell lists the endpoints that send requests to be served in order: mux,
	// task and broadcast. One ROUTER dials them all.
	Shell []string
	// Control is the endpoint of requests that overtake.
	Control string
	// IOPub is the endpoint that collects outputs.
	IOPub string
	// Key signs messages.
	Key []byte
	// Curve encrypts the connections; nil if the hub does not.
	Curve *zmtp.Curve
}

// Attach dials a hub's sockets and returns the Conn of an engine: the same
// channels a kernel has, without stdin and heartbeat. It does not wait for the
// connections; they are made, and made again when they break, in the
// background. The caller closes the Conn.
func Attach(ctx context.Context, s EngineSockets, log logr.Logger) (*Conn, error) {
	if s.UUID == "" {
		return nil, errors.New("attach: an engine needs a UUID")
	}
	c := newConn(NewSessionID(s.Key, s.UUID), log)
	log = c.log
	c.engine, c.ledger = s.UUID, newLedger()
	c.topicOf = engineTopic(s.ID)
	options := func(channel string) zmtp.Options {
		return zmtp.Options{Identity: []byte(s.UUID), Curve: s.Curve, Log: log.WithValues("channel", channel)}
	}
	requests := func(channel string, to chan<- *Request) *zmtp.Router {
		o := options(channel)
		o.Receive = c.receive(channel, to)
		return zmtp.NewRouter(o, nil)
	}
	c.shell, c.control = requests(Shell, c.shellIn), requests(Control, c.controlIn)
	c.iopub = zmtp.NewPub(options(IOPub))

	dial := func(channel, endpoint string, f func(string) error) error {
		if err := f(endpoint); err != nil {
			return fmt.Errorf("dial %s at %s: %w", channel, endpoint, err)
		}
		return nil
	}
	var errs []error
	for _, endpoint := range s.Shell {
		errs = append(errs, dial(Shell, endpoint, c.shell.Dial))
	}
	errs = append(errs, dial(Control, s.Control, c.control.Dial), dial(IOPub, s.IOPub, c.iopub.Dial))
	if err := errors.Join(errs...); err != nil {
		_ = c.Close(ctx) // best effort: the error below is what counts
		return nil, err
	}
	return c, nil
}

// engineTopic returns the topics of an engine: ipyparallel's clients sort
// outputs by the name after the number.
func engineTopic(id int) func(msgType, stream string) []byte {
	prefix := "engine." + strconv.Itoa(id) + "."
	return func(msgType, stream string) []byte {
		switch msgType {
		case "stream":
			msgType = stream
		case "display_data", "update_display_data", "clear_output":
			msgType = "displaypub"
		case "shutdown_reply":
			msgType = "shutdown"
		}
		return []byte(prefix + msgType)
	}
}
