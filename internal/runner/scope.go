package runner

import (
	"context"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/unit"
)

// goroutineLabels returns the calling goroutine's profiler labels. Goroutines inherit them from the one that starts them, so
// the address of a set of labels that only one scope has tells which job or task a goroutine belongs to.
//
//go:linkname goroutineLabels runtime/pprof.runtime_getProfLabel
func goroutineLabels() unsafe.Pointer

// scope is one job or task in the child, with all goroutines it started.
type scope struct {
	seq    uint64
	id     string
	born   time.Duration // since boot, see processesSince
	job    bool          // not a task
	silent bool
	stdin  bool            // it may ask for input
	ctx    context.Context // cancelled by stop, and with the result of a task
	cancel context.CancelFunc
	labels context.Context // keeps the labels, whose address identifies the scope, alive

	asked       chan struct{} // closed by stop
	gone        chan struct{} // closed when its last goroutine has ended
	interrupted sync.Once
	stopped     atomic.Bool
	late        atomic.Pointer[lateness] // what is done when it is stopped and does not end; nil: somebody waits for it
	live        atomic.Int64             // goroutines of cells, the main one included
	label       unsafe.Pointer

	mu      sync.Mutex
	ended   bool       // the result is sent; guarded by mu, like all below
	crash   *Exception // the first panic of a goroutine it started
	values  []any      // what its last expression shows
	payload []display.Payload
}

func (c *child) newScope(ctx context.Context, seq uint64, id string) *scope {
	s := &scope{seq: seq, id: id, born: sinceBoot(), asked: make(chan struct{}), gone: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.labels = pprof.WithLabels(ctx, pprof.Labels("job", s.name()))
	c.byseq.Store(seq, s)
	c.current.Store(s)
	return s
}

// enter makes the calling goroutine the main one of s.
func (c *child) enter(s *scope) {
	pprof.SetGoroutineLabels(s.labels)
	s.label = goroutineLabels()
	s.live.Add(1)
	c.scopes.Store(s.label, s)
}

// leave is called when a goroutine of s ends; the last one takes s out of the books.
func (c *child) leave(s *scope) {
	if s.live.Add(-1) == 0 {
		close(s.gone)
		c.scopes.Delete(s.label)
		c.stop.forget(s)
	}
}

// scope returns the scope of the calling goroutine, nil if it belongs to none.
func (c *child) scope() *scope {
	if p := goroutineLabels(); p != nil {
		if s, ok := c.scopes.Load(p); ok {
			return s.(*scope)
		}
	}
	return nil
}

// owner is scope, with the last job for goroutines whose own is unknown.
func (c *child) owner() *scope {
	if s := c.scope(); s != nil {
		return s
	}
	return c.current.Load()
}

// The following five are the hooks of package unit.

func (c *child) show(values []any) {
	if s := c.owner(); s != nil {
		s.mu.Lock()
		s.values = values
		s.mu.Unlock()
	}
}

func (c *child) started() func() {
	s := c.scope()
	if s == nil {
		return nil
	}
	s.live.Add(1)
	return func() { c.leave(s) }
}

func (c *child) stopped() error {
	if s := c.scope(); s != nil && s.stopped.Load() {
		return unit.ErrInterrupted
	}
	if c.stop.tooDeep() {
		return unit.ErrStackOverflow
	}
	return nil
}

func (c *child) context() context.Context {
	if s := c.scope(); s != nil {
		return s.ctx
	}
	return context.Background() // a goroutine that no job started
}

// panicked reports what a goroutine that a cell started panicked with: as the error of that cell, which ends with it as a Go
// program would, or on stderr when that has ended.
func (c *child) panicked(v any) {
	s := c.owner()
	ex := exceptionOf(v)
	if s == nil || ex.Name == nameInterrupted {
		return
	}
	s.mu.Lock()
	late := s.ended
	if !late && s.crash == nil {
		s.crash = ex
	}
	s.mu.Unlock()
	if late {
		_ = c.out.send(&frame{Kind: kindOutput, ID: s.id, Stream: "stderr", Text: ex.text()}) // fails with the parent gone
		return
	}
	c.stop.stop(s)
}

// grace is how long an interrupted job may take to end by itself. One that comes near the memory limit has more time: if it were
// left behind and went on to take memory, the process would be ended for it while a later, innocent cell runs.
const (
	grace       = 200 * time.Millisecond
	memoryGrace = 3 * time.Second
)

// patience is how long s may take to end now that it was stopped.
func (s *scope) patience() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.crash != nil && s.crash.Name == nameOutOfMemory {
		return memoryGrace
	}
	return grace
}

