package parallel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

const (
	// hubTimeout is how long a hub may be unreachable before what waits for it fails: one that is restarted, with all it knew, and a
	// network that is down for a moment, are back within it.
	hubTimeout = time.Minute
	// closeTime bounds how long Close waits for what was sent to go out.
	closeTime = 2 * time.Second
)

// channel is one of the hub's request sockets.
type channel int

const (
	registration channel = iota
	mux
	taskChannel
	broadcast
	control
	channels // their number
)

// link is the connection of a process to a hub, shared by all engines and views of a Client.
type link struct {
	session *jupyter.Session
	log     logr.Logger
	file    string
	info    *proto.ClientInfo
	relay   *relay

	patience time.Duration   // with a hub that is unreachable
	life     context.Context // ends with the link
	end      context.CancelFunc
	work     sync.WaitGroup // of what goes on in the background

	dealers       [channels]*zmtp.Dealer
	iopub, notify *zmtp.Sub

	mu        sync.Mutex
	engines   map[string]*Engine   // guarded by mu, like all below: by uuid, those registered
	order     []*Engine            // by id
	changed   chan struct{}        // closed and replaced when engines change
	coalesced map[string][]*part   // broadcasts that are answered by one message, by msg_id
	pending   map[string]*part     // tasks without a reply, by msg_id
	asked     map[string]*question // queries and control requests without a reply, by msg_id
	down      *time.Timer          // runs while the hub is unreachable; nil otherwise
	since     time.Time            // it has been running
	connected [channels]bool       // whether a socket was ever connected
	resuming  *time.Timer          // runs when connections are back; nil before that
	failure   error                // why nothing can be sent any more; nil while all is well
	objects   objectCache
}

type reply struct {
	message *jupyter.Message
	err     error
}

// question is a query or control request without a reply.
type question struct {
	channel channel
	message *jupyter.Message
	answer  chan reply // capacity 1
}

// dial connects to the hub of info, asks it for its engines and returns when it answered.
func dial(ctx context.Context, info *proto.ClientInfo, o options) (*link, error) {
	curve, err := info.Curve()
	if err != nil {
		return nil, err
	}
	l := &link{
		session: jupyter.NewSession([]byte(info.Key)), log: o.log, file: o.file, info: info, patience: o.hubTimeout,
		engines: map[string]*Engine{}, changed: make(chan struct{}),
		pending: map[string]*part{}, coalesced: map[string][]*part{}, asked: map[string]*question{},
	}
	l.life, l.end = context.WithCancel(context.Background()) // detached: the connection outlives the call
	l.relay = newRelay(l, o.output)
	ports := [channels]int{info.Registration, info.Mux, info.Task, info.Broadcast, info.Control}
	for c, port := range ports {
		// One identity for all connections to come: replies find the way after a reconnection.
		so := zmtp.Options{Identity: []byte(l.session.ID), Curve: curve, Log: o.log}
		so.OnConnect = func(*zmtp.Peer) { l.up(channel(c)) }
		if channel(c) == registration {
			so.OnDisconnect = func(*zmtp.Peer) { l.hubDown() }
		}
		l.dealers[c] = zmtp.NewDealer(so, l.receive(l.onReply))
		if err := l.dealers[c].Dial(info.Endpoint(port)); err != nil {
			return nil, errors.Join(err, l.close(ErrClosed))
		}
	}
	onOutput := l.receive(l.relay.on)
	l.iopub = zmtp.NewSub(zmtp.Options{Curve: curve, Log: o.log}, func(frames [][]byte) {
		if !l.relay.needless(frames) {
			onOutput(frames)
		}
	})
	l.notify = zmtp.NewSub(zmtp.Options{Curve: curve, Log: o.log}, l.receive(l.onNotification))
	for s, port := range map[*zmtp.Sub]int{l.iopub: info.IOPub, l.notify: info.Notification} {
		s.Subscribe(nil)
		if err := s.Dial(info.Endpoint(port)); err != nil {
			return nil, errors.Join(err, l.close(ErrClosed))
		}
	}
	if err := l.refresh(ctx); err != nil {
		return nil, errors.Join(err, l.close(ErrClosed))
	}
	return l, nil
}

