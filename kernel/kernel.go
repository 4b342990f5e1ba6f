// Package kernel is a Jupyter kernel: it serves the messages of front ends by
// one table of handlers and runs cells through an [Evaluator], which knows the
// language. A file named after a request holds its handler and nothing else;
// files named magics… hold the % commands.
//
// It is not a compiler and runs no user code in its own process, except the
// commands of !cmd and %%bash, which are child processes. It does not know
// clusters: an engine is a Kernel with more rows in its table ([Kernel.Handle]),
// served on a connection to a hub.
//
// Invariants:
//
//   - Cells run one at a time, in the order of their requests, whatever subshell
//     they came from.
//   - Everything a cell shows is published before its reply, and the reply
//     before idle; what it shows later carries the same parent.
//   - Interrupting, completing, inspecting and the history answer while a cell
//     runs.
//   - An error of a cell is one error message and one error reply.
//
// Locks: Kernel.mu is a leaf; it is not held while anything is published or
// called.
package kernel

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// stopGrace is how long a cell may take to end when the kernel stops, before
// the evaluator is closed by force: as long as Jupyter waits before it kills
// the kernel, less what the rest needs.
const stopGrace = 3 * time.Second

// engineInfo is the field that tells on which engine an error happened.
const engineInfo = "engine_info"

// Config says what a Kernel is made of.
type Config struct {
	// Evaluator runs the cells. It belongs to the caller, who closes it.
	Evaluator Evaluator
	// History stores what was run. Default: in memory, forgotten at the end.
	History *History
	// Version is gopar's version for kernel_info. Default: "0".
	Version string
	// Comms are the comm targets by name. Default: none; comm_open is refused.
	Comms map[string]CommTarget
	// Exe is the gopar binary that %cluster starts. Default: os.Executable.
	Exe string
	// ReplyMetadata returns what is added to the metadata of the execute_reply
	// to a request; an engine echoes its hub's fields. What it has as
	// "engine_info" becomes part of the content of error replies, too, where
	// ipyparallel's clients look for it. Default: nothing.
	ReplyMetadata func(request *jupyter.Message) map[string]any
	// Listening, if not nil, is called by Run when the channels are bound, with
	// the ports that were chosen. Default: nil.
	Listening func(jupyter.ConnectionInfo)
	// Log receives life events and what goes wrong. The zero value discards.
	Log logr.Logger
}

// setDefaults fills in what the zero value leaves open.
func (c *Config) setDefaults() {
	if c.Log.GetSink() == nil {
		c.Log = logr.Discard()
	}
	if c.History == nil {
		c.History = NewHistory()
	}
	if c.Version == "" {
		c.Version = "0"
	}
	if c.ReplyMetadata == nil {
		c.ReplyMetadata = func(*jupyter.Message) map[string]any { return nil }
	}
}

// Kernel is one Jupyter kernel: the state of a session and the handlers that
// front ends reach it by.
type Kernel struct {
	config    Config
	evaluator Evaluator
	history   *History
	log       logr.Logger
	mux       *jupyter.Mux
	sink      *sink
	usage     usageMeter
	cells     chan struct{} // holds one token while a cell runs

	mu      sync.Mutex
	conn    *jupyter.Conn      // guarded by mu; nil while not serving
	stop    context.CancelFunc // guarded by mu; ends Serve, nil while not serving
	ended   bool               // guarded by mu: a shutdown_request came
	count   int                // guarded by mu: the last In[N]; only grows
	running *execution         // guarded by mu: the cell that runs, or nil
	mode    Mode               // guarded by mu: of cells that do not say theirs
	comms   map[string]*comm   // guarded by mu: open ones by id
}

