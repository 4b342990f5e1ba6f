// Package engine is a kernel that dials a hub: it registers, answers heartbeats, and serves execute_request as any kernel
// does and, in addition, the rows of a cluster — apply_request, abort_request, clear_request and signal_request.
//
// It does not decode tasks: their values are read in the runner process, or in a copy of the compiled program that a
// function is part of. It knows neither scheduling nor clients.
//
// Invariants:
//
//   - Every task gets one reply, with the metadata the schedulers decide by, whatever happens to it.
//   - A task that was cancelled does not run on: its context ends, its loops stop, and what is stuck is ended with its
//     process, which is replaced.
//   - The engine survives its runner, its workers and short absences of its hub, and ends when the hub stays away.
//
// Lock order: Engine.mu is a leaf.
package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/runner"
	"github.com/gopar-project/gopar/internal/zmtp"
	"github.com/gopar-project/gopar/kernel"
)

// Evaluator is a kernel's evaluator whose process also runs tasks; kernel.GoEvaluator is one.
type Evaluator interface {
	kernel.Evaluator
	// Call runs a task in the process that holds the session's values. When ctx ends, the task is cancelled.
	Call(ctx context.Context, t runner.Task) (runner.TaskResult, error)
	// Queue runs a task in that process after those queued before; see runner.Runner.Queue, and runner.Lines. It may block while the process is
	// started or does not take more.
	Queue(ctx context.Context, t runner.Task, done func(runner.TaskResult, error)) (*runner.Queued, error)
	// Replace ends that process, with whatever runs in it, and starts another.
	Replace(ctx context.Context) (lost []string, err error)
	// PID is that process's id, 0 if there is none.
	PID() int
}

// Config says what an Engine is made of. Hub and Evaluator are required.
type Config struct {
	// Hub tells where the hub is.
	Hub *proto.EngineInfo
	// Evaluator runs cells and tasks. It belongs to the caller, who closes it.
	Evaluator Evaluator
	// UUID identifies the engine. Default: a random one.
	UUID string
	// ID is the engine id that is asked for, an MPI rank; nil: any.
	ID *int
	// Slots is how many tasks run at once. Default: 1, because a session's variables are shared; -1 is one per core.
	Slots int
	// Timeout bounds the wait for the hub's first answer. Default: 60 s, because hundreds of engines may come at once.
	Timeout time.Duration
	// HubTimeout is how long the engine waits for a hub that is gone before it ends. Default: 60 s, enough for one that is
	// restarted; negative is for ever.
	HubTimeout time.Duration
	// CacheDir is where units and programs that clients send are kept. Default: gopar under os.UserCacheDir.
	CacheDir string
	// Version is gopar's version. Default: "0".
	Version string
	// Exe is the gopar binary. Default: os.Executable.
	Exe string
	// Log receives life events. The zero value discards.
	Log logr.Logger
}

func (c *Config) setDefaults() {
	if c.Log.GetSink() == nil {
		c.Log = logr.Discard()
	}
	if c.Slots == 0 {
		c.Slots = 1
	}
	if c.Slots < 0 {
		c.Slots = runtime.NumCPU()
	}
	if c.Timeout <= 0 {
		c.Timeout = time.Minute
	}
	if c.HubTimeout == 0 {
		c.HubTimeout = time.Minute
	}
}

// Engine is one engine of a cluster.
type Engine struct {
	config  Config
	log     logr.Logger
	uuid    string
	curve   *zmtp.Curve    // encrypts connections; nil if the hub does not
	id      int            // given by the hub; set before the first request is served
	kernel  *kernel.Kernel // set before the first request is served; Interrupt reads it under mu
	cache   *native.Cache
	conn    *jupyter.Conn
	slots   chan struct{} // a token for each task that runs
	tasks   sync.WaitGroup
	workers *workers
	line    *line

	parser codec.Parser

	mu      sync.Mutex
	found   map[string]string                  // guarded by mu, like looked: paths of objects that were in the cache, by hash
	looked  time.Time                          // when found was last emptied
	running map[string]context.CancelCauseFunc // guarded by mu: by msg_id
	aborted idSet                              // guarded by mu: tasks that are not to run when they arrive
}

// ErrHubGone means that the hub stayed away for Config.HubTimeout.
var ErrHubGone = errors.New("the hub is gone")

