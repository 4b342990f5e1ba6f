package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/launch"
)

// State is what a cluster as a whole is doing.
type State string

// The states of a cluster.
const (
	Starting State = "starting" // not all engines are registered yet
	Running  State = "running"  // all engines asked for are there
	Degraded State = "degraded" // it answers, but engines or the supervisor are missing
	Broken   State = "broken"   // the hub is dead or does not answer
	Stopping State = "stopping"
)

// Status is a cluster at one moment.
type Status struct {
	ID             string    `json:"id"`
	ProfileDir     string    `json:"profile_dir"`
	State          State     `json:"state"`
	Problem        string    `json:"problem,omitempty"` // why it is not Running, in words
	Started        time.Time `json:"started,omitzero"`
	ConnectionFile string    `json:"connection_file"` // for clients
	LogDir         string    `json:"log_dir"`
	Want           int       `json:"want"`       // engines asked for; 0 for a hub started by other means
	Registered     []int     `json:"registered"` // ids of the engines the hub has, ascending
	Supervisor     *Process  `json:"supervisor,omitempty"`
	Hub            *Process  `json:"hub,omitempty"`
	Engines        []Process `json:"engines"` // processes, those included that have ended
}

// Process is one process of a cluster.
type Process struct {
	Job    string       `json:"job"`   // "gopar-demo-engines-1"
	On     string       `json:"on"`    // the system that runs it: "local", "slurm", …
	Index  int          `json:"index"` // within the job
	PID    int          `json:"pid"`
	Host   string       `json:"host,omitempty"`
	State  launch.State `json:"state"`
	Reason string       `json:"reason,omitempty"` // what it waits for, how it ended
	Log    string       `json:"log"`              // path of its log file
	Ended  time.Time    `json:"ended,omitzero"`

	// Of engines.
	Restarts  int       `json:"restarts,omitempty"`  // how often it was started again
	Failures  int       `json:"failures,omitempty"`  // in a row
	Last      string    `json:"last,omitempty"`      // how the process before this one ended
	LastEnded time.Time `json:"last_ended,omitzero"` // when
	Next      time.Time `json:"next,omitzero"`       // when it will be started again
	GaveUp    bool      `json:"gave_up,omitempty"`   // it has failed too often to be started again
	Leaving   bool      `json:"leaving,omitempty"`   // the cluster was scaled down: it shall end
}

// Alive returns the number of engine processes that run.
func (s *Status) Alive() int {
	n := 0
	for _, e := range s.Engines {
		if e.State == launch.Running {
			n++
		}
	}
	return n
}

// Progress says how many engines are there and what the others wait for: "3 of
// 16 engines are registered, 13 pending in Slurm: Resources".
func (s *Status) Progress() string {
	text := fmt.Sprintf("%d of %d engines are registered", len(s.Registered), s.Want)
	type group struct{ on, reason string }
	var order []group
	count := make(map[group]int)
	started := 0
	for _, e := range s.Engines {
		if e.State == launch.Running {
			started++
		}
		if e.State != launch.Pending || e.Leaving {
			continue
		}
		g := group{e.On, e.Reason}
		if count[g] == 0 {
			order = append(order, g)
		}
		count[g]++
	}
	if n := started - len(s.Registered); n > 0 {
		text += fmt.Sprintf(", %d starting", n)
	}
	for _, g := range order {
		text += fmt.Sprintf(", %d pending in %s", count[g], launch.Title(g.on))
		if g.reason != "" {
			text += ": " + g.reason
		}
	}
	return text
}

// hubPatience bounds how long Status waits for a hub that accepts connections
// but says nothing.
const hubPatience = 2 * time.Second

// Status looks at the processes and asks the hub. It blocks for at most 2 s
// when the hub does not answer. ErrNotFound if the cluster is not running.
func (c *Cluster) Status(ctx context.Context) (Status, error) {
	c.reap()
	st, err := readState(c.place)
	if errors.Is(err, ErrNotFound) {
		return c.foreignStatus(ctx)
	}
	if err != nil {
		return Status{}, err
	}
	if err := st.refresh(ctx, c.log); err != nil {
		return Status{}, err
	}
	status := st.status(c.place)
	if status.Hub != nil && status.Hub.State == launch.Done {
		status.State, status.Problem = Broken, "the hub has ended: "+status.Hub.Reason
		return status, nil
	}
	ctx, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	ids, err := askEngines(ctx, c.ConnectionFile(), c.log)
	if err != nil && status.State != Starting {
		status.State, status.Problem = Broken, err.Error()
		return status, nil
	}
	status.Registered = ids
	status.judge()
	return status, nil
}

