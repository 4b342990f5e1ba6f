package jupyter

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// patience is long enough for a quick cell to end and too short to be felt
// while typing.
const patience = 50 * time.Millisecond

// Mux serves the requests of one Conn by a table of handlers.
//
// Requests on shell wait in a queue and are served one at a time in order;
// each subshell has a queue of its own. Aside requests overtake them. Requests
// on control are served by a goroutine of their own, which never waits for
// shell; one whose handler is not Aside joins the shell queue and its reply
// leaves on control.
//
// A Mux serves once.
type Mux struct {
	// Patience is how long an Aside request on shell waits for the requests
	// before it. Set it before Serve; NewMux sets 50 ms.
	Patience time.Duration

	log logr.Logger

	mu       sync.Mutex
	rows     map[string]Handler // guarded by mu
	shells   map[string]*queue  // guarded by mu; "" is the main shell, always there
	arrived  time.Time          // guarded by mu: when the last request on shell came
	stopping bool               // guarded by mu: Serve is over, no worker is started
	serve    func(q *queue)     // guarded by mu; starts a worker; nil before Serve
}

// NewMux returns a Mux with the given rows: message type → handler. The map is
// copied.
func NewMux(rows map[string]Handler) *Mux {
	m := &Mux{Patience: patience, log: logr.Discard(), rows: maps.Clone(rows)}
	if m.rows == nil {
		m.rows = make(map[string]Handler)
	}
	m.shells = map[string]*queue{"": newQueue()}
	return m
}

// Handle sets the handler of a message type, in place of the one it had.
func (m *Mux) Handle(msgType string, h Handler) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[msgType] = h
}

// Types returns the message types that have a handler, sorted.
func (m *Mux) Types() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.rows))
}

// Serve serves c's requests until ctx ends or c is closed, and returns when all
// handlers it called have returned. Requests that wait then get no reply.
func (m *Mux) Serve(ctx context.Context, c *Conn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m.log = c.log
	var workers sync.WaitGroup
	aside := newQueue()
	m.mu.Lock()
	m.serve = func(q *queue) { workers.Go(func() { m.work(ctx, q) }) }
	for _, q := range m.shells {
		m.serve(q)
	}
	m.mu.Unlock()
	workers.Go(func() { m.work(ctx, aside) })
	workers.Go(func() { m.control(ctx, c) })
	m.shell(ctx, c, aside)
	m.mu.Lock()
	m.stopping = true
	m.mu.Unlock()
	cancel()
	workers.Wait()
	return nil
}

// Abort cancels the waiting requests that match and whose handler has OnAbort:
// when their turn comes, they are answered by it. It returns how many.
func (m *Mux) Abort(match func(*Message) bool) int {
	m.mu.Lock()
	queues := slices.Collect(maps.Values(m.shells))
	m.mu.Unlock()
	n := 0
	for _, q := range queues {
		n += q.abort(match)
	}
	return n
}

