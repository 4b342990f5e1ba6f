package panel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/proto"
)

// maxOpen bounds the clusters whose details a page shows at once.
const maxOpen = 64

// maxEngines bounds what a slip of the finger can start.
const maxEngines = 4096

// args are the arguments of all operations.
type args struct {
	Key      string   `json:"key"`     // of a cluster in the list
	ID       string   `json:"id"`      // new: its name; "" is the profile's default cluster
	Profile  string   `json:"profile"` // new: "" is default
	N        int      `json:"n"`       // engines
	Launcher string   `json:"launcher"`
	Dir      string   `json:"dir"`      // new: working directory of the engines
	Env      []string `json:"env"`      // new: environment of hub and engines, "NAME=value"
	Restarts int      `json:"restarts"` // new: how often a failing engine is started again; 0: as usual, -1: never
	Curve    bool     `json:"curve"`    // new: encrypt its connections
	Launch   *struct {
		launch.Options
		Walltime string `json:"walltime"` // "1h30m", or in the batch systems' notations
	} `json:"launch"` // new: how its launcher is to run engines
	Open  bool   `json:"open"`  // details: show or hide
	Log   string `json:"log"`   // details: name of the log to show; "": the supervisor's
	Index *int   `json:"index"` // restart, interrupt, remove: one engine process
}

