package parallel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/unit"
)

// Client is a list of engines: all of a cluster, or those that indexing and slicing selected. It is a snapshot; see
// Refresh and WaitForEngines for later ones.
type Client []*Engine

// Engine is one engine of a cluster.
type Engine struct {
	id   int
	uuid string // "" for the one that only holds the link
	link *link
}

// ID returns the engine's number, which stays the same as long as it lives and is never given to another one.
func (e *Engine) ID() int { return e.id }

// Alive reports whether the engine is still registered.
func (e *Engine) Alive() bool { return e.link.alive(e) }

// String returns "engine 3".
func (e *Engine) String() string { return fmt.Sprintf("engine %d", e.id) }

// newClient returns engines with, behind the end, one that holds the link: so a Client without engines can wait for some.
func newClient(l *link, engines []*Engine) Client {
	c := make(Client, len(engines), len(engines)+1)
	copy(c, engines)
	c[:cap(c)][len(c)] = &Engine{id: -1, link: l}
	return c
}

// errEmpty is the misuse of a Client that holds no engine and never did.
var errEmpty = fmt.Errorf("this list holds no engines: %w", ErrNoEngines)

// connection returns the link of the engines.
func (c Client) connection() (*link, error) {
	if len(c) > 0 && c[0] != nil {
		return c[0].link, nil
	}
	if all := c[:cap(c)]; len(all) > 0 && all[len(all)-1] != nil {
		return all[len(all)-1].link, nil
	}
	return nil, errEmpty
}

// IDs returns the engines' ids.
func (c Client) IDs() []int {
	ids := make([]int, len(c))
	for i, e := range c {
		ids[i] = e.id
	}
	return ids
}

// Engine returns the engine with the given id, which is not its index: ids of engines that ended are not used again.
func (c Client) Engine(id int) (*Engine, error) {
	for _, e := range c {
		if e.id == id {
			return e, nil
		}
	}
	return nil, fmt.Errorf("there is no engine %d; there are %v", id, c.IDs())
}

// String returns what a cell that ends in a Client shows.
func (c Client) String() string {
	if len(c) == 1 {
		return c[0].String()
	}
	return fmt.Sprintf("%d engines %v", len(c), c.IDs())
}

// Refresh returns the engines that are registered now.
func (c Client) Refresh() (Client, error) {
	l, err := c.connection()
	if err != nil {
		return nil, err
	}
	now, _, err := l.snapshot()
	return now, err
}

// WaitForEngines blocks until at least n engines are registered, at most a minute, and returns all of them.
func (c Client) WaitForEngines(n int) (Client, error) {
	ctx, cancel := context.WithTimeout(unit.Context(), time.Minute)
	defer cancel()
	return c.WaitForEnginesContext(ctx, n)
}

// WaitForEnginesContext is WaitForEngines that gives up when ctx ends.
func (c Client) WaitForEnginesContext(ctx context.Context, n int) (Client, error) {
	l, err := c.connection()
	if err != nil {
		return nil, err
	}
	for {
		now, changed, err := l.snapshot()
		if err != nil {
			return nil, err
		}
		if len(now) >= n {
			return now, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return now, fmt.Errorf("%d of %d engines are registered: %w", len(now), n, ErrTimeout)
			}
			return now, ctx.Err()
		}
	}
}

// Close ends the connection of all the engines; what waits for a result gets ErrClosed. It blocks until what was sent has
// gone out, at most 2 s. It may be called more than once.
func (c Client) Close() error {
	l, err := c.connection()
	if err != nil {
		return nil // there is nothing to close
	}
	return l.close(ErrClosed)
}

// Queue is the load of an engine.
type Queue struct {
	Engine    int // its id
	Direct    int // tasks sent to it that are not finished
	Balanced  int // load-balanced tasks given to it that are not finished
	Completed int // tasks finished
}

// QueueStatus asks the hub for the load of the engines, in their order, and for the number of load-balanced tasks that
// wait for an engine. It blocks for the answer.
func (c Client) QueueStatus() (queues []Queue, waiting int, err error) {
	l, err := c.connection()
	if err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithTimeout(unit.Context(), queryTime)
	defer cancel()
	var r proto.QueueReply
	request := proto.QueueRequest{Targets: &proto.IntList{IDs: c.IDs()}}
	if err := l.query(ctx, registration, "", proto.QueueRequestType, request, &r); err != nil {
		return nil, 0, err
	}
	for _, e := range c {
		q := r.Engines[e.id]
		queues = append(queues, Queue{e.id, q.Queue.N, q.Tasks.N, q.Completed.N})
	}
	return queues, r.Unassigned.N, nil
}

// queryTime bounds the wait for an answer of the hub or of an engine's control channel.
const queryTime = 10 * time.Second

// abortRequest is ipyparallel's abort_request; Cancel also stops tasks that run, which only gopar's engines do.
type abortRequest struct {
	proto.AbortRequest
	Cancel bool `json:"cancel,omitempty"`
}

// Abort aborts everything that waits on the engines, and stops what runs. It blocks until they answered.
func (c Client) Abort() error {
	return c.control(unit.Context(), proto.AbortRequestType, abortRequest{Cancel: true})
}

// Interrupt ends the cell that runs on each engine, which keeps its values.
func (c Client) Interrupt() error {
	return c.control(unit.Context(), "interrupt_request", struct{}{})
}

// Clear forgets the variables and declarations of the engines. It blocks until they answered.
func (c Client) Clear() error {
	return c.control(unit.Context(), proto.ClearRequestType, struct{}{})
}

// Shutdown ends the engines and blocks until they answered. The hub goes on; see Cluster.Stop.
func (c Client) Shutdown() error {
	return c.control(unit.Context(), proto.ShutdownRequestType, map[string]bool{"restart": false})
}

// control sends a request to the control channel of each engine and waits for all replies.
func (c Client) control(ctx context.Context, msgType string, content any) error {
	l, err := c.connection()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	errs := make(chan error, len(c))
	for _, e := range c {
		go func() { // waited for below
			var ok json.RawMessage
			err := l.query(ctx, control, e.uuid, msgType, content, &ok)
			if err != nil {
				err = fmt.Errorf("engine %d: %w", e.id, err)
			}
			errs <- err
		}()
	}
	var all []error
	for range c {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}
