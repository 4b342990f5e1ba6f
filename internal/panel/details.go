package panel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/launch"
)

const (
	// maxRows bounds the engines that a page is told of: more than anybody reads,
	// and the page stays quick.
	maxRows = 256
	// logLines is how many lines of a log a page gets: what is worth scrolling.
	logLines = 200
)

// details is what a page shows of a cluster that it has opened.
type details struct {
	Event   string   `json:"event"`
	Key     string   `json:"key"`
	Engines []engine `json:"engines"`
	More    int      `json:"more"`    // engines that are not in the list
	Waiting int      `json:"waiting"` // load-balanced tasks in the hub
	Trend   trend    `json:"trend"`
	Logs    []string `json:"logs"` // names
}

// engine is one row of the engines table.
type engine struct {
	ID        int      `json:"id"`    // -1: not registered
	Index     int      `json:"index"` // of its process in the cluster; -1: not known
	Host      string   `json:"host"`
	PID       int      `json:"pid"`
	State     string   `json:"state"`     // "idle", "busy", "starting", "ended", …
	Reason    string   `json:"reason"`    // how it ended, or the process before it
	Again     int      `json:"again"`     // how often it was started again
	Task      string   `json:"task"`      // what it works on
	Submitted string   `json:"submitted"` // when the hub got that
	Queue     int      `json:"queue"`
	Done      int      `json:"done"`
	CPU       *float64 `json:"cpu"`    // percent of one core; null: not known
	Memory    uint64   `json:"memory"` // bytes; 0: not known
}

// tail is the end of the log that a page shows.
type tail struct {
	Event string   `json:"event"`
	Key   string   `json:"key"`
	Name  string   `json:"name"`
	Lines []string `json:"lines"`
}

// observer looks into one cluster for the pages that have opened it. Each has a
// goroutine of its own: a hub that hangs delays no other.
type observer struct {
	panel  *Panel
	handle *cluster.Cluster
	kick   chan struct{} // capacity 1: look again now
	cancel context.CancelFunc
	ended  chan struct{}

	// For its goroutine.
	meter *cluster.Meter // nil: not connected
	gauge gauge
}

// observe starts and ends observers, so that there is one for each running
// cluster that a page has opened, and makes all look.
func (w *watcher) observe(ctx context.Context) {
	p := w.panel
	open := make(map[string]bool)
	p.mu.Lock()
	for g := range p.pages {
		for key := range g.open {
			open[key] = true
		}
	}
	p.mu.Unlock()
	for key, o := range w.observed {
		if !open[key] || w.handles[key] == nil {
			o.end()
			delete(w.observed, key)
		}
	}
	for key := range open {
		handle := w.handles[key]
		o := w.observed[key]
		switch {
		case handle == nil:
			continue
		case o == nil:
			inner, cancel := context.WithCancel(ctx)
			o = &observer{panel: p, handle: handle, kick: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{})}
			w.observed[key] = o
			p.tasks.Go(func() {
				defer close(o.ended)
				o.run(inner)
			})
		}
		select {
		case o.kick <- struct{}{}:
		default:
		}
	}
}

func (o *observer) end() {
	o.cancel()
	<-o.ended
}

func (o *observer) run(ctx context.Context) {
	defer o.disconnect()
	every := time.NewTicker(trendStep)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.kick:
		case <-every.C:
		}
		o.tell(ctx)
	}
}

func (o *observer) disconnect() {
	if o.meter != nil {
		o.meter.Close()
		o.meter = nil
	}
}

// load asks the hub. Errors are no news: the cluster's own state says what is
// wrong.
func (o *observer) load(ctx context.Context) (cluster.Load, bool) {
	if o.meter == nil {
		m, err := o.handle.Meter(ctx)
		if err != nil {
			return cluster.Load{}, false
		}
		o.meter = m
	}
	load, err := o.meter.Read(ctx)
	if err != nil {
		o.disconnect()
		return cluster.Load{}, false
	}
	return load, true
}

