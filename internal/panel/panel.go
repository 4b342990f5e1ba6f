// Package panel is the kernel's side of the clusters panel in JupyterLab: it
// serves the comm target [Target], over which the panel asks for clusters to be
// started and stopped and is told whatever changes.
//
// It is not the panel, which is in labextension/, and holds no truth: that is in
// the cluster files and the live hubs. A panel that connects to another kernel,
// or to the same one after a page reload, sees the same clusters. What a stopped
// cluster was like is a small file beside the cluster files (definition.go).
//
// A request is {"id", "op", "args"}; its reply is {"re": id} with "result" or
// "error", the whole text. Events are {"event": "clusters", …} when anything
// changed and, for clusters that a page has opened, {"event": "details", …} and
// {"event": "log", …}.
//
// Invariants: nothing is watched while no page is connected; one operation at a
// time changes a cluster; every goroutine has ended when Close returns.
package panel

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/go-logr/logr"
)

// Target is the name of the comm target.
const Target = "gopar.clusters"

// maxRequests bounds the requests of one page that are being served.
const maxRequests = 64

// Config says how a Panel works.
type Config struct {
	Exe string      // gopar binary of hubs and engines. Default: see cluster.Options
	Dir string      // working directory of the engines. Default: the caller's
	Log logr.Logger // zero: discard
}

// Panel serves the pages that have connected. Make one with New; Close it.
type Panel struct {
	config Config
	log    logr.Logger
	ctx    context.Context // ends with Close; everything the panel does belongs to it
	cancel context.CancelFunc
	tasks  sync.WaitGroup
	kick   chan struct{} // capacity 1: look again now

	mu    sync.Mutex
	pages map[*page]struct{} // guarded by mu
	work  map[string]*work   // guarded by mu: operations that change a cluster, by key
	last  []byte             // guarded by mu: the clusters event sent last
	stop  context.CancelFunc // guarded by mu: ends the watching; nil: nothing is watched
	done  chan struct{}      // guarded by mu: closed when the last watching has ended; nil: there was none
	shut  bool               // guarded by mu: Close was called
}

// page is one connected panel: a browser tab.
type page struct {
	send    func(any)
	open    map[string]*opened // guarded by Panel.mu: clusters whose details it shows
	serving int                // guarded by Panel.mu
	told    bool               // guarded by Panel.mu: it knows the clusters as sent last
}

// opened is what a page shows of a cluster that it has opened, and what it was
// sent last.
type opened struct {
	log           string
	details, tail []byte
}

// work is an operation that changes a cluster.
type work struct {
	verb   string // "starting", "stopping", …
	cancel context.CancelFunc
}

// New returns a Panel. It starts nothing before a page connects.
func New(c Config) *Panel {
	if c.Log.GetSink() == nil {
		c.Log = logr.Discard()
	}
	p := &Panel{
		config: c, log: c.Log.WithName("panel"), kick: make(chan struct{}, 1),
		pages: make(map[*page]struct{}), work: make(map[string]*work),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background()) // a service of its own: Close ends it
	return p
}

// Close ends all that the panel does and waits for it. A start that is not over
// is taken back; running clusters go on.
func (p *Panel) Close() {
	p.mu.Lock()
	p.shut = true
	p.mu.Unlock()
	p.cancel()
	p.tasks.Wait()
}

// Open connects a page; it is a kernel's comm target. The first message may be
// empty.
func (p *Panel) Open(send func(data any)) (receive func(data json.RawMessage), closed func()) {
	g := &page{send: send, open: make(map[string]*opened)}
	p.mu.Lock()
	p.pages[g] = struct{}{}
	p.watch()
	p.mu.Unlock()
	return func(data json.RawMessage) { p.receive(g, data) }, func() { p.leave(g) }
}

// leave forgets a page, and stops watching with the last one.
func (p *Panel) leave(g *page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pages, g)
	if len(p.pages) == 0 && p.stop != nil {
		p.stop()
		p.stop, p.last = nil, nil
	}
}

// request is what a page asks.
type request struct {
	ID   int             `json:"id"`
	Op   string          `json:"op"`
	Args json.RawMessage `json:"args"`
}

// reply is what it gets.
type reply struct {
	Re     int    `json:"re"`
	Result any    `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
}

// receive serves a request on a goroutine of its own: a start takes seconds.
func (p *Panel) receive(g *page, data json.RawMessage) {
	var q request
	if err := json.Unmarshal(data, &q); err != nil {
		g.send(reply{Error: err.Error()})
		return
	}
	if q.Op == "" {
		return // what a comm is opened with
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return
	}
	if g.serving >= maxRequests {
		p.tasks.Go(func() { g.send(reply{Re: q.ID, Error: "too many requests wait"}) })
		return
	}
	g.serving++
	p.tasks.Go(func() {
		result, err := p.serve(g, q)
		p.mu.Lock()
		g.serving--
		p.mu.Unlock()
		if err != nil {
			g.send(reply{Re: q.ID, Error: err.Error()})
			return
		}
		g.send(reply{Re: q.ID, Result: result})
	})
}

// begin notes an operation on a cluster, so that no other one changes it and
// all pages see it. end must be called.
func (p *Panel) begin(key, verb string) (ctx context.Context, end func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.work[key]; w != nil {
		return nil, nil, errors.New("the cluster is " + w.verb + " already; wait until that is done")
	}
	ctx, cancel := context.WithCancel(p.ctx)
	w := &work{verb: verb, cancel: cancel}
	p.work[key] = w
	p.look()
	return ctx, func() {
		cancel()
		p.mu.Lock()
		delete(p.work, key)
		p.mu.Unlock()
		p.look()
	}, nil
}

// look makes the watching look again now.
func (p *Panel) look() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// connected returns the pages of this moment.
func (p *Panel) connected() []*page {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.pages))
}
