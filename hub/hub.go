// Package hub is the hub of a cluster: the one process that clients and
// engines connect to. It registers engines and watches their hearts, relays
// direct, load-balanced, broadcast and control requests and their replies,
// relays what engines publish, remembers tasks, and answers clients' queries.
// It speaks ipyparallel's protocol, so Python's clients and engines work with it.
//
// It is not an interpreter: it routes frames by their envelope and never
// decodes a task's content or buffers. Which engine runs a load-balanced task
// is decided by package sched; this package only carries it out.
//
// "Where is message X handled?" is answered by one table: (*Hub).table.
//
// # Invariants
//
//   - What is parsed was signed with the cluster's key; anything else is
//     dropped and logged. What is only passed on keeps its signature: a message
//     is signed again only when the hub changed it.
//   - A request that was relayed gets exactly one reply, also when its engine
//     dies; a stale reply is dropped.
//   - Nothing is sent, logged or called back under mu.
//   - The store is bounded; only finished tasks are dropped from it. What waits for it is bounded, too.
//
// # Locks
//
// Hub.storing, then Hub.mu, then those of the store and the sockets.
package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/journal"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
	"github.com/gopar-project/gopar/internal/store"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// Hub serves one cluster. Make one with New, then call Serve.
type Hub struct {
	cfg     Config
	log     logr.Logger
	session *jupyter.Session
	opener  *opener
	curve   *zmtp.Curve // nil without encryption
	sockets sockets
	rows    map[channel]map[string]handler
	traffic map[channel]*traffic
	metrics *metrics // nil: not served; set before the first message
	client  proto.ClientInfo
	engine  proto.EngineInfo
	started time.Time
	stop    context.CancelFunc // ends Serve; set before any socket is open
	ready   chan struct{}      // closed when the connection files are there
	alarm   chan struct{}      // capacity 1: the scheduler's next tick changed
	store   store.Store        // of finished tasks; the configured one while Serve runs
	life    context.Context    // of what handlers wait for; ends with Serve. Set with stop

	journal       *journal.Journal // nil: none is kept; set before any socket is open
	snapshotBytes atomic.Int64     // of the journal's last snapshot

	storing sync.Mutex // held while finished tasks are put into the store or dropped from it; taken before mu

	mu         sync.Mutex // guards all below
	registry   registry
	sched      *sched.State
	records    records
	late       map[string][]change   // to records of the store, by msg_id
	confined   []sched.TaskID        // tasks that wait until no engine is awaited; see restore.go
	broadcasts map[string]*broadcast // by the client's msg_id
	nextTick   time.Duration         // of the scheduler, as keepTime knows it
	later      []deferred            // what keepTime has to do
	notes      []note                // published lately, oldest first
	out        outbox                // sends decided under mu, done after it
}

// traffic counts the messages of a channel.
type traffic struct{ messages, dropped atomic.Int64 }

// channel names a socket side that brings messages.
type channel string

const (
	query          channel = "query"
	muxClients     channel = "mux of clients"
	muxEngines     channel = "mux of engines"
	taskClients    channel = "task of clients"
	taskEngines    channel = "task of engines"
	bcastClients   channel = "broadcast of clients"
	bcastEngines   channel = "broadcast of engines"
	controlClients channel = "control of clients"
	controlEngines channel = "control of engines"
	iopub          channel = "iopub"
)

// wildcard is the row for message types without one of their own.
const wildcard = "*"

// handler serves one message. from is the sender's socket identity; frames are
// the message as it came, routing frames included. The error goes back to
// those who can take one (query), and into the log.
type handler func(from string, m *jupyter.Message, frames [][]byte) error