// Drain waits until no request came on shell for the time quiet, at most for
// the time most, or until ctx ends: requests that were sent in one burst are
// in the queue then.
func (m *Mux) Drain(ctx context.Context, quiet, most time.Duration) {
	start := time.Now()
	for {
		m.mu.Lock()
		last := m.arrived
		m.mu.Unlock()
		if last.Before(start) {
			last = start
		}
		now := time.Now()
		until := last.Add(quiet)
		if end := start.Add(most); until.After(end) {
			until = end
		}
		if !until.After(now) {
			return
		}
		timer := time.NewTimer(until.Sub(now))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// shell sorts the requests of shell into queues.
func (m *Mux) shell(ctx context.Context, c *Conn, aside *queue) {
	for {
		select {
		case r := <-c.shellIn:
			m.sort(ctx, r, aside)
		case <-c.done:
			return
		case <-ctx.Done():
			return
		}
	}
}

// sort puts a request of shell into the queue where it belongs.
func (m *Mux) sort(ctx context.Context, r *Request, aside *queue) {
	m.mu.Lock()
	m.arrived = time.Now()
	r.mux, r.handler = m, m.rows[r.Header.MsgType]
	q := m.shells[r.Header.SubshellID]
	m.mu.Unlock()
	if q == nil {
		m.log.Info("request for an unknown subshell dropped", "type", r.Header.MsgType, "msg", r.Header.MsgID, "subshell", r.Header.SubshellID)
		return
	}
	if !r.handler.aside {
		q.put(ctx, entry{request: r})
		return
	}
	aside.put(ctx, entry{request: r, turn: q.turn(), patience: time.Now().Add(m.Patience)})
}

// control serves the requests of control.
func (m *Mux) control(ctx context.Context, c *Conn) {
	for {
		select {
		case r := <-c.controlIn:
			m.mu.Lock()
			r.mux, r.handler = m, m.rows[r.Header.MsgType]
			main := m.shells[""]
			m.mu.Unlock()
			if r.handler.serve != nil && !r.handler.aside {
				if !main.tryPut(entry{request: r}) {
					m.finish(r, nil, &Error{Name: "Busy", Value: "too many requests wait"})
				}
				continue
			}
			m.one(ctx, r, false)
		case <-c.done:
			return
		case <-ctx.Done():
			return
		}
	}
}

// work serves a queue until ctx ends or the queue is closed.
func (m *Mux) work(ctx context.Context, q *queue) {
	for {
		e, ok := q.take(ctx)
		if !ok {
			return
		}
		e.await(ctx)
		r := e.request
		if !r.handler.flows {
			if !q.settle(ctx) {
				return
			}
			m.one(ctx, r, e.aborted)
			q.done()
			continue
		}
		r.queue = q // finish says when it is over there
		m.one(ctx, r, e.aborted)
	}
}

// one serves one request from busy to idle, or to its deferral.
func (m *Mux) one(ctx context.Context, r *Request, aborted bool) {
	r.quiet = r.handler.quiet != nil && r.handler.quiet(r)
	if !r.quiet {
		m.status(r, Busy)
	}
	if log := m.log.V(1); log.Enabled() {
		log.Info("request", "type", r.Header.MsgType, "msg", r.Header.MsgID, "channel", r.Channel)
	}
	switch {
	case r.handler.serve == nil:
		// Not an error: the specification adds message types, and some are for
		// kernels that have more to offer.
		m.log.V(1).Info("request of unknown type", "type", r.Header.MsgType, "channel", r.Channel)
		m.finish(r, nil, nil)
	case aborted:
		m.finish(r, r.handler.aborted(r), nil)
	default:
		content, err := r.call(ctx)
		if err != nil || !r.deferred {
			m.finish(r, content, err)
		}
	}
}

// finish sends the reply, if there is one, and idle. Only the first call for a
// request counts: a deferred one may have panicked after it was handed on.
func (m *Mux) finish(r *Request, content any, err error) {
	if !r.finished.CompareAndSwap(false, true) {
		return
	}
	if err != nil {
		content = errorContent(err)
	}
	if r.handler.reply != "" {
		sendErr := r.Conn.Reply(r.Message, r.handler.reply, content, r.replyOptions...)
		if sendErr != nil && err == nil {
			// A content that does not encode still owes its requester an answer.
			m.log.Error(sendErr, "reply not sent", "type", r.handler.reply, "channel", r.Channel)
			sendErr = r.Conn.Reply(r.Message, r.handler.reply, errorContent(sendErr))
		}
		if sendErr != nil {
			m.log.Error(sendErr, "reply not sent", "type", r.handler.reply, "channel", r.Channel)
		}
	} else if err != nil {
		m.log.Error(err, "message not served", "type", r.Header.MsgType, "channel", r.Channel)
	}
	if !r.quiet || r.Shown() {
		m.status(r, Idle)
	}
	for _, f := range r.after {
		f()
	}
	if r.queue != nil {
		r.queue.done()
	}
}

// status publishes busy or idle for r.
func (m *Mux) status(r *Request, state string) {
	if err := r.Conn.Publish(r.Message, "status", Status{ExecutionState: state}); err != nil {
		m.log.Error(err, "status not published", "state", state)
	}
}

// recovered logs a handler's panic and returns the error for its requester.
func (m *Mux) recovered(r *Request, p any) error {
	err := fmt.Errorf("%v", p)
	m.log.Error(err, "handler panicked", "type", r.Header.MsgType, "stack", string(debug.Stack()))
	return &Error{Name: "InternalError", Value: fmt.Sprintf("%s: %v", r.Header.MsgType, p)}
}
