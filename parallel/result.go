package parallel

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/unit"
)

// kind is what an AsyncResult is the result of.
type kind int

const (
	applied  kind = iota // a function called once per engine
	mapped               // a function applied to elements
	executed             // code
	moved                // Push, Pull, Scatter, Gather
)

// AsyncResult is the result to come of one or more tasks. A cell that ends in one waits for it and shows its values.
//
// All its methods may be called concurrently. Nothing is lost when nobody waits: the tasks run anyway.
type AsyncResult struct {
	link     *link
	kind     kind
	f        *codec.Func
	many     bool          // its value is a list even if it has one element
	title    string        // of the progress bar; "": the function's name
	silent   bool          // of executed code: no outputs
	noBlock  bool          // Show does not wait
	group    string        // of executed code: see PxOptions.GroupOutputs
	barAfter time.Duration // see PxOptions.ProgressAfter; 0: the default
	metadata json.RawMessage
	started  time.Time
	gather   func(r *AsyncResult) (any, error) // makes the value from the parts; nil: see value

	done chan struct{} // closed when all parts are finished and there are no more to come

	mu       sync.Mutex
	parts    []*part                  // guarded by mu, like all below; only grows
	left     int                      // parts without an outcome
	more     func(last *part) []*part // makes further parts when one is finished; nil when there are no more
	elements int                      // of all parts to come
	complete int                      // elements of finished parts
	out      []reflect.Value          // of a map: a slice for each of the function's results
	misuse   error                    // why nothing was sent
	ended    time.Time                // zero until done
	detach   func() bool              // ends the watch of ApplyContext's context
	then     func()                   // called once when done; may be nil
}

func newResult(l *link, k kind, elements int) *AsyncResult {
	return &AsyncResult{link: l, kind: k, elements: elements, started: time.Now(), done: make(chan struct{})}
}

// failedResult is the result of what was not sent.
func failedResult(err error) *AsyncResult {
	r := &AsyncResult{misuse: err, started: time.Now(), ended: time.Now(), done: make(chan struct{})}
	close(r.done)
	return r
}

// add appends a part that is to be sent.
func (r *AsyncResult) add(p *part) {
	p.result, p.ran = r, -1
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts = append(r.parts, p)
	r.left++
}

// send sends parts that were added. A result without parts is done.
func (r *AsyncResult) send(parts []*part) {
	if len(parts) == 0 {
		r.conclude()
		return
	}
	for _, p := range parts {
		if r.follows() {
			p.outputs = newOutputs(r.group != "")
		}
		p.transmit()
	}
}

// follows reports whether the outputs of parts are followed to their end. A map of many parts relays them as they come.
func (r *AsyncResult) follows() bool { return r.kind == executed || r.elements <= maxFollowed }

// maxFollowed bounds the tasks of a result whose outputs are waited for before it is shown.
const maxFollowed = 512

// prepareMap makes room for the results of n elements.
func (r *AsyncResult) prepareMap(n int) {
	t := r.f.Type()
	for i := range t.NumOut() {
		if i == t.NumOut()-1 && t.Out(i) == reflect.TypeFor[error]() {
			break
		}
		r.out = append(r.out, reflect.MakeSlice(reflect.SliceOf(t.Out(i)), n, n))
	}
}

// finished counts a part that has its outcome, and sends more if there are more.
func (r *AsyncResult) finished(p *part) {
	if p.err == nil && r.kind == mapped {
		p.err = r.store(p)
	}
	p.call = nil // its buffers are not needed any more
	r.mu.Lock()
	r.left--
	r.complete += p.n // none for a prelude
	var next []*part
	if r.more != nil {
		next = r.more(p)
		for _, n := range next {
			n.result, n.ran = r, -1
		}
		r.parts = append(r.parts, next...)
		r.left += len(next)
	}
	over := r.left == 0
	r.mu.Unlock()
	if len(next) > 0 {
		r.send(next)
		return
	}
	if over {
		r.conclude()
	}
}

// conclude ends the result; only the first call counts.
func (r *AsyncResult) conclude() {
	r.mu.Lock()
	if !r.ended.IsZero() {
		r.mu.Unlock()
		return
	}
	r.ended = time.Now()
	detach, then := r.detach, r.then
	r.mu.Unlock()
	if detach != nil {
		detach()
	}
	if then != nil {
		then()
	}
	close(r.done)
}

// store copies the values of a part of a map to their places.
func (r *AsyncResult) store(p *part) error {
	if len(p.values) != len(r.out) {
		return fmt.Errorf("task %s returned %d results, want %d", p.id, len(p.values), len(r.out))
	}
	for i, v := range p.values {
		s := reflect.ValueOf(v)
		if !s.IsValid() || s.Type() != r.out[i].Type() || s.Len() != p.n {
			return fmt.Errorf("task %s returned %T, want %d × %v", p.id, v, p.n, r.out[i].Type().Elem())
		}
		reflect.Copy(r.out[i].Slice(p.first, p.first+p.n), s)
	}
	p.values = nil
	return nil
}