// tell sends the pages what they do not know yet.
func (o *observer) tell(ctx context.Context) {
	k := key(o.handle.ProfileDir(), o.handle.ID())
	d := details{Event: "details", Key: k, Engines: []engine{}, Logs: []string{}}
	load, ok := o.load(ctx)
	if ok {
		d.registered(load)
	}
	d.Trend = o.gauge.add(time.Now(), load)
	if status, err := o.handle.Status(ctx); err == nil {
		d.join(status)
	}
	if len(d.Engines) > maxRows {
		d.More = len(d.Engines) - maxRows
		d.Engines = d.Engines[:maxRows]
	}
	files, err := o.handle.LogFiles()
	if err != nil {
		files = nil // it has just ended, or its processes are not known
	}
	for _, f := range files {
		d.Logs = append(d.Logs, filepath.Base(f))
	}
	raw, err := json.Marshal(d)
	if err != nil || ctx.Err() != nil {
		return // what was cut short is no news
	}
	tails := make(map[string][]byte)
	for _, g := range o.panel.connected() {
		o.panel.mu.Lock()
		shown := g.open[k]
		name := ""
		if shown != nil {
			name = shown.log
		}
		o.panel.mu.Unlock()
		if shown == nil {
			continue
		}
		if tails[name] == nil {
			tails[name] = tailOf(k, name, files)
		}
		o.send(g, shown, &shown.details, raw)
		o.send(g, shown, &shown.tail, tails[name])
	}
}

// send sends raw to a page unless it was sent that last, or shows something
// else by now.
func (o *observer) send(g *page, shown *opened, last *[]byte, raw []byte) {
	o.panel.mu.Lock()
	k := key(o.handle.ProfileDir(), o.handle.ID())
	fresh := g.open[k] == shown && !bytes.Equal(*last, raw)
	if fresh {
		*last = raw
	}
	o.panel.mu.Unlock()
	if fresh {
		g.send(json.RawMessage(raw))
	}
}

// tailOf reads the end of one of the files, the first if none has that name: a
// page cannot ask for any other file.
func tailOf(key, name string, files []string) []byte {
	t := tail{Event: "log", Key: key, Lines: []string{}}
	for i, f := range files {
		if filepath.Base(f) != name && (i > 0 || name != "") {
			continue
		}
		t.Name = filepath.Base(f)
		lines, err := launch.TailFile(f, logLines)
		if err != nil {
			lines = []string{fmt.Sprintf("(%v)", err)}
		}
		t.Lines = append(t.Lines, lines...)
		break
	}
	raw, _ := json.Marshal(t) // strings: it cannot fail
	return raw
}

// registered lists the engines that the hub knows.
func (d *details) registered(load cluster.Load) {
	d.Waiting = load.Unassigned
	for _, e := range load.Engines {
		row := engine{ID: e.ID, Index: -1, Host: e.Host, PID: e.PID, State: "idle", Queue: e.Queue + e.Tasks, Done: e.Completed}
		if row.Queue > 0 {
			row.State = "busy"
		}
		if e.Running != nil {
			row.Task, row.Submitted = e.Running.Name, e.Running.Submitted.Format(time.RFC3339)
		}
		if e.Usage != nil {
			cpu := math.Round(e.Usage.CPU)
			row.CPU, row.Memory = &cpu, e.Usage.Memory
		}
		d.Engines = append(d.Engines, row)
	}
}

// join adds what is known of the processes.
func (d *details) join(status cluster.Status) {
	registered := len(d.Engines)
	for _, proc := range status.Engines {
		i := slices.IndexFunc(d.Engines, func(e engine) bool { return e.PID == proc.PID && proc.PID != 0 && proc.State != launch.Done })
		switch {
		case i >= 0:
			d.Engines[i].Index, d.Engines[i].Reason, d.Engines[i].Again = proc.Index, proc.Last, proc.Restarts
			if proc.Leaving {
				d.Engines[i].State = "leaving"
			}
			continue
		case proc.State == launch.Running && registered == status.Want:
			continue // registered, but of another machine, or started by a program in between
		}
		row := engine{ID: -1, Index: proc.Index, Host: proc.Host, PID: proc.PID, State: proc.State.String(), Reason: proc.Reason, Again: proc.Restarts}
		switch proc.State {
		case launch.Running:
			row.State = "starting"
		case launch.Done:
			row.State = "ended"
		}
		d.Engines = append(d.Engines, row)
	}
}