// lateness is what is done when a scope has not ended in grace.
type lateness struct{ do func() }

// start begins the time of grace; a second one is harmless, as do has an effect only once.
func (l *lateness) start() {
	if l != nil {
		time.AfterFunc(grace, l.do)
	}
}

// execute runs f as the main goroutine of s, until it ends or is interrupted and does not end. It returns what f panicked
// with, and whether its goroutine was abandoned.
func (c *child) execute(s *scope, f func()) (ex *Exception, abandoned bool) {
	done := make(chan *Exception, 1)
	go func() {
		c.enter(s)
		returned := false
		defer func() {
			var ex *Exception
			if v := recover(); v != nil {
				ex = exceptionOf(v)
			} else if !returned {
				ex = &Exception{Name: "exit", Value: "runtime.Goexit was called"}
			}
			c.leave(s)
			done <- ex
		}()
		f()
		returned = true
	}()
	select {
	case ex = <-done:
		return s.concluded(ex), false
	case <-s.asked:
	}
	timer := time.NewTimer(s.patience())
	defer timer.Stop()
	select {
	case ex = <-done:
		return s.concluded(ex), false
	case <-timer.C:
		if s.job && s.inC() {
			return &Exception{Name: nameInterrupted, Value: inCText, Fatal: true}, true
		}
		return s.verdict(&Exception{Name: nameInterrupted, Value: nameInterrupted}), true
	}
}

// concluded is verdict for a main goroutine that has ended: that of a job which was stopped may have ended because what it
// waited for did.
func (s *scope) concluded(ex *Exception) *Exception {
	if ex == nil && s.job && s.stopped.Load() {
		ex = &Exception{Name: nameInterrupted, Value: nameInterrupted}
	}
	return s.verdict(ex)
}

// verdict is the error of the scope: a goroutine's panic goes before what it caused in the main one.
func (s *scope) verdict(ex *Exception) *Exception {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.crash != nil {
		return s.crash
	}
	return ex
}

// finish marks s as ended and returns what it has shown.
func (s *scope) finish() (values []any, payload []display.Payload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	return s.values, s.payload
}

// stopper makes the goroutines of stopped scopes end. unit.Stop is one flag for all code of cells: while it is set, every check
// takes the slow path, which looks whether its own scope is meant. So it is set all the time for a second, which catches
// whatever computes, and afterwards, for goroutines that were blocked and come back, only now and then.
type stopper struct {
	wake  chan struct{} // capacity 1: a second signal says nothing more
	quiet atomic.Bool   // nothing is done for a moment, see asleep.go
	mu    sync.Mutex
	due   map[*scope]time.Time // stopped scopes with live goroutines, and when they were stopped; guarded by mu, like below
	deep  time.Time            // until when recursions that are too deep are looked for
}

const (
	huntEager = time.Second
	huntPause = 200 * time.Millisecond
	huntPulse = 2 * time.Millisecond
)

// stop stops s; it may be called more than once.
func (t *stopper) stop(s *scope) {
	s.interrupted.Do(func() {
		s.stopped.Store(true)
		s.cancel()
		t.mu.Lock()
		if t.due == nil {
			t.due = map[*scope]time.Time{}
		}
		t.due[s] = time.Now()
		t.mu.Unlock()
		unit.Stop.Store(1)
		close(s.asked)
		s.late.Load().start()
		select {
		case t.wake <- struct{}{}:
		default:
		}
	})
}

// forget is called when the last goroutine of s has ended.
func (t *stopper) forget(s *scope) {
	if !s.stopped.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.due, s)
	if len(t.due) == 0 && t.deep.IsZero() {
		unit.Stop.Store(0)
	}
}

// next sets the flag according to what is due and returns how long that holds; 0: until the next stop.
func (t *stopper) next(now time.Time, pulsed bool) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if left := t.deep.Sub(now); left > 0 {
		unit.Stop.Store(1)
		return left
	}
	t.deep = time.Time{}
	if len(t.due) == 0 {
		unit.Stop.Store(0)
		return 0
	}
	for _, at := range t.due {
		if left := huntEager - now.Sub(at); left > 0 {
			unit.Stop.Store(1)
			return left
		}
	}
	if pulsed {
		unit.Stop.Store(0)
		return huntPause
	}
	unit.Stop.Store(1)
	return huntPulse
}

// serve runs until ctx ends.
func (t *stopper) serve(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for pulsed := false; ; pulsed = !pulsed {
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-timer.C:
		}
		timer.Stop()
		if t.quiet.Load() {
			continue // resumed by a wake
		}
		if d := t.next(time.Now(), pulsed); d > 0 {
			timer.Reset(d)
		}
	}
}
