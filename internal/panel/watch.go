package panel

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/proto"
)

const (
	// glance is how often the folders of the cluster files are looked at: a stat
	// each, which costs nothing and works on every file system.
	glance = 200 * time.Millisecond
	// safety is how often everything is looked at: a hub that was killed together
	// with its supervisor changes no file.
	safety = 5 * time.Second
)

// event is what all pages are told when anything has changed.
type event struct {
	Event    string `json:"event"`
	Clusters []view `json:"clusters"`
	Error    string `json:"error"` // why the list is not complete
}

// watch starts the watching, if there is none. Call it under mu.
func (p *Panel) watch() {
	if p.shut || p.stop != nil {
		p.look()
		return
	}
	ctx, cancel := context.WithCancel(p.ctx)
	before, done := p.done, make(chan struct{})
	p.stop, p.done = cancel, done
	p.tasks.Go(func() {
		defer close(done)
		defer cancel()
		if before != nil {
			<-before // two at a time would send events out of order
		}
		w := &watcher{panel: p, followed: make(map[string]*follow), observed: make(map[string]*observer)}
		w.run(ctx)
	})
}

// watcher looks at the clusters and tells the pages. Its fields are for its one
// goroutine.
type watcher struct {
	panel    *Panel
	handles  map[string]*cluster.Cluster
	followed map[string]*follow
	observed map[string]*observer // clusters that pages have opened
}

// follow is the subscription to one hub's notifications.
type follow struct {
	started string // of the cluster: another start is another hub
	cancel  context.CancelFunc
	ended   chan struct{}
}

func (w *watcher) run(ctx context.Context) {
	defer func() {
		for _, f := range w.followed {
			f.cancel()
			<-f.ended
		}
		for _, o := range w.observed {
			o.end()
		}
	}()
	glances, all := time.NewTicker(glance), time.NewTicker(safety)
	defer glances.Stop()
	defer all.Stop()
	seen := folders()
	w.refresh(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-glances.C:
			now := folders()
			if now == seen {
				continue
			}
			seen = now
		case <-w.panel.kick:
			seen = folders()
		case <-all.C:
		}
		w.refresh(ctx)
	}
}

// folders sums up the folders of the cluster files: every file is replaced as a
// whole, so that a change of one changes its folder.
func folders() string {
	dirs, err := profileDirs()
	if err != nil {
		return ""
	}
	var sum bytes.Buffer
	for _, d := range dirs {
		if info, err := os.Stat(proto.SecurityDir(d)); err == nil {
			sum.WriteString(d + info.ModTime().String())
		}
	}
	return sum.String()
}

// refresh looks at all clusters and tells the pages that do not know yet.
func (w *watcher) refresh(ctx context.Context) {
	views, err := w.panel.views(ctx)
	if ctx.Err() != nil {
		return
	}
	e := event{Event: "clusters", Clusters: views}
	if err != nil {
		e.Error = err.Error()
	}
	if e.Clusters == nil {
		e.Clusters = []view{}
	}
	w.handles = make(map[string]*cluster.Cluster)
	for _, v := range views {
		if v.handle != nil {
			w.handles[v.Key] = v.handle
		}
	}
	w.follow(ctx, views)
	raw, err := json.Marshal(e)
	if err != nil {
		w.panel.log.Error(err, "clusters not told")
		return
	}
	p := w.panel
	p.mu.Lock()
	same := bytes.Equal(raw, p.last)
	p.last = raw
	var tell []*page
	for g := range p.pages {
		if !same || !g.told {
			g.told = true
			tell = append(tell, g)
		}
	}
	p.mu.Unlock()
	for _, g := range tell {
		g.send(json.RawMessage(raw))
	}
	w.observe(ctx)
}

// follow subscribes to the hubs that are new and drops those that are gone.
func (w *watcher) follow(ctx context.Context, views []view) {
	there := make(map[string]string)
	for _, v := range views {
		if v.handle != nil && v.State != string(cluster.Starting) {
			there[v.Key] = v.Started
		}
	}
	for key, f := range w.followed {
		over := false
		select {
		case <-f.ended:
			over = true
		default:
		}
		if started, ok := there[key]; !ok || started != f.started || over {
			f.cancel()
			<-f.ended
			delete(w.followed, key)
		}
	}
	for key, started := range there {
		if w.followed[key] != nil {
			continue
		}
		hub, cancel := context.WithCancel(ctx)
		f := &follow{started: started, cancel: cancel, ended: make(chan struct{})}
		w.followed[key] = f
		handle := w.handles[key]
		w.panel.tasks.Go(func() {
			defer close(f.ended)
			if err := handle.Follow(hub, w.panel.look); err != nil && hub.Err() == nil {
				w.panel.log.V(1).Info("hub not followed", "cluster", key, "error", err.Error())
			}
		})
	}
}