// table says where each message is handled. Heartbeats are no messages: see
// heartbeat.go.
func (h *Hub) table() map[channel]map[string]handler {
	return map[channel]map[string]handler{
		query: {
			proto.RegistrationRequestType:   h.register,     // register.go
			proto.UnregistrationRequestType: h.unregister,   // register.go
			proto.MissingTasksType:          h.missingTasks, // restore.go
			proto.ConnectionRequestType:     h.connection,   // register.go
			proto.QueueRequestType:          h.queue,        // queue.go
			proto.LoadRequestType:           h.load,         // queue.go
			proto.ResultRequestType:         h.result,       // result.go
			proto.HistoryRequestType:        h.history,      // history.go
			proto.DBRequestType:             h.database,     // database.go
			proto.PurgeRequestType:          h.purge,        // purge.go
			proto.ResubmitRequestType:       h.resubmit,     // resubmit.go
			proto.ShutdownRequestType:       h.shutdown,     // shutdown.go
			proto.StoryRequestType:          h.story,        // story.go
			proto.StatusRequestType:         h.status,       // story.go
			"become_dask_request":           h.notSupported, // hub.go
			"stop_distributed_request":      h.notSupported, // hub.go
			wildcard:                        h.unknown,      // hub.go
		},
		muxClients:   {wildcard: h.direct},         // direct.go
		muxEngines:   {wildcard: h.directReply},    // direct.go
		taskClients:  {wildcard: h.task},           // task.go
		taskEngines:  {wildcard: h.taskReply},      // task.go
		bcastClients: {wildcard: h.broadcast},      // broadcast.go
		bcastEngines: {wildcard: h.broadcastReply}, // broadcast.go
		controlClients: {
			proto.AbortRequestType: h.abort,   // control.go
			wildcard:               h.control, // control.go
		},
		controlEngines: {wildcard: h.controlReply}, // control.go
		iopub: {
			"stream":                h.output,         // iopub.go
			"error":                 h.output,         // iopub.go
			"execute_input":         h.output,         // iopub.go
			"execute_result":        h.output,         // iopub.go
			"display_data":          h.output,         // iopub.go
			proto.ShutdownReplyType: h.engineShutdown, // iopub.go
			wildcard:                h.publish,        // iopub.go
		},
	}
}

// New returns a hub that is not yet serving.
func New(cfg Config) (*Hub, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	h := &Hub{
		cfg:        cfg,
		log:        cfg.Log.WithName("hub"),
		ready:      make(chan struct{}),
		alarm:      make(chan struct{}, 1),
		started:    time.Now(),
		registry:   newRegistry(),
		store:      store.None{},
		records:    newRecords(),
		late:       map[string][]change{},
		broadcasts: map[string]*broadcast{},
		traffic:    map[channel]*traffic{},
		sched:      sched.New(cfg.schedule()),
	}
	h.rows = h.table()
	for ch := range h.rows {
		h.traffic[ch] = new(traffic)
	}
	return h, nil
}

// Serve opens the sockets, writes the connection files and serves until ctx
// ends or a client asks for shutdown. It returns when everything it started has
// ended and the files are removed. Call it once.
func (h *Hub) Serve(ctx context.Context) error {
	ctx, h.stop = context.WithCancel(ctx)
	defer h.stop()
	h.life = ctx
	var err error
	if h.store, err = store.Open(ctx, h.cfg.storeAddress(), h.cfg.Budget, h.log); err != nil {
		return err
	}
	h.reuseFiles()
	if err = h.secure(); err == nil {
		h.session, h.opener = jupyter.NewSession([]byte(h.cfg.key)), newOpener(h.cfg.key)
		h.makeSockets()
		err = h.openJournal()
	}
	if err == nil {
		err = h.open()
	}
	if err == nil {
		h.metrics, err = h.openMetrics()
	}
	if err == nil {
		err = h.writeFiles()
	}
	if err != nil {
		if h.metrics != nil {
			err = errors.Join(err, h.metrics.listener.Close())
		}
		return errors.Join(err, h.close(), h.closeJournal(), h.store.Close())
	}
	h.log.Info("serving", "client", h.cfg.clientFile(), "engine", h.cfg.engineFile(), "interface", h.client.Interface)
	close(h.ready)
	var wg sync.WaitGroup
	wg.Go(func() { h.beat(ctx) })
	wg.Go(func() { h.keepTime(ctx) })
	if h.metrics != nil {
		wg.Go(func() { h.metrics.serve(ctx, h) })
	}
	keeping, kept := context.WithCancel(context.WithoutCancel(ctx)) // until the sockets are closed: replies may still come
	defer kept()
	var keeper sync.WaitGroup
	keeper.Go(func() { h.keep(keeping) })
	<-ctx.Done()
	wg.Wait()
	err = h.close()
	kept()
	keeper.Wait()
	err = errors.Join(err, h.closeJournal(), h.store.Close())
	if !h.cfg.Reuse {
		err = errors.Join(err, h.removeFiles())
	}
	h.log.Info("ended")
	return err
}