// validName is what the names of clusters and profiles, which become parts of
// file names, may look like; empty is the default one.
var validName = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$`)

// serve does what a page asks.
func (p *Panel) serve(g *page, q request) (any, error) {
	var a args
	if len(q.Args) > 0 {
		d := json.NewDecoder(bytes.NewReader(q.Args))
		d.DisallowUnknownFields()
		if err := d.Decode(&a); err != nil {
			return nil, fmt.Errorf("%s: %w", q.Op, err)
		}
	}
	switch q.Op {
	case "hello":
		p.mu.Lock()
		g.told = false
		p.mu.Unlock()
		p.look()
		return p.hello()
	case "new":
		return nil, p.create(a)
	case "details":
		return nil, p.show(g, a)
	}
	v, err := p.find(a.Key)
	if err != nil {
		return nil, err
	}
	switch q.Op {
	case "start":
		if v.handle != nil {
			return nil, cluster.ErrRunning
		}
		return nil, p.start(v.definition(a.N))
	case "stop":
		return nil, p.stopCluster(v)
	case "restart":
		return nil, p.restart(v, a.indexes())
	case "scale":
		return nil, p.scale(v, a.N)
	case "interrupt":
		return nil, p.interrupt(v, a.indexes())
	case "remove":
		return nil, p.removeEngine(v, a.indexes())
	case "delete":
		return nil, p.remove(v)
	}
	return nil, fmt.Errorf("%q is not known to this version of gopar; reload the page", q.Op)
}

// show notes whether a page shows the details of a cluster.
func (p *Panel) show(g *page, a args) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(g.open, a.Key)
	if a.Open {
		if len(g.open) >= maxOpen {
			return fmt.Errorf("%d clusters are open already; close one", maxOpen)
		}
		g.open[a.Key] = &opened{log: a.Log}
	}
	p.look()
	return nil
}

// hello is what a page has to know to offer a new cluster.
func (p *Panel) hello() (any, error) {
	dirs, err := profileDirs()
	if err != nil {
		return nil, err
	}
	profiles := []string{}
	for _, d := range dirs {
		profiles = append(profiles, profileName(d))
	}
	dir := p.config.Dir
	if dir == "" {
		if dir, err = os.Getwd(); err != nil {
			return nil, err
		}
	}
	known, err := launchers()
	reply := map[string]any{"cores": runtime.NumCPU(), "launchers": known, "profiles": profiles, "dir": dir, "problem": ""}
	if err != nil {
		reply["problem"] = err.Error()
	}
	return reply, nil
}

// find returns a cluster by its key.
func (p *Panel) find(key string) (view, error) {
	views, err := p.views(p.ctx)
	if err != nil {
		return view{}, err
	}
	for _, v := range views {
		if v.Key == key {
			return v, nil
		}
	}
	return view{}, errors.New("there is no such cluster any more")
}

// definition is how to start the cluster again, with n engines if n is not 0.
func (v view) definition(n int) definition {
	if n == 0 {
		n = v.Want
	}
	if n == 0 {
		n = v.Ready
	}
	d := defined(v.Key[:len(v.Key)-len(v.ID)-1], v.ID)
	d.N, d.Problem = n, ""
	return d
}

// create defines a cluster and starts it.
func (p *Panel) create(a args) error {
	known, _ := launchers() // what is wrong with the configuration file is told when it is used
	if a.Launcher != "" && !slices.ContainsFunc(known, func(l launcher) bool { return l.Name == a.Launcher }) {
		return fmt.Errorf("launcher %q is not available here", a.Launcher)
	}
	if !validName.MatchString(a.ID) || !validName.MatchString(a.Profile) {
		return errors.New("names are up to 64 letters and digits, and - _ . after the first")
	}
	dir, err := proto.ProfileDir("", a.Profile)
	if err != nil {
		return err
	}
	d := definition{ID: a.ID, ProfileDir: dir, N: a.N, Launcher: a.Launcher, Dir: a.Dir, Env: a.Env, Restarts: a.Restarts, Curve: a.Curve}
	if a.Launch != nil {
		d.Launch = a.Launch.Options
		if w := a.Launch.Walltime; w != "" {
			if d.Launch.Walltime, err = launch.ParseWalltime(w); err != nil {
				return err
			}
		}
	}
	if v, err := p.find(key(dir, a.ID)); err == nil && v.handle != nil {
		return fmt.Errorf("%s: %w", v.name(), cluster.ErrRunning)
	}
	return p.start(d)
}

// name is how a user calls the cluster.
func (v view) name() string {
	if v.ID == "" {
		return "the default cluster of profile " + v.Profile
	}
	return fmt.Sprintf("cluster %q of profile %s", v.ID, v.Profile)
}

// start starts a cluster and writes down how that went.
func (p *Panel) start(d definition) error {
	if d.N < 1 || d.N > maxEngines {
		return fmt.Errorf("%d engines: from 1 to %d are possible", d.N, maxEngines)
	}
	ctx, end, err := p.begin(key(d.ProfileDir, d.ID), "starting")
	if err != nil {
		return err
	}
	defer end()
	// Before the cluster has files of its own, this shows it to all pages.
	if err := d.saved(); err != nil {
		return err
	}
	o, err := d.options(p.config)
	if err == nil {
		o.Progress = func(cluster.Status) { p.look() }
		_, err = cluster.Start(ctx, o)
	}
	switch {
	case errors.Is(err, cluster.ErrRunning):
		return err
	case ctx.Err() != nil:
		return errors.New("the start was taken back")
	case err != nil:
		d.Problem = err.Error()
		return errors.Join(err, d.saved())
	}
	return nil
}

// saved is save with a context for its error.
func (d definition) saved() error {
	if err := d.save(); err != nil {
		return fmt.Errorf("remember the cluster: %w", err)
	}
	return nil
}

// stopCluster stops a cluster, also one that is being started.
func (p *Panel) stopCluster(v view) error {
	p.mu.Lock()
	if w := p.work[v.Key]; w != nil && w.verb == "starting" {
		w.cancel()
		p.mu.Unlock()
		return nil
	}
	p.mu.Unlock()
	ctx, end, err := p.begin(v.Key, "stopping")
	if err != nil {
		return err
	}
	defer end()
	if err := v.definition(0).saved(); err != nil {
		return err
	}
	if v.handle == nil {
		return nil
	}
	return v.handle.Stop(ctx)
}

// errStopped is the error of what only a running cluster can do.
var errStopped = errors.New("the cluster is not running; start it first")

// indexes are the engine processes meant; none: all.
func (a args) indexes() []int {
	if a.Index == nil {
		return nil
	}
	return []int{*a.Index}
}

// restart replaces engines; the hub stays, and with it the clients.
func (p *Panel) restart(v view, indexes []int) error {
	if v.handle == nil {
		return errStopped
	}
	ctx, end, err := p.begin(v.Key, "restarting")
	if err != nil {
		return err
	}
	defer end()
	return v.handle.Restart(ctx, func(cluster.Status) { p.look() }, indexes...)
}

// scale changes the number of engines.
func (p *Panel) scale(v view, n int) error {
	if n < 1 || n > maxEngines {
		return fmt.Errorf("%d engines: from 1 to %d are possible", n, maxEngines)
	}
	if v.handle == nil {
		return errStopped
	}
	ctx, end, err := p.begin(v.Key, "scaling")
	if err != nil {
		return err
	}
	defer end()
	return v.handle.Scale(ctx, n, func(cluster.Status) { p.look() })
}

// removeEngine ends engines for good.
func (p *Panel) removeEngine(v view, indexes []int) error {
	if v.handle == nil {
		return errStopped
	}
	if len(indexes) == 0 {
		return errors.New("no engine is named")
	}
	ctx, end, err := p.begin(v.Key, "scaling")
	if err != nil {
		return err
	}
	defer end()
	return v.handle.Remove(ctx, func(cluster.Status) { p.look() }, indexes...)
}

// interrupt interrupts what engines run.
func (p *Panel) interrupt(v view, indexes []int) error {
	if v.handle == nil {
		return errStopped
	}
	return v.handle.Signal(p.ctx, "INT", indexes...)
}

// remove stops a cluster and forgets it. Its logs stay.
func (p *Panel) remove(v view) error {
	ctx, end, err := p.begin(v.Key, "stopping")
	if err != nil {
		return err
	}
	defer end()
	if v.handle != nil {
		if err := v.handle.Stop(ctx); err != nil {
			return err
		}
	}
	return v.definition(0).forget()
}
