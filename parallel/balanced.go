package parallel

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/proto"
)

// LoadBalancedView runs each task on the engine that has room for it.
type LoadBalancedView struct {
	engines Client
	chunk   int // elements per task of a map; 0: adaptive
	meta    proto.TaskMetadata
	all     bool // any engine of the cluster, also one that joins later
}

// ViewOption changes how a LoadBalancedView runs tasks.
type ViewOption func(*LoadBalancedView)

// Chunk makes Map send n elements per task. Default: as many as take about 20 ms, so that tiny ones do not drown in
// messages and long ones are spread.
func Chunk(n int) ViewOption { return func(v *LoadBalancedView) { v.chunk = max(0, n) } }

// Retries makes a task that fails run again, on another engine if there is one, up to n times. Default: 0.
func Retries(n int) ViewOption { return func(v *LoadBalancedView) { v.meta.Retries = max(0, n) } }

// DependencyTimeout bounds how long a task waits before it runs: for those of After and Follow, and for an engine. Default: for
// ever.
func DependencyTimeout(d time.Duration) ViewOption {
	return func(v *LoadBalancedView) { v.meta.Timeout = d.Seconds() }
}

// TaskTimeout bounds how long a task may run: then it is cancelled, and its error says so. What it waits before it runs does not
// count. Default: for ever.
func TaskTimeout(d time.Duration) ViewOption {
	return func(v *LoadBalancedView) { v.meta.Limit = max(0, d).Seconds() }
}

// Priority puts tasks before all those of a lower priority that wait, whoever sent them; it does not interrupt what runs.
// Within a priority, clients take turns. It is between -100 and 100. Default: 0.
func Priority(n int) ViewOption { return func(v *LoadBalancedView) { v.meta.Priority = n } }

// Near makes tasks prefer, among engines that are equally busy, one that had a task near the same key: what such tasks load or
// keep in memory is there. The key is any text of at most 256 bytes. Default: none.
func Near(key string) ViewOption { return func(v *LoadBalancedView) { v.meta.Near = key } }

// AtMostOnce makes a task that an engine had begun when it died fail, instead of running again on another. Default: it runs
// again, until it has been running when 3 engines died.
func AtMostOnce() ViewOption { return func(v *LoadBalancedView) { v.meta.Once = true } }

// After makes tasks wait until those of results have succeeded.
func After(results ...*AsyncResult) ViewOption {
	return func(v *LoadBalancedView) { v.meta.After = dependency(results) }
}

// Follow makes tasks run on an engine where those of results ran, after they have succeeded.
func Follow(results ...*AsyncResult) ViewOption {
	return func(v *LoadBalancedView) { v.meta.Follow = dependency(results) }
}

// Label names tasks in the hub's records.
func Label(name string) ViewOption { return func(v *LoadBalancedView) { v.meta.Label = &name } }

func dependency(results []*AsyncResult) proto.Dependency {
	d := proto.Dependency{All: true, Success: true}
	for _, r := range results {
		d.IDs = append(d.IDs, r.IDs()...)
	}
	return d
}

// IDs returns the ids of the tasks that were sent so far.
func (r *AsyncResult) IDs() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for _, p := range r.parts {
		if p.id != "" {
			ids = append(ids, p.id)
		}
	}
	return ids
}

// LoadBalancedView returns a view that runs tasks on whichever of the engines has room. With all engines of the cluster,
// also those that join later take part.
func (c Client) LoadBalancedView(opts ...ViewOption) *LoadBalancedView {
	v := &LoadBalancedView{engines: c}
	for _, o := range opts {
		o(v)
	}
	if l, err := c.connection(); err == nil {
		now, _, _ := l.snapshot() // a failed link shows when a task is sent
		v.all = len(now) <= len(c)
		for i := range min(len(now), len(c)) {
			v.all = v.all && now[i] == c[i]
		}
	}
	if !v.all {
		for _, e := range c {
			v.meta.Targets = append(v.meta.Targets, e.uuid)
		}
	}
	return v
}

// With returns a view like v with further options.
func (v *LoadBalancedView) With(opts ...ViewOption) *LoadBalancedView {
	w := *v
	for _, o := range opts {
		o(&w)
	}
	return &w
}