// foreignStatus is the status of a hub that was not started by this package.
func (c *Cluster) foreignStatus(ctx context.Context) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	ids, err := askEngines(ctx, c.ConnectionFile(), c.log)
	if err != nil {
		return Status{}, fmt.Errorf("%s: %w", c.place, ErrNotFound)
	}
	return Status{
		ID: c.id, ProfileDir: c.profileDir, State: Running, ConnectionFile: c.ConnectionFile(),
		LogDir: c.LogDir(), Registered: ids, Engines: []Process{},
	}, nil
}

func taskName(job string, index int) string { return fmt.Sprintf("%s %d", job, index) }

// status is what the state file alone tells.
func (s *state) status(p place) Status {
	status := Status{
		ID: s.ID, ProfileDir: s.ProfileDir, State: s.State, Problem: s.Problem, Started: s.Started,
		ConnectionFile: (&Cluster{place: p}).ConnectionFile(), LogDir: (&Cluster{place: p}).LogDir(),
		Want: s.Spec.engines(), Registered: []int{}, Supervisor: supervisorProcess(p, s.Supervisor), Engines: []Process{},
	}
	logs := make(map[string]*launch.Record)
	for _, r := range s.records() {
		logs[r.Name] = r
	}
	for _, t := range s.Tasks {
		rec := logs[t.Job]
		if rec == nil {
			continue
		}
		proc := Process{
			Job: t.Job, On: rec.Launcher, Index: t.Index, PID: t.PID, Host: t.Host, State: t.State, Reason: t.Reason,
			Log: rec.LogFile(t.Index), Ended: t.Ended,
		}
		if rec == s.Hub {
			status.Hub = &proc
		} else {
			if e := s.slot(t.Job, t.Index); e != nil {
				proc.Restarts, proc.Failures, proc.Last, proc.LastEnded = e.Restarts, e.Failures, e.Last, e.LastEnded
				proc.Next, proc.GaveUp, proc.Leaving = e.StartAt, e.GaveUp, e.Leaving
			}
			status.Engines = append(status.Engines, proc)
		}
	}
	return status
}

// judge derives State and Problem from what was seen of a cluster whose hub
// answers.
func (s *Status) judge() {
	if s.State != Running && s.State != Degraded && s.State != Broken {
		return
	}
	var problems []string
	for _, e := range s.Engines {
		if e.State != launch.Done || e.Leaving {
			continue
		}
		p := fmt.Sprintf("engine process %d has ended (%s)", e.PID, e.Reason)
		switch {
		case e.GaveUp:
			p += fmt.Sprintf(" and is given up after %d failures", e.Failures)
		case !e.Next.IsZero():
			p += " and will be started again"
		}
		problems = append(problems, p)
	}
	if n := len(s.Registered); n < s.Want && len(problems) == 0 {
		problems = append(problems, s.Progress())
	}
	if s.Supervisor != nil && s.Supervisor.State == launch.Done {
		problems = append(problems, "the supervisor is gone; the cluster works, but nobody watches it")
	}
	s.State, s.Problem = Running, ""
	if len(problems) > 0 {
		s.State, s.Problem = Degraded, strings.Join(problems, "; ")
	}
}

func supervisorProcess(p place, id launch.Proc) *Process {
	proc := &Process{Job: p.jobName("supervisor"), On: "local", PID: id.PID, Host: id.Host, State: launch.Running, Log: p.supervisorLog()}
	switch err := id.Check(); {
	case errors.Is(err, launch.ErrGone):
		proc.State, proc.Reason = launch.Done, "gone"
	case err != nil:
		proc.State, proc.Reason = launch.Unknown, err.Error()
	}
	return proc
}
