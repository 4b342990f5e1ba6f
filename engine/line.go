package engine

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/runner"
)

// lineLength is how many tasks are with the runner at once, of which it runs the first: enough that it never waits for the
// engine while tasks are tiny, so few that their arguments take little memory.
const lineLength = 32

// line holds the tasks that the runner has, in order. The runner goes from one to the next by itself, so that a tiny task does
// not cost a switch to the engine and back. When the runner dies, those it had not begun are run by the next one, in order.
type line struct {
	e    *Engine
	room chan struct{} // a token for each task in it

	mu     sync.Mutex
	tasks  []*lined      // guarded by mu, like all below: with the runner, or about to be
	broken bool          // the runner has died: restart hands the tasks to the next one
	empty  chan struct{} // closed when tasks becomes empty; nil while nobody waits for it
}

// lined is a task in a line.
type lined struct {
	ctx       context.Context // of Serve
	request   *jupyter.Request
	task      runner.Task
	finish    func(content any, err error)
	queued    *runner.Queued // nil while it is not with a runner; guarded by line.mu, like all below
	sent      bool           // it is with a runner, or was
	cancelled error          // why it shall end; nil: it shall not
}

func newLine(e *Engine) *line { return &line{e: e, room: make(chan struct{}, lineLength)} }

// put queues a task behind the others; it waits while the line is full.
func (l *line) put(ctx context.Context, r *jupyter.Request, t runner.Task) bool {
	select {
	case l.room <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	id := r.Header.MsgID
	k := &lined{ctx: ctx, request: r, task: t}
	e := l.e
	e.mu.Lock()
	if e.aborted.take(id) {
		e.mu.Unlock()
		<-l.room
		return false
	}
	e.running[id] = func(cause error) { l.cancel(k, cause) }
	e.mu.Unlock()
	e.kernel.Adopt(r.Message)
	k.finish = r.Defer()
	l.mu.Lock()
	l.tasks = append(l.tasks, k)
	broken := l.broken
	l.mu.Unlock()
	if !broken {
		l.send(k)
	}
	return true
}

// send gives a task to the runner. It is called for one task at a time, in order.
func (l *line) send(k *lined) {
	l.mu.Lock()
	k.sent = true
	l.mu.Unlock()
	q, err := l.e.config.Evaluator.Queue(k.ctx, k.task, func(res runner.TaskResult, err error) { l.done(k, res, err) })
	if err != nil {
		l.done(k, runner.TaskResult{}, err)
		return
	}
	l.mu.Lock()
	k.queued = q
	cancelled := k.cancelled
	l.mu.Unlock()
	if cancelled != nil {
		q.Cancel()
	}
}

// done takes what a task came to. It is called by whoever delivers the runner's output and must not wait for the runner.
func (l *line) done(k *lined, res runner.TaskResult, err error) {
	if errors.Is(err, runner.ErrNotBegun) {
		l.mu.Lock()
		k.sent, k.queued = false, nil
		first := !l.broken
		l.broken = true
		l.mu.Unlock()
		if first {
			l.e.tasks.Go(l.restart)
		}
		return
	}
	if res.Abandoned { // what else is in the line has not begun, and goes to the next runner
		l.e.tasks.Go(func() {
			l.e.replaceRunner(k.ctx)
			l.conclude(k, res, err)
		})
		return
	}
	l.conclude(k, res, err)
}

// restart gives the tasks that no runner has begun to the next one, in order.
func (l *line) restart() {
	for {
		l.mu.Lock()
		var next *lined
		for _, k := range l.tasks {
			if !k.sent {
				next = k
				break
			}
		}
		if next == nil {
			l.broken = false
			l.mu.Unlock()
			return
		}
		dropped := next.cancelled != nil
		l.mu.Unlock()
		if dropped {
			l.conclude(next, runner.TaskResult{Dropped: true}, nil)
			continue
		}
		l.send(next)
	}
}

// conclude replies to a task and takes it out of the line.
func (l *line) conclude(k *lined, res runner.TaskResult, err error) {
	e, r := l.e, k.request
	l.mu.Lock()
	cancelled := k.cancelled
	l.mu.Unlock()
	var failure *proto.RemoteError
	buffers := res.Buffers
	switch {
	case res.Dropped:
	case err != nil:
		failure = proto.NewRemoteError("runner error", "%v", err)
	case res.Error != nil:
		failure = exception(res.Error)
	default:
		if f, value := codec.FailureOf(res.Buffers); f != nil {
			buffers, failure = value, failed(f)
		}
	}
	e.mu.Lock()
	delete(e.running, r.Header.MsgID)
	e.mu.Unlock()
	r.Buffers = nil // the request is remembered for output that comes later; its data is not needed any more
	if res.Dropped || failure != nil && errors.Is(cancelled, errCancelled) {
		k.finish(e.abortedReply(r), nil)
	} else {
		k.finish(e.reply(r, res.Started, buffers, failure), nil)
	}
	l.mu.Lock()
	for i, t := range l.tasks {
		if t == k {
			l.tasks = append(l.tasks[:i], l.tasks[i+1:]...)
			break
		}
	}
	if len(l.tasks) == 0 && l.empty != nil {
		close(l.empty)
		l.empty = nil
	}
	l.mu.Unlock()
	<-l.room
}

// cancel ends a task: for errCancelled wherever it is, for another reason only if it runs.
func (l *line) cancel(k *lined, cause error) {
	l.mu.Lock()
	if cause == nil {
		cause = errInterrupted
		if len(l.tasks) > 0 && l.tasks[0] != k {
			l.mu.Unlock()
			return
		}
	}
	if k.cancelled == nil {
		k.cancelled = cause
	}
	q := k.queued
	l.mu.Unlock()
	if q == nil {
		return // send looks
	}
	q.Cancel()
}

// errInterrupted is why a task ends that was interrupted.
var errInterrupted = errors.New("interrupted")

// drop takes tasks out of the line that the runner has not begun.
func (l *line) drop(match func(id string) bool) {
	l.mu.Lock()
	var drop []*runner.Queued
	for _, k := range l.tasks {
		if k.queued != nil && match(k.request.Header.MsgID) {
			drop = append(drop, k.queued)
		}
	}
	l.mu.Unlock()
	for _, q := range drop {
		q.Drop()
	}
}

// settle waits until the line is empty; when ctx ends, its tasks are cancelled first.
func (l *line) settle(ctx context.Context) {
	stopped := ctx.Done()
	for {
		l.mu.Lock()
		if len(l.tasks) == 0 {
			l.mu.Unlock()
			return
		}
		if l.empty == nil {
			l.empty = make(chan struct{})
		}
		empty, tasks := l.empty, append([]*lined(nil), l.tasks...)
		l.mu.Unlock()
		select {
		case <-empty:
		case <-stopped:
			stopped = nil
			for _, k := range tasks {
				l.cancel(k, errCancelled)
			}
		}
	}
}

// inLine serves a task of an engine that runs one at a time.
func (e *Engine) inLine(ctx context.Context, r *jupyter.Request, content json.RawMessage) (any, error) {
	c, load, buffers, failure := e.prepare(r, content)
	if failure != nil {
		return e.reply(r, time.Now(), nil, failure), nil
	}
	if c.Func != nil && c.Func.Program != nil {
		e.line.settle(ctx)
		return e.task(ctx, r, func(ctx context.Context) ([][]byte, *proto.RemoteError) {
			return e.workers.call(ctx, r.Message, c, content, buffers)
		}), nil
	}
	if !e.line.put(ctx, r, runner.Task{ID: r.Header.MsgID, Load: load, Content: content, Buffers: buffers}) {
		return e.abortedReply(r), nil
	}
	return nil, nil
}
