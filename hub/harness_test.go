package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline is how long a test waits for something that must happen.
const deadline = 10 * time.Second

// startHub serves a hub until the test ends.
func startHub(t testing.TB, c Config) *Hub {
	t.Helper()
	if c.ProfileDir == "" {
		c.ProfileDir = t.TempDir()
	}
	if c.Ping == 0 {
		c.Ping = time.Minute // so that registration cannot wait for a beat
	}
	if _, test := t.(*testing.T); test {
		c.Validate = true
		c.Log = funcr.New(func(_, args string) {
			if strings.Contains(args, "scheduler broken") {
				t.Error(args)
			}
		}, funcr.Options{})
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	select {
	case <-h.Ready():
	case err := <-done:
		t.Fatalf("Serve: %v", err)
	}
	return h
}

// inbox collects the messages of one socket.
type inbox struct {
	session *jupyter.Session
	ch      chan *jupyter.Message
}

func newInbox(s *jupyter.Session) *inbox { return &inbox{s, make(chan *jupyter.Message, 4096)} }

func (b *inbox) take(frames [][]byte) {
	if m, err := b.session.Decode(frames); err == nil {
		b.ch <- m
	}
}

// next returns the next message for which ok is true, dropping others.
func (b *inbox) next(t testing.TB, what string, ok func(*jupyter.Message) bool) *jupyter.Message {
	t.Helper()
	limit := time.After(deadline)
	for {
		select {
		case m := <-b.ch:
			if ok(m) {
				return m
			}
		case <-limit:
			t.Fatalf("no %s within %v", what, deadline)
		}
	}
}

func (b *inbox) ofType(t testing.TB, msgType string) *jupyter.Message {
	t.Helper()
	return b.next(t, msgType, func(m *jupyter.Message) bool { return m.Header.MsgType == msgType })
}

func (b *inbox) answerTo(t testing.TB, id string) *jupyter.Message {
	t.Helper()
	return b.next(t, "answer to "+id, func(m *jupyter.Message) bool { return parentID(m) == id })
}

type closer interface {
	Close(ctx context.Context) error
}

func closeAll(sockets ...closer) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, s := range sockets {
		_ = s.Close(ctx) // best effort: the hub may be gone
	}
}

// testClient speaks a client's side.
type testClient struct {
	t                                               testing.TB
	session                                         *jupyter.Session
	query, mux, task, bcast, control                *zmtp.Dealer
	iopub, notify                                   *zmtp.Sub
	queries, direct, tasks, casts, controls, output *inbox
	notes                                           *inbox
}

func newClient(t testing.TB, h *Hub) *testClient {
	t.Helper()
	info := h.ClientInfo()
	s := jupyter.NewSession([]byte(info.Key))
	c := &testClient{t: t, session: s}
	curve, err := info.Curve()
	if err != nil {
		t.Fatal(err)
	}
	dealer := func(port int) (*zmtp.Dealer, *inbox) {
		b := newInbox(s)
		d := zmtp.NewDealer(zmtp.Options{Curve: curve, Identity: []byte(s.ID)}, b.take)
		if err := d.Dial(info.Endpoint(port)); err != nil {
			t.Fatal(err)
		}
		return d, b
	}
	sub := func(port int) (*zmtp.Sub, *inbox) {
		b := newInbox(s)
		d := zmtp.NewSub(zmtp.Options{Curve: curve}, b.take)
		d.Subscribe(nil)
		if err := d.Dial(info.Endpoint(port)); err != nil {
			t.Fatal(err)
		}
		return d, b
	}
	c.query, c.queries = dealer(info.Registration)
	c.mux, c.direct = dealer(info.Mux)
	c.task, c.tasks = dealer(info.Task)
	c.bcast, c.casts = dealer(info.Broadcast)
	c.control, c.controls = dealer(info.Control)
	c.iopub, c.output = sub(info.IOPub)
	c.notify, c.notes = sub(info.Notification)
	t.Cleanup(func() { closeAll(c.query, c.mux, c.task, c.bcast, c.control, c.iopub, c.notify) })
	return c
}

// message makes a request. metadata and content are encoded as JSON.
func (c *testClient) message(msgType string, metadata, content any) *jupyter.Message {
	m, err := c.session.New(msgType, nil, content)
	if err != nil {
		c.t.Fatal(err)
	}
	if metadata != nil {
		m.Metadata = encode(metadata)
	}
	return m
}