// close fails what waits with why and closes the sockets.
func (l *link) close(why error) error {
	l.fail(why)
	l.mu.Lock()
	if l.resuming != nil {
		l.resuming.Stop()
	}
	l.mu.Unlock()
	l.end()
	l.work.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime) // detached: closing must not be cut short by what it ends
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	closing := func(c func(context.Context) error) {
		wg.Go(func() {
			err := c(ctx)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	for _, d := range l.dealers {
		if d != nil {
			closing(d.Close)
		}
	}
	for _, s := range []*zmtp.Sub{l.iopub, l.notify} {
		if s != nil {
			closing(s.Close)
		}
	}
	wg.Wait()
	l.mu.Lock()
	if l.down != nil {
		l.down.Stop()
		l.down = nil
	}
	l.mu.Unlock()
	err := errors.Join(errs...)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // what a dead hub did not take has failed already
	}
	return err
}

// fail finishes everything that waits with why; nothing can be sent afterwards.
func (l *link) fail(why error) {
	l.mu.Lock()
	if l.failure == nil {
		l.failure = why
	}
	pending, asked := l.pending, l.asked
	l.pending, l.asked = map[string]*part{}, map[string]*question{}
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
	for _, p := range pending {
		p.finish(nil, why)
	}
	for _, q := range asked {
		q.answer <- reply{err: why}
	}
}

// up is called when a connection to the hub is there, for the first time or again.
func (l *link) up(c channel) {
	l.mu.Lock()
	if c == registration && l.down != nil {
		l.down.Stop()
		l.down = nil
	}
	again := l.connected[c]
	l.connected[c] = true
	l.mu.Unlock()
	if again {
		l.back()
	}
}

// hubDown gives the hub time to come back.
func (l *link) hubDown() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure == nil && l.down == nil {
		l.since = time.Now()
		l.down = time.AfterFunc(min(fileEvery, l.patience), l.missed)
	}
}

func (l *link) gone() error {
	if l.file == "" {
		return ErrHubGone
	}
	return fmt.Errorf("%w (its file was %s)", ErrHubGone, l.file)
}

// receive returns a socket's callback: it decodes and hands over, or drops and logs.
func (l *link) receive(on func(*jupyter.Message)) func([][]byte) {
	return func(frames [][]byte) {
		m, err := l.session.Decode(frames)
		if err != nil {
			l.log.Error(err, "message dropped")
			return
		}
		on(m)
	}
}

// onReply finishes what the message answers.
func (l *link) onReply(m *jupyter.Message) {
	parent, err := m.ParentHeader()
	if err != nil {
		l.log.Error(err, "reply dropped")
		return
	}
	l.mu.Lock()
	p, a, parts := l.pending[parent.MsgID], l.asked[parent.MsgID], l.coalesced[parent.MsgID]
	delete(l.coalesced, parent.MsgID)
	delete(l.pending, parent.MsgID)
	delete(l.asked, parent.MsgID)
	l.mu.Unlock()
	switch {
	case p != nil:
		p.reply(m)
	case a != nil:
		a.answer <- reply{message: m}
	case parts != nil:
		l.onCoalesced(parts, m)
	default:
		l.log.V(1).Info("reply to nothing dropped", "type", m.Header.MsgType)
	}
}

// ask sends a request that is not a task and returns where its reply comes; with a function, that is called instead.
func (l *link) ask(c channel, to, msgType string, content any, on func(*jupyter.Message)) (<-chan reply, error) {
	m, err := l.session.New(msgType, nil, content)
	if err != nil {
		return nil, err
	}
	if to != "" {
		m.Idents = [][]byte{[]byte(to)}
	}
	answer := make(chan reply, 1)
	l.mu.Lock()
	if l.failure != nil {
		l.mu.Unlock()
		return nil, l.failure
	}
	l.asked[m.Header.MsgID] = &question{c, m, answer}
	l.mu.Unlock()
	if err := l.dealers[c].Send(l.session.Encode(m)); err != nil {
		l.mu.Lock()
		delete(l.asked, m.Header.MsgID)
		l.mu.Unlock()
		return nil, fmt.Errorf("%s: %w", msgType, err)
	}
	if on != nil {
		go func() { // ends with the reply, or when the link fails
			if r := <-answer; r.err == nil {
				on(r.message)
			}
		}()
	}
	return answer, nil
}

