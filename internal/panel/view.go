package panel

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/proto"
)

// view is a cluster as the panel shows it.
type view struct {
	Key      string `json:"key"`
	ID       string `json:"id"` // "" is the profile's default cluster
	Profile  string `json:"profile"`
	State    string `json:"state"` // of cluster.State, or "stopped", or "failed": the last start has failed
	Problem  string `json:"problem"`
	Launcher string `json:"launcher"`
	Ready    int    `json:"ready"` // engines
	Want     int    `json:"want"`  // engines asked for; 0: not known
	Started  string `json:"started"`
	Busy     string `json:"busy"`   // what is being done to it: "starting", "stopping"; "" nothing
	Go       string `json:"go"`     // a cell that connects to it
	Python   string `json:"python"` // the same for a Python notebook

	handle *cluster.Cluster // nil unless it runs
}

// details is what a page shows of a cluster that it has opened.
type details struct {
	Event   string        `json:"event"`
	Key     string        `json:"key"`
	Engines []engine      `json:"engines"`
	Waiting int           `json:"waiting"` // load-balanced tasks in the hub
	Logs    []cluster.Log `json:"logs"`
}

// engine is one row of the engines table.
type engine struct {
	ID     int    `json:"id"`    // -1: not registered
	Index  int    `json:"index"` // of its process in the cluster; -1: not known
	Host   string `json:"host"`
	PID    int    `json:"pid"`
	State  string `json:"state"`  // "idle", "busy", "starting", "ended", …
	Reason string `json:"reason"` // how it ended, or the process before it
	Again  int    `json:"again"`  // how often it was started again
	Queue  int    `json:"queue"`
	Done   int    `json:"done"`
}

// views returns all clusters, those that run first, in order of profile and id.
func (p *Panel) views(ctx context.Context) ([]view, error) {
	handles, err := cluster.List(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]view, len(handles))
	var asking sync.WaitGroup
	for i, c := range handles {
		asking.Go(func() { all[i] = live(ctx, c) })
	}
	asking.Wait()
	all = slices.DeleteFunc(all, func(v view) bool { return v.Key == "" })
	known := make(map[string]bool)
	for _, v := range all {
		known[v.Key] = true
	}
	defined, err := definitions()
	if err != nil {
		return nil, err
	}
	for _, d := range defined {
		if known[key(d.ProfileDir, d.ID)] {
			continue
		}
		v := view{
			Key: key(d.ProfileDir, d.ID), ID: d.ID, Profile: profileName(d.ProfileDir),
			State: "stopped", Launcher: "local", Want: d.N, Problem: d.Problem,
		}
		if d.Problem != "" {
			v.State = "failed"
		}
		all = append(all, v)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range all {
		if w := p.work[all[i].Key]; w != nil {
			all[i].Busy = w.verb
		}
	}
	slices.SortFunc(all, func(a, b view) int {
		return cmp.Or(cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// live is the view of a running cluster; without a key if it has ended.
func live(ctx context.Context, c *cluster.Cluster) view {
	status, err := c.Status(ctx)
	if err != nil {
		return view{}
	}
	v := view{
		Key: key(c.ProfileDir(), c.ID()), ID: c.ID(), Profile: profileName(c.ProfileDir()), State: string(status.State),
		Problem: status.Problem, Launcher: "local", Ready: len(status.Registered), Want: status.Want, handle: c,
	}
	if !status.Started.IsZero() {
		v.Started = status.Started.Format("2006-01-02T15:04:05Z07:00")
	}
	v.Go, v.Python = code(c.ProfileDir(), c.ID(), c.ConnectionFile())
	return v
}

// code returns a cell that connects to a cluster, in Go and in Python: by its
// names if a client finds it by them, or else by its connection file.
func code(profileDir, id, file string) (golang, python string) {
	var options, arguments []string
	profile := profileName(profileDir)
	if dir, err := proto.ProfileDir("", profile); err != nil || dir != profileDir {
		options = append(options, fmt.Sprintf("parallel.File(%q)", file))
		arguments = append(arguments, strconv.Quote(file))
	} else {
		if profile != "default" {
			options = append(options, fmt.Sprintf("parallel.Profile(%q)", profile))
			arguments = append(arguments, fmt.Sprintf("profile=%q", profile))
		}
		if id != "" {
			options = append(options, fmt.Sprintf("parallel.ClusterID(%q)", id))
			arguments = append(arguments, fmt.Sprintf("cluster_id=%q", id))
		}
	}
	golang = "import \"github.com/gopar-project/gopar/parallel\"\n\nrc := parallel.MustConnect(" + strings.Join(options, ", ") + ")\nrc"
	return golang, "import ipyparallel as ipp\n\nrc = ipp.Client(" + strings.Join(arguments, ", ") + ")\nrc.ids"
}

// inside looks into a running cluster. Errors show as an empty table: the
// cluster's own state says what is wrong.
func inside(ctx context.Context, c *cluster.Cluster) details {
	d := details{Event: "details", Key: key(c.ProfileDir(), c.ID()), Engines: []engine{}, Logs: []cluster.Log{}}
	if load, err := c.Load(ctx); err == nil {
		d.Waiting = load.Unassigned
		for _, e := range load.Engines {
			row := engine{ID: e.ID, Index: -1, Host: e.Host, PID: e.PID, State: "idle", Queue: e.Queue + e.Tasks, Done: e.Completed}
			if row.Queue > 0 {
				row.State = "busy"
			}
			d.Engines = append(d.Engines, row)
		}
	}
	if status, err := c.Status(ctx); err == nil {
		d.join(status)
	}
	if logs, err := c.Logs(logLines); err == nil {
		d.Logs = logs
	}
	return d
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
		if proc.State == launch.Running {
			row.State = "starting"
		}
		d.Engines = append(d.Engines, row)
	}
}

// logLines is how many lines of each log a page gets: what fits its box.
const logLines = 40