// New returns a Kernel that is ready to Serve. It calls the evaluator's SetSink.
func New(c Config) *Kernel {
	c.setDefaults()
	k := &Kernel{
		config:    c,
		evaluator: c.Evaluator,
		history:   c.History,
		log:       c.Log,
		cells:     make(chan struct{}, 1), // one cell at a time
		comms:     make(map[string]*comm),
	}
	k.sink = newSink(k)
	k.mux = jupyter.NewMux(map[string]jupyter.Handler{
		"execute_request":         jupyter.On("execute_reply", k.execute).OnAbort(k.aborted),
		"complete_request":        jupyter.On("complete_reply", k.complete).Aside(),
		"inspect_request":         jupyter.On("inspect_reply", k.inspect).Aside(),
		"is_complete_request":     jupyter.On("is_complete_reply", k.isComplete).Aside(),
		"history_request":         jupyter.On("history_reply", k.historyQuery).Aside(),
		"kernel_info_request":     jupyter.On("kernel_info_reply", k.info).Aside(),
		"comm_info_request":       jupyter.On("comm_info_reply", k.commInfo).Aside(),
		"comm_open":               jupyter.On("", k.commOpen).Aside().Quiet(k.ownComm),
		"comm_msg":                jupyter.On("", k.commMsg).Aside().Quiet(k.ownComm),
		"comm_close":              jupyter.On("", k.commClose).Aside().Quiet(k.ownComm),
		"interrupt_request":       jupyter.On("interrupt_reply", k.interrupt).Aside(),
		"shutdown_request":        jupyter.On("shutdown_reply", k.shutdown).Aside(),
		"create_subshell_request": jupyter.On("create_subshell_reply", k.createSubshell).Aside(),
		"delete_subshell_request": jupyter.On("delete_subshell_reply", k.deleteSubshell).Aside(),
		"list_subshell_request":   jupyter.On("list_subshell_reply", k.listSubshells).Aside(),
		"usage_request":           jupyter.On("usage_reply", k.usageQuery).Aside(),
	})
	k.evaluator.SetSink(k.sink)
	return k
}

// Handle sets the handler of a message type, in place of the one the table has.
// Call it before Serve.
func (k *Kernel) Handle(msgType string, h jupyter.Handler) { k.mux.Handle(msgType, h) }

// Abort cancels the waiting requests that match and can be aborted, and returns
// how many; they are answered with status aborted when their turn comes.
func (k *Kernel) Abort(match func(*jupyter.Message) bool) int { return k.mux.Abort(match) }

// Adopt makes request the parent of what the evaluator shows under its message
// id, for work beside cells. Only the latest few hundred are remembered.
func (k *Kernel) Adopt(request *jupyter.Message) { k.sink.adopt(request, false) }

// Serve serves the front ends of conn until a shutdown_request (nil) or until
// ctx ends (its error). It does not close conn or the evaluator: what was sent
// last goes out when the caller closes conn. It may be called again, with
// another conn, after it returned.
func (k *Kernel) Serve(ctx context.Context, conn *jupyter.Conn) error {
	serving, stop := context.WithCancel(ctx)
	defer stop()
	k.mu.Lock()
	if k.conn != nil {
		k.mu.Unlock()
		return errors.New("kernel: Serve is running already")
	}
	k.conn, k.stop, k.ended = conn, stop, false
	k.mu.Unlock()
	if err := conn.Publish(nil, "status", jupyter.Status{ExecutionState: jupyter.Starting}); err != nil {
		k.log.Error(err, "status not published")
	}
	k.log.Info("kernel serves", "session", conn.Session().ID)

	served := make(chan error, 1)
	go func() { served <- k.mux.Serve(serving, conn) }()
	var err error
	select {
	case err = <-served:
	case <-serving.Done():
		err = k.await(ctx, served)
	}
	k.closeComms()
	k.mu.Lock()
	k.conn, k.stop = nil, nil
	ended := k.ended
	k.mu.Unlock()
	k.log.Info("kernel ends", "session", conn.Session().ID, "asked", ended)
	if err == nil && !ended {
		err = ctx.Err()
	}
	return err
}

// await waits for the handlers to return, and closes the evaluator by force
// when a cell does not.
func (k *Kernel) await(ctx context.Context, served <-chan error) error {
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case err := <-served:
		return err
	case <-timer.C:
	}
	force, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cancel()
	err := k.evaluator.Close(force)
	return errors.Join(<-served, err)
}

// Interrupt ends the cell that runs, whatever it is at: being built, running,
// waiting for input or for a shell command. Without one it does nothing.
func (k *Kernel) Interrupt() {
	k.mu.Lock()
	e := k.running
	k.mu.Unlock()
	if e != nil {
		// Not the evaluator's Interrupt: what runs there may be the next cell by
		// now, or nothing yet.
		e.interrupt()
	}
}

// publish sends an iopub message to the front ends of the connection that is
// served, if there is one.
func (k *Kernel) publish(parent *jupyter.Message, msgType string, content any, opts ...jupyter.SendOption) {
	k.mu.Lock()
	conn := k.conn
	k.mu.Unlock()
	if conn == nil {
		return
	}
	if err := conn.Publish(parent, msgType, content, opts...); err != nil {
		k.log.Error(err, "output not published", "type", msgType)
	}
}