// Ready is closed once the connection files are written.
func (h *Hub) Ready() <-chan struct{} { return h.ready }

// ClientInfo returns the content of the client connection file. Call it after
// Ready.
func (h *Hub) ClientInfo() proto.ClientInfo { return h.client }

// EngineInfo returns the content of the engine connection file. Call it after
// Ready.
func (h *Hub) EngineInfo() proto.EngineInfo { return h.engine }

// dispatch serves one message by the table. Its error says that the message is
// none of the cluster's: nothing of it was believed.
func (h *Hub) dispatch(ch channel, from string, frames [][]byte) error {
	n := h.traffic[ch]
	n.messages.Add(1)
	m, err := h.opener.open(frames)
	if err != nil {
		n.dropped.Add(1)
		h.log.V(1).Info("message dropped", "channel", ch, "from", printable(from), "reason", err.Error())
		return err
	}
	if v := h.log.V(2); v.Enabled() {
		v.Info("message", "channel", ch, "from", printable(from), "type", m.Header.MsgType, "msg", m.Header.MsgID)
	}
	rows := h.rows[ch]
	serve := rows[m.Header.MsgType]
	if serve == nil {
		serve = rows[wildcard]
	}
	if err := serve(from, m, frames); err != nil {
		h.log.Info("request refused", "channel", ch, "type", m.Header.MsgType, "msg", m.Header.MsgID, "reason", err.Error())
		if ch == query {
			h.answer(from, m, proto.HubErrorType, remote(err))
		}
	}
	return nil
}

// answer sends a reply on the query channel.
func (h *Hub) answer(to string, request *jupyter.Message, msgType string, content any, buffers ...[]byte) {
	m, err := h.session.New(msgType, request, content)
	if err != nil {
		h.log.Error(err, "reply not encoded", "type", msgType)
		return
	}
	m.Idents, m.Buffers = nil, buffers
	h.send(h.sockets.query, to, h.session.Encode(m))
}

func (h *Hub) unknown(_ string, m *jupyter.Message, _ [][]byte) error {
	return proto.NewRemoteError("KeyError", "Bad Message Type: '%s'", m.Header.MsgType)
}

func (h *Hub) notSupported(_ string, m *jupyter.Message, _ [][]byte) error {
	return proto.NewRemoteError("NotImplementedError", "%s: this hub is not written in Python and cannot become a dask scheduler", m.Header.MsgType)
}

// remote turns err into the payload of a reply.
func remote(err error) *proto.RemoteError {
	var r *proto.RemoteError
	if errors.As(err, &r) {
		return r
	}
	return proto.NewRemoteError("ValueError", "%s", err)
}

// bind decodes a query's content.
func bind(m *jupyter.Message, v any) error {
	if err := json.Unmarshal(m.Content, v); err != nil {
		return proto.NewRemoteError("ValueError", "content of %s: %s", m.Header.MsgType, err)
	}
	return nil
}

// now is the scheduler's time.
func (h *Hub) now() time.Duration { return time.Since(h.started) }

// printable shows an identity in the log.
func printable(id string) string {
	if id != "" && id[0] == 0 {
		return fmt.Sprintf("%x", id)
	}
	return id
}
