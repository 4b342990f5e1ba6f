package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// errNoHub says that nothing listens at the hub's address.
var errNoHub = errors.New("the hub does not answer")

// hubLink asks a hub about itself. Its methods are for one goroutine.
type hubLink struct {
	info    *proto.ClientInfo
	curve   *zmtp.Curve // nil if the hub does not encrypt
	session *jupyter.Session
	dealer  *zmtp.Dealer
	notes   *zmtp.Sub     // nil unless watch was called
	changed chan struct{} // capacity 1: engines came or went
	replies chan *jupyter.Message
}

// dialHub connects to the hub of a connection file. errNoHub if nothing
// listens there.
func dialHub(ctx context.Context, file string, log logr.Logger) (*hubLink, error) {
	info, err := proto.ReadClientInfo(file)
	if err != nil {
		return nil, err
	}
	curve, err := info.Curve()
	if err != nil {
		return nil, err
	}
	h := &hubLink{
		info:    info,
		curve:   curve,
		session: jupyter.NewSession([]byte(info.Key)),
		changed: make(chan struct{}, 1),
		replies: make(chan *jupyter.Message, 16), // more than can be outstanding: one query at a time
	}
	// Sockets redial for ever: a hub that is gone is told apart first.
	if err := h.probe(ctx); err != nil {
		return nil, err
	}
	h.dealer = zmtp.NewDealer(zmtp.Options{Curve: curve, Log: log}, func(frames [][]byte) {
		m, err := h.session.Decode(frames)
		if err != nil {
			log.V(1).Info("reply of the hub dropped", "error", err.Error())
			return
		}
		select {
		case h.replies <- m:
		default: // nobody asked for so many
		}
	})
	return h, h.dealer.Dial(info.Endpoint(info.Registration))
}

// probe returns errNoHub if nothing listens at the hub's address.
func (h *hubLink) probe(ctx context.Context) error {
	network, address, _ := strings.Cut(h.info.Endpoint(h.info.Registration), "://")
	if network == "ipc" {
		network = "unix"
	}
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoHub, err)
	}
	return conn.Close()
}

// watch makes changed receive whenever an engine joins or leaves.
func (h *hubLink) watch(log logr.Logger) error {
	h.notes = zmtp.NewSub(zmtp.Options{Curve: h.curve, Log: log}, func([][]byte) {
		select {
		case h.changed <- struct{}{}:
		default:
		}
	})
	h.notes.Subscribe(nil)
	return h.notes.Dial(h.info.Endpoint(h.info.Notification))
}

// close ends the link at once. Nothing is outstanding: what a socket may still
// hold is a query that was given up, and losing it is no error.
func (h *hubLink) close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h.dealer.Close(ctx)
	if h.notes != nil {
		h.notes.Close(ctx)
	}
}

// ask sends a query and waits for its reply's content.
func (h *hubLink) ask(ctx context.Context, msgType string, query, reply any) error {
	m, err := h.session.New(msgType, nil, query)
	if err != nil {
		return err
	}
	if err := h.dealer.Send(h.session.Encode(m)); err != nil {
		return err
	}
	doubt := time.NewTicker(100 * time.Millisecond) // a hub answers within a millisecond; it may have died
	defer doubt.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %s: %w", errNoHub, msgType, ctx.Err())
		case <-doubt.C:
			if err := h.probe(ctx); err != nil {
				return err
			}
		case r := <-h.replies:
			parent, err := r.ParentHeader()
			if err != nil || parent.MsgID != m.Header.MsgID {
				continue // the late reply to a query that was given up
			}
			var status struct{ Status, Ename, Evalue string }
			if err := json.Unmarshal(r.Content, &status); err != nil {
				return fmt.Errorf("reply of the hub to %s: %w", msgType, err)
			}
			if status.Status == "error" {
				return fmt.Errorf("the hub refuses %s: %s: %s", msgType, status.Ename, status.Evalue)
			}
			return r.Bind(reply)
		}
	}
}

// engines returns the ids of the registered engines, ascending.
func (h *hubLink) engines(ctx context.Context) ([]int, error) {
	var r proto.ConnectionReply
	if err := h.ask(ctx, "connection_request", struct{}{}, &r); err != nil {
		return nil, err
	}
	ids := make([]int, 0, len(r.Engines))
	for s := range maps.Keys(r.Engines) {
		id, err := strconv.Atoi(s)
		if err != nil {
			return nil, fmt.Errorf("reply of the hub: engine id %q", s)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

// shutdown asks the hub to end, and its engines with it.
func (h *hubLink) shutdown(ctx context.Context) error {
	var r proto.OK
	return h.ask(ctx, "shutdown_request", struct{}{}, &r)
}

// askEngines returns the engines of the hub of a connection file.
func askEngines(ctx context.Context, file string, log logr.Logger) ([]int, error) {
	h, err := dialHub(ctx, file, log)
	if err != nil {
		return nil, err
	}
	defer h.close()
	return h.engines(ctx)
}