func (c *testClient) send(d *zmtp.Dealer, m *jupyter.Message) string {
	c.t.Helper()
	if err := d.Send(c.session.Encode(m)); err != nil {
		c.t.Fatal(err)
	}
	return m.Header.MsgID
}

// ask sends a query and decodes the reply's content into reply.
func (c *testClient) ask(msgType string, content, reply any) *jupyter.Message {
	c.t.Helper()
	id := c.send(c.query, c.message(msgType, nil, content))
	m := c.queries.answerTo(c.t, id)
	if err := json.Unmarshal(m.Content, reply); err != nil {
		c.t.Fatalf("%s: %v in %s", m.Header.MsgType, err, m.Content)
	}
	return m
}

// apply sends a load-balanced task.
func (c *testClient) apply(md any, buffers ...[]byte) string {
	c.t.Helper()
	m := c.message(proto.ApplyRequestType, md, struct{}{})
	m.Buffers = buffers
	return c.send(c.task, m)
}

// toEngine makes a request whose first frame names an engine.
func (c *testClient) toEngine(uuid, msgType string, content any) *jupyter.Message {
	m := c.message(msgType, nil, content)
	m.Idents = [][]byte{[]byte(uuid)}
	return m
}

// testEngine speaks an engine's side. It answers requests on mux, task and
// broadcast with what serve returns.
type testEngine struct {
	t       testing.TB
	uuid    string
	id      int
	session *jupyter.Session
	query   *zmtp.Dealer
	shell   *zmtp.Router
	control *zmtp.Router
	iopub   *zmtp.Pub
	ping    *zmtp.Sub
	pong    *zmtp.Dealer
	deaf    atomic.Bool // does not answer pings
	once    sync.Once

	// serve answers a request; nil leaves it unanswered. Set before start.
	serve func(e *testEngine, m *jupyter.Message) *jupyter.Message
	seen  chan *jupyter.Message // requests, before they are served
}

var engineCount atomic.Int64

// echo answers ok with the request's buffers.
func echo(e *testEngine, m *jupyter.Message) *jupyter.Message {
	return e.reply(m, proto.StatusOK, struct {
		Status string `json:"status"`
	}{proto.StatusOK})
}

// hold answers nothing.
func hold(*testEngine, *jupyter.Message) *jupyter.Message { return nil }

func (e *testEngine) reply(m *jupyter.Message, status string, content any) *jupyter.Message {
	r, err := e.session.New(m.Header.MsgType[:len(m.Header.MsgType)-len("_request")]+"_reply", m, content)
	if err != nil {
		return nil
	}
	var b proto.BroadcastMetadata
	_ = json.Unmarshal(m.Metadata, &b) // other requests have none
	started, _ := proto.ParseTime(r.Header.Date)
	r.Metadata = encode(proto.ReplyMetadata{Started: started, DependenciesMet: true, Engine: e.uuid, Status: status,
		IsBroadcast: b.IsBroadcast, IsCoalescing: b.IsCoalescing, OriginalID: b.OriginalID})
	r.Buffers = m.Buffers
	return r
}

// startEngine registers an engine and waits until the hub has announced it to c.
func startEngine(t testing.TB, h *Hub, c *testClient, serve func(*testEngine, *jupyter.Message) *jupyter.Message) *testEngine {
	t.Helper()
	return startEngineOf(t, h, c, proto.Go, serve)
}

// startEngineOf is startEngine for an engine that registers with a language, or, as Python's do, with none.
func startEngineOf(t testing.TB, h *Hub, c *testClient, language string, serve func(*testEngine, *jupyter.Message) *jupyter.Message) *testEngine {
	t.Helper()
	e := launchEngineOf(t, h, language, serve)
	n := c.notes.next(t, "announcement of "+e.uuid, func(m *jupyter.Message) bool {
		return m.Header.MsgType == proto.RegistrationNotificationType && bytes.Contains(m.Content, []byte(e.uuid))
	})
	var note proto.EngineNotification
	if err := n.Bind(&note); err != nil || note.ID != e.id {
		t.Fatalf("announced as %+v, registered as %d: %v", note, e.id, err)
	}
	return e
}

// launchEngine registers an engine.
func launchEngine(t testing.TB, h *Hub, serve func(*testEngine, *jupyter.Message) *jupyter.Message) *testEngine {
	t.Helper()
	return launchEngineOf(t, h, proto.Go, serve)
}

