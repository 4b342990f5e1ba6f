package runner

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gopar-project/gopar/internal/codec"
)

// line is the child's side of Runner.Queue: the tasks that run one after the other.
type line struct {
	c      *child
	ctx    context.Context
	shared *shared
	parser codec.Parser
	pipes  [2]int // descriptors of stdout and stderr that cells cannot close

	mu    sync.Mutex
	work  sync.Cond // of mu: tasks is not empty
	tasks []lined   // guarded by mu: those that wait
}

type lined struct {
	seq  uint64
	task *Task
}

// newLine returns a line and starts its goroutine, which ends with the process: a task cannot be waited for.
func newLine(ctx context.Context, c *child, s *shared) *line {
	l := &line{c: c, ctx: ctx, shared: s}
	l.work.L = &l.mu
	for i, f := range c.std.saved {
		l.pipes[i] = int(f.Fd())
	}
	go l.serve()
	return l
}

func (l *line) put(seq uint64, t *Task) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tasks = append(l.tasks, lined{seq, t})
	l.work.Signal()
}

// drop answers a task that waits, and reports false for one that has begun.
func (l *line) drop(seq uint64) bool {
	l.mu.Lock()
	found := false
	for i, t := range l.tasks {
		if t.seq == seq {
			l.tasks = append(l.tasks[:i:i], l.tasks[i+1:]...)
			found = true
			break
		}
	}
	l.mu.Unlock()
	if found {
		now := time.Now()
		l.c.result(&frame{Kind: kindResult, Seq: seq, Result: &outcome{Dropped: true, Started: now, Ended: now}})
	}
	return found
}

// serve runs tasks until one takes its goroutine away: by runtime.Goexit, after which another serves, or by not ending when it
// is interrupted, after which the parent has to replace the process.
func (l *line) serve() {
	for l.one(l.next()) {
	}
}

func (l *line) next() lined {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.tasks) == 0 {
		l.work.Wait()
	}
	t := l.tasks[0]
	l.tasks[0] = lined{}
	l.tasks = l.tasks[1:]
	return t
}

// one runs a task on the calling goroutine, and reports whether that is free again.
func (l *line) one(t lined) (free bool) {
	c := l.c
	s := c.newScope(l.ctx, t.seq, t.task.ID)
	l.shared.begin(t.seq)
	o := &outcome{Started: time.Now()}
	var settled atomic.Bool // the result is sent, or about to be
	s.late.Store(&lateness{func() {
		if settled.CompareAndSwap(false, true) {
			o := &outcome{Started: o.Started, Abandoned: true, Error: s.verdict(&Exception{Name: nameInterrupted, Value: nameInterrupted})}
			l.conclude(s, o, nil)
		}
	}})
	if s.stopped.Load() { // before it was told what to do when late
		s.late.Load().start()
	}
	var buffers [][]byte
	var ex *Exception
	returned := false
	defer func() {
		if !returned {
			if v := recover(); v != nil {
				ex = exceptionOf(v)
			} else {
				ex = &Exception{Name: "exit", Value: "runtime.Goexit was called"}
				go l.serve() // as newLine
			}
		}
		c.leave(s)
		if !settled.CompareAndSwap(false, true) {
			free = false
			return
		}
		o.Error = s.concluded(ex)
		if o.Error != nil {
			buffers = nil
		}
		l.conclude(s, o, buffers)
		free = true
	}()
	c.enter(s)
	if err := c.load.open(t.task.Load); err != nil {
		ex = errorOf(err)
	} else if content, err := l.parser.Parse(t.task.Content); err != nil {
		ex = errorOf(err)
	} else if buffers, err = content.Invoke(s.ctx, t.task.Buffers); err != nil {
		ex = errorOf(err)
	}
	returned = true
	return
}

// conclude sends the result of a task once the parent knows all it wrote.
func (l *line) conclude(s *scope, o *outcome, buffers [][]byte) {
	s.finish()
	s.cancel()
	o.Ended = time.Now()
	l.c.byseq.Delete(s.seq)
	if !l.shared.dry(l.pipes) {
		_ = l.c.ask(context.Background(), &frame{Kind: kindDisplay, ID: s.id}, nil) // the parent reads all, or is gone
	}
	l.c.result(&frame{Kind: kindResult, Seq: s.seq, Result: o, Buffers: buffers})
}