// New returns an Engine that is ready to Serve.
func New(c Config) (*Engine, error) {
	c.setDefaults()
	if c.Hub == nil || c.Evaluator == nil {
		return nil, errors.New("an engine needs a hub and an evaluator")
	}
	cache, err := native.OpenCache(c.CacheDir, "")
	if err != nil {
		return nil, err
	}
	e := &Engine{config: c, log: c.Log.WithName("engine"), uuid: c.UUID, cache: cache, slots: make(chan struct{}, c.Slots),
		running: map[string]context.CancelCauseFunc{}, found: map[string]string{}}
	if e.uuid == "" {
		e.uuid = jupyter.NewSession(nil).ID
	}
	e.line = newLine(e)
	if e.curve, err = c.Hub.Curve(); err != nil {
		return nil, err
	}
	if e.workers, err = newWorkers(e); err != nil {
		return nil, err
	}
	return e, nil
}

// UUID returns the engine's identity on the hub.
func (e *Engine) UUID() string { return e.uuid }

// Serve registers with the hub and serves its clients until one of them shuts the engine down (nil), the hub is gone for
// good (ErrHubGone) or ctx ends (nil: it was asked to). It returns when everything it started has ended.
func (e *Engine) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	h, err := e.register(ctx, cancel)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil // it was asked to end before it had begun
	}
	if err != nil {
		return err
	}
	e.log = e.log.WithValues("engine", e.id)
	conn, err := jupyter.Attach(ctx, jupyter.EngineSockets{
		UUID: e.uuid, ID: e.id, Key: []byte(e.config.Hub.Key), Curve: e.curve,
		Shell:   e.shellEndpoints(),
		Control: e.config.Hub.Endpoint(e.config.Hub.Control),
		IOPub:   e.config.Hub.Endpoint(e.config.Hub.IOPub),
	}, e.log.WithName("jupyter"))
	if err != nil {
		return errors.Join(err, h.close())
	}
	e.mu.Lock()
	e.conn = conn // a hub that comes back meanwhile asks for what is on it
	e.mu.Unlock()
	k := kernel.New(kernel.Config{
		Evaluator: e.config.Evaluator, Version: e.config.Version, Exe: e.config.Exe, Log: e.config.Log,
		ReplyMetadata: e.executeMetadata,
	})
	e.mu.Lock()
	e.kernel = k
	e.mu.Unlock()
	e.rows()
	if err := h.beat(); err != nil {
		return errors.Join(err, h.close(), e.closeConn())
	}
	e.log.Info("engine serves", "uuid", e.uuid, "hub", e.config.Hub.Endpoint(e.config.Hub.Registration), "slots", e.config.Slots)
	err = e.kernel.Serve(ctx, e.conn)
	why := context.Cause(ctx)
	cancel(nil)
	e.line.settle(ctx)
	e.tasks.Wait()
	e.workers.close()
	h.unregister(e.id)
	err = errors.Join(err, e.closeConn(), h.close())
	switch {
	case errors.Is(why, ErrHubGone):
		return fmt.Errorf("%w for %v", ErrHubGone, e.config.HubTimeout)
	case errors.Is(err, context.Canceled):
		return nil
	}
	return err
}

// closeTime is how long the last messages may take to go out.
const closeTime = 2 * time.Second

func (e *Engine) closeConn() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime) // detached: Serve's context has ended
	defer cancel()
	if err := e.conn.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// shellEndpoints are the sockets that send requests to be served in order.
func (e *Engine) shellEndpoints() []string {
	hub := e.config.Hub
	leaf := hub.Broadcast[e.id%len(hub.Broadcast)]
	return []string{hub.Endpoint(hub.Mux), hub.Endpoint(hub.Task), hub.Endpoint(leaf)}
}

// rows adds what an engine serves to the kernel's table.
func (e *Engine) rows() {
	apply := jupyter.On(proto.ApplyReplyType, e.apply).OnAbort(e.abortedReply).Quiet(fromGo)
	if cap(e.slots) == 1 && runner.Lines {
		apply = apply.Flows()
	}
	e.kernel.Handle(proto.ApplyRequestType, apply)
	e.kernel.Handle(proto.AbortRequestType, jupyter.On(proto.AbortReplyType, e.abort).Aside())
	e.kernel.Handle(proto.ClearRequestType, jupyter.On(proto.ClearReplyType, e.clear))
	e.kernel.Handle(proto.SignalRequestType, jupyter.On(proto.SignalReplyType, e.signal).Aside())
}

// idSet remembers the latest ids that were added.
type idSet struct {
	ids   map[string]bool
	order []string
}

// maxAborted bounds the ids that are remembered.
const maxAborted = 16 << 10

func (s *idSet) add(id string) {
	if s.ids == nil {
		s.ids = map[string]bool{}
	}
	if s.ids[id] {
		return
	}
	s.ids[id] = true
	s.order = append(s.order, id)
	if len(s.order) > maxAborted {
		delete(s.ids, s.order[0])
		s.order = s.order[1:]
	}
}

// take reports whether id was added, and removes it: a task that was aborted may come again.
func (s *idSet) take(id string) bool {
	there := s.ids[id]
	delete(s.ids, id)
	return there
}
