package panel

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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
	Pending  string `json:"pending"` // what engines wait for, in words
	Busy     string `json:"busy"`    // what is being done to it: "starting", "stopping"; "" nothing
	Go       string `json:"go"`      // a cell that connects to it
	Python   string `json:"python"`  // the same for a Python notebook

	handle *cluster.Cluster // nil unless it runs
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
			State: "stopped", Launcher: cmp.Or(d.Launcher, "local"), Want: d.N, Problem: d.Problem,
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
		Problem: status.Problem, Launcher: systems(status), Ready: len(status.Registered), Want: status.Want, handle: c,
	}
	if !status.Started.IsZero() {
		v.Started = status.Started.Format("2006-01-02T15:04:05Z07:00")
	}
	v.Pending = pending(status)
	v.Go, v.Python = code(c.ProfileDir(), c.ID(), c.ConnectionFile())
	return v
}

// systems names those that run the engines.
func systems(status cluster.Status) string {
	var names []string
	for _, e := range status.Engines {
		if e.On != "" && !slices.Contains(names, e.On) {
			names = append(names, e.On)
		}
	}
	switch {
	case status.Want == 0 && len(status.Engines) == 0:
		return "started by other means"
	case len(names) == 0:
		return "local"
	}
	return strings.Join(names, ", ")
}

// pending says what the engines that are not there yet wait for.
func pending(status cluster.Status) string {
	waiting := make(map[string]int)
	for _, e := range status.Engines {
		switch {
		case e.State == launch.Pending:
			waiting[e.Reason]++
		case e.State == launch.Done && !e.Next.IsZero():
			waiting["a pause before the next attempt"]++
		}
	}
	var words []string
	for _, reason := range slices.Sorted(maps.Keys(waiting)) {
		word := strconv.Itoa(waiting[reason]) + " engines wait"
		if waiting[reason] == 1 {
			word = "1 engine waits"
		}
		if reason != "" {
			word += " (" + reason + ")"
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
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