func launchEngineOf(t testing.TB, h *Hub, language string, serve func(*testEngine, *jupyter.Message) *jupyter.Message) *testEngine {
	t.Helper()
	info := h.EngineInfo()
	e := &testEngine{t: t, uuid: fmt.Sprintf("engine-%d", engineCount.Add(1)), serve: serve, seen: make(chan *jupyter.Message, 1<<16)}
	e.session = jupyter.NewSessionID([]byte(info.Key), e.uuid)
	o := zmtp.Options{Identity: []byte(e.uuid), Log: logr.Discard()}
	registered := newInbox(e.session)
	e.query = zmtp.NewDealer(o, registered.take)
	t.Cleanup(e.kill)
	dial := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	dial(e.query.Dial(info.Endpoint(info.Registration)))
	m, err := e.session.New(proto.RegistrationRequestType, nil, proto.RegistrationRequest{UUID: e.uuid, Language: language})
	dial(err)
	dial(e.query.Send(e.session.Encode(m)))
	var reply proto.RegistrationReply
	dial(registered.ofType(t, proto.RegistrationReplyType).Bind(&reply))
	e.id = reply.ID

	e.shell = zmtp.NewRouter(o, func(from string, frames [][]byte) { e.shellMessage(e.shell, from, frames) })
	for _, p := range []int{info.Mux, info.Task, info.Broadcast[e.id%len(info.Broadcast)]} {
		dial(e.shell.Dial(info.Endpoint(p)))
	}
	e.control = zmtp.NewRouter(o, func(from string, frames [][]byte) { e.shellMessage(e.control, from, frames) })
	dial(e.control.Dial(info.Endpoint(info.Control)))
	e.iopub = zmtp.NewPub(o)
	dial(e.iopub.Dial(info.Endpoint(info.IOPub)))
	e.pong = zmtp.NewDealer(o, func([][]byte) {})
	dial(e.pong.Dial(info.Endpoint(info.HBPong)))
	e.ping = zmtp.NewSub(zmtp.Options{}, func(frames [][]byte) {
		if !e.deaf.Load() {
			_ = e.pong.Send(frames) // fails when the engine is being killed
		}
	})
	e.ping.Subscribe(nil)
	dial(e.ping.Dial(info.Endpoint(info.HBPing)))
	return e
}

// shellMessage answers one request the way it came.
func (e *testEngine) shellMessage(r *zmtp.Router, from string, frames [][]byte) {
	m, err := e.session.Decode(frames)
	if err != nil {
		e.t.Errorf("engine %d: %v", e.id, err)
		return
	}
	select {
	case e.seen <- m:
	default:
	}
	serve := e.serve
	if m.Header.MsgType != proto.ApplyRequestType && m.Header.MsgType != proto.ExecuteRequestType {
		serve = echo
	}
	if reply := serve(e, m); reply != nil {
		_ = r.Send(from, e.session.Encode(reply)) // fails when the hub is gone
	}
}

// request returns the next request that reached the engine.
func (e *testEngine) request(t testing.TB) *jupyter.Message {
	t.Helper()
	select {
	case m := <-e.seen:
		return m
	case <-time.After(deadline):
		t.Fatalf("engine %d got no request within %v", e.id, deadline)
		return nil
	}
}

// requestFor returns the request of that msg_id, dropping others.
func (e *testEngine) requestFor(t testing.TB, id string) *jupyter.Message {
	t.Helper()
	for {
		if m := e.request(t); m.Header.MsgID == id {
			return m
		}
	}
}

// publish sends an iopub message about a request.
func (e *testEngine) publish(parent *jupyter.Message, msgType string, content any) {
	m, err := e.session.New(msgType, parent, content)
	if err != nil {
		e.t.Error(err)
		return
	}
	m.Idents = [][]byte{[]byte("engine." + strconv.Itoa(e.id) + "." + msgType)}
	if err := e.iopub.Send(e.session.Encode(m)); err != nil {
		e.t.Error(err)
	}
}

// kill ends all connections at once.
func (e *testEngine) kill() {
	e.once.Do(func() {
		for _, s := range []closer{e.shell, e.control, e.iopub, e.ping, e.pong, e.query} {
			switch s := s.(type) {
			case *zmtp.Router:
				if s != nil {
					closeAll(s)
				}
			case *zmtp.Pub:
				if s != nil {
					closeAll(s)
				}
			case *zmtp.Sub:
				if s != nil {
					closeAll(s)
				}
			case *zmtp.Dealer:
				if s != nil {
					closeAll(s)
				}
			}
		}
	})
}