// cancelledBy cancels the tasks when ctx ends before they do.
func (r *AsyncResult) cancelledBy(ctx context.Context) *AsyncResult {
	detach := context.AfterFunc(ctx, func() { _ = r.Cancel() }) // best effort: the hub or engine may be gone
	r.mu.Lock()
	r.detach = detach
	over := !r.ended.IsZero()
	r.mu.Unlock()
	if over {
		detach()
	}
	return r
}

// Done is closed when the result is there.
func (r *AsyncResult) Done() <-chan struct{} { return r.done }

// Ready reports whether the result is there.
func (r *AsyncResult) Ready() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// Wait blocks until the result is there, at most for timeout, and reports whether it is. A timeout of 0 or less waits
// without limit. It ends early when the cell is interrupted.
func (r *AsyncResult) Wait(timeout time.Duration) bool {
	ctx := unit.Context()
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	return r.WaitContext(ctx) == nil
}

// WaitContext blocks until the result is there (nil) or ctx ended (its error). The tasks go on.
func (r *AsyncResult) WaitContext(ctx context.Context) error {
	select {
	case <-r.done:
		return nil
	default:
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Get blocks until the result is there and returns its values: of a call on one engine, the function's results; of a call
// on several, a value for each engine; of a map, one for each index; of code, the texts of its values. The error is a
// *RemoteError, a *TaskErrors, or about what was wrong before anything was sent; values that are there come with it.
func (r *AsyncResult) Get() ([]any, error) { return r.GetContext(unit.Context()) }

// GetContext is Get that gives up, but does not cancel the tasks, when ctx ends.
func (r *AsyncResult) GetContext(ctx context.Context) ([]any, error) {
	if err := r.WaitContext(ctx); err != nil {
		return nil, err
	}
	return r.values(), r.Err()
}

// Err returns how the tasks failed: nil, a *RemoteError for one task, *TaskErrors for several. Before the result is
// there it is about those that are finished.
func (r *AsyncResult) Err() error {
	errs := r.Errors()
	switch {
	case len(errs) == 0:
		return nil
	case len(errs) == 1:
		return errs[0]
	}
	return &TaskErrors{Errors: errs}
}

// Errors returns the errors of the tasks that failed so far.
func (r *AsyncResult) Errors() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.misuse != nil {
		return []error{r.misuse}
	}
	if r.ended.IsZero() {
		return nil // a part's outcome may be being written
	}
	var errs []error
	for _, p := range r.parts {
		if p.err != nil && (p.after == nil || p.after.err == nil) { // a prelude's error causes the other
			errs = append(errs, p.err)
		}
	}
	return errs
}

// Progress returns how many of the result's elements are there, and how many there will be: engines of a call, indexes of
// a map.
func (r *AsyncResult) Progress() (done, total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.complete, r.elements
}

// Elapsed returns how long the tasks have been under way, or took.
func (r *AsyncResult) Elapsed() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended.IsZero() {
		return time.Since(r.started)
	}
	return r.ended.Sub(r.started)
}

// SerialTime returns how long the engines worked in all, which is what one of them would have taken.
func (r *AsyncResult) SerialTime() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	var d time.Duration
	if !r.ended.IsZero() {
		for _, p := range r.parts {
			d += p.took
		}
	}
	return d
}

// Engines returns the id of the engine that ran each task, -1 where it is not known.
func (r *AsyncResult) Engines() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []int
	if !r.ended.IsZero() {
		for _, p := range r.parts {
			ids = append(ids, p.ran)
		}
	}
	return ids
}

// String tells how far the result is; it does not wait.
func (r *AsyncResult) String() string {
	if r == nil {
		return "<nil>"
	}
	done, total := r.Progress()
	if !r.Ready() {
		return fmt.Sprintf("AsyncResult: %d of %d", done, total)
	}
	if err := r.Err(); err != nil {
		return "AsyncResult: " + err.Error()
	}
	return fmt.Sprintf("AsyncResult: %d done", total)
}

// Cancel aborts the tasks that wait and stops those that run. It does not wait for them to end; they end with ErrAborted.
func (r *AsyncResult) Cancel() error {
	if r.link == nil {
		return nil // nothing was sent
	}
	r.mu.Lock()
	r.more = nil
	var ids []string
	targets := map[*Engine]bool{}
	r.mu.Unlock()
	r.link.mu.Lock()
	for id, p := range r.link.pending {
		if p.result != r {
			continue
		}
		ids = append(ids, id)
		if p.engine != nil {
			targets[p.engine] = true
			continue
		}
		for _, e := range r.link.order { // whoever has it
			targets[e] = true
		}
	}
	r.link.mu.Unlock()
	var err error
	for e := range targets {
		content := abortRequest{Cancel: true}
		content.MsgIDs = ids
		if _, e := r.link.ask(control, e.uuid, "abort_request", content, nil); e != nil {
			err = e
		}
	}
	return err
}