// query asks the hub or an engine and waits for the reply, whose content is decoded into v.
func (l *link) query(ctx context.Context, c channel, to, msgType string, content, v any) error {
	answer, err := l.ask(c, to, msgType, content, nil)
	if err != nil {
		return err
	}
	select {
	case r := <-answer:
		if r.err != nil {
			return r.err
		}
		var remote proto.RemoteError
		if err := json.Unmarshal(r.message.Content, &remote); err == nil && remote.Status == proto.StatusError {
			return &RemoteError{Engine: -1, Name: remote.Ename, Message: remote.Evalue, Traceback: remote.Traceback}
		}
		return r.message.Bind(v)
	case <-ctx.Done():
		if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			return fmt.Errorf("%s: %w", msgType, ErrTimeout)
		}
		return ctx.Err()
	}
}

// refresh asks the hub for its engines.
func (l *link) refresh(ctx context.Context) error {
	var r proto.ConnectionReply
	if err := l.query(ctx, registration, "", proto.ConnectionRequestType, struct{}{}, &r); err != nil {
		return err
	}
	return l.take(&r)
}

// take makes the engines of r those that are there.
func (l *link) take(r *proto.ConnectionReply) error {
	there := map[string]bool{}
	for key, uuid := range r.Engines {
		id, err := strconv.Atoi(key)
		if err != nil {
			return fmt.Errorf("connection_reply: engine id %q", key)
		}
		there[uuid] = true
		l.join(id, uuid)
	}
	l.mu.Lock()
	var lost []string
	for uuid := range l.engines {
		if !there[uuid] {
			lost = append(lost, uuid)
		}
	}
	l.mu.Unlock()
	for _, uuid := range lost {
		l.leave(uuid)
	}
	return nil
}

// join adds an engine.
func (l *link) join(id int, uuid string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.engines[uuid] != nil {
		return
	}
	e := &Engine{id: id, uuid: uuid, link: l}
	l.engines[uuid] = e
	l.order = append(l.order, e)
	slices.SortFunc(l.order, func(a, b *Engine) int { return a.id - b.id })
	close(l.changed)
	l.changed = make(chan struct{})
}

// leave removes an engine and fails the direct tasks it has; load-balanced ones are the hub's to run elsewhere.
func (l *link) leave(uuid string) {
	l.mu.Lock()
	e := l.engines[uuid]
	if e == nil {
		l.mu.Unlock()
		return
	}
	delete(l.engines, uuid)
	l.order = slices.DeleteFunc(l.order, func(x *Engine) bool { return x == e })
	var lost []*part
	for id, p := range l.pending {
		if p.engine == e {
			lost = append(lost, p)
			delete(l.pending, id)
		}
	}
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
	for _, p := range lost {
		p.finish(nil, &RemoteError{Engine: e.id, Method: p.method(), Name: proto.EngineError, Message: "the engine ended while it had the task", Task: p.id})
	}
}

// onNotification keeps the engines current.
func (l *link) onNotification(m *jupyter.Message) {
	switch m.Header.MsgType {
	case proto.RegistrationNotificationType, proto.UnregistrationNotificationType:
		var n proto.EngineNotification
		if err := m.Bind(&n); err != nil {
			l.log.Error(err, "notification dropped")
			return
		}
		if m.Header.MsgType == proto.RegistrationNotificationType {
			l.join(n.ID, n.UUID)
		} else {
			l.leave(n.UUID)
		}
	case proto.ShutdownNotificationType:
		l.fail(l.gone())
	}
}

// snapshot returns the engines that are there, and what is closed when they change.
func (l *link) snapshot() (Client, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return newClient(l, l.order), l.changed, l.failure
}

// alive reports whether e is registered.
func (l *link) alive(e *Engine) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.engines[e.uuid] == e
}

// engine returns the engine with the given uuid, nil if it is not there.
func (l *link) engine(uuid string) *Engine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.engines[uuid]
}