// Apply calls f with args on one engine and returns at once; see Client.Apply.
func (v *LoadBalancedView) Apply(f any, args ...any) *AsyncResult {
	l, meta, err := v.ready()
	if err != nil {
		return failedResult(misuse(err))
	}
	fn, err := functionOf(f)
	if err != nil {
		return failedResult(misuse(err))
	}
	call, err := fn.Pack(args)
	if err != nil {
		return failedResult(misuse(err))
	}
	r := newResult(l, applied, 1)
	r.f, r.metadata = fn, meta
	r.add(&part{channel: taskChannel, call: call, n: 1})
	r.send(r.parts)
	return r
}

// ready returns what is needed to send tasks.
func (v *LoadBalancedView) ready() (*link, json.RawMessage, error) {
	l, err := v.engines.connection()
	if err != nil {
		return nil, nil, err
	}
	now, _, err := l.snapshot()
	if err != nil {
		return nil, nil, err
	}
	if len(now) == 0 || !v.all && len(v.engines) == 0 {
		return nil, nil, ErrNoEngines
	}
	meta, err := json.Marshal(v.meta)
	return l, meta, err
}

const (
	// chunkTime is how long a chunk of a map should take: long against the cost of a message, short against a person's patience.
	chunkTime = 20 * time.Millisecond
	// perEngine is how many chunks of a map are under way for each engine: one that runs, others so that it does not wait.
	perEngine = 4
	// fixedWindow is the same for chunks of a fixed size, which may be very short.
	fixedWindow = 64
)

// Map applies f to the elements of slices with equal index: to the first of each, to the second, …, each wherever there
// is room. The result has a value for each index, in order. After an error no further elements are sent.
//
// The slices must not change until the result is there.
func (v *LoadBalancedView) Map(f any, slices ...any) *AsyncResult {
	l, meta, err := v.ready()
	if err != nil {
		return failedResult(misuse(err))
	}
	fn, m, err := mappingOf(f, slices)
	if err != nil {
		return failedResult(misuse(err))
	}
	r := newResult(l, mapped, m.Len())
	r.f, r.many, r.metadata = fn, true, meta
	r.prepareMap(m.Len())
	b := &balancing{m: m, fixed: v.chunk, engines: func() int {
		if !v.all {
			return len(v.engines)
		}
		now, _, _ := l.snapshot() // when the link failed, nothing is sent any more
		return max(1, len(now))
	}}
	r.mu.Lock()
	parts := b.next(nil)
	for _, p := range parts {
		p.result, p.ran = r, -1
	}
	r.parts, r.left, r.more = parts, len(parts), b.next
	r.mu.Unlock()
	r.send(parts)
	return r
}

// balancing cuts a map into chunks, as many at a time as keep the engines busy.
type balancing struct {
	m       *codec.Mapping
	fixed   int
	engines func() int
	at      int           // the next element
	out     int           // chunks under way
	each    time.Duration // what an element takes, smoothed; 0: not known yet
	failed  bool
}

// next returns the chunks to send when the chunk last is finished; nil at the start.
func (b *balancing) next(last *part) []*part {
	window := perEngine * b.engines()
	if b.fixed > 0 {
		window = fixedWindow * b.engines()
	}
	if last != nil {
		b.out--
		b.failed = b.failed || last.err != nil
		b.learn(last)
	}
	var parts []*part
	for b.out < window && b.at < b.m.Len() && !b.failed {
		n := min(b.size(window), b.m.Len()-b.at)
		call, err := b.m.Pack(b.at, b.at+n)
		p := &part{channel: taskChannel, first: b.at, n: n, call: call}
		if err != nil {
			// Nothing was sent: the part is finished as it is added.
			b.failed = true
			p.broken = fmt.Errorf("elements %d to %d: %w", b.at, b.at+n, err)
		} else {
			call.Content.First = b.at
		}
		parts = append(parts, p)
		b.at += n
		b.out++
	}
	return parts
}

// learn takes the time of a finished chunk into account.
func (b *balancing) learn(p *part) {
	if p.err != nil || p.n == 0 {
		return
	}
	each := p.took / time.Duration(p.n)
	if each <= 0 {
		each = time.Microsecond
	}
	if b.each == 0 {
		b.each = each
	} else {
		b.each = (3*b.each + each) / 4
	}
}

// size is the number of elements of the next chunk: one until something is known, then as many as take chunkTime, but
// never so many that an engine would be left without work at the end.
func (b *balancing) size(window int) int {
	if b.fixed > 0 {
		return b.fixed
	}
	if b.each == 0 {
		return 1
	}
	n := int(chunkTime / b.each)
	return max(1, min(n, (b.m.Len()-b.at)/window, 1<<16))
}
