package parallel

import (
	"context"
	"fmt"
	"strings"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/unit"
)

// Scale makes the cluster have n engines. It blocks until they are registered and those that had to go are gone, for at
// most a minute; engines that still wait then go on coming up. Engines that have ended are replaced; engines that are too
// many are asked to end, the youngest first, and killed after 5 s. Client returns the engines that there are then.
func (c *Cluster) Scale(n int) error {
	ctx, cancel := context.WithTimeout(unit.Context(), startTime)
	defer cancel()
	return c.ScaleContext(ctx, n)
}

// ScaleContext is Scale that stops waiting when ctx ends, and not before.
func (c *Cluster) ScaleContext(ctx context.Context, n int) error {
	if err := c.cluster.Scale(ctx, n, nil); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	now, err := c.Client().WaitForEnginesContext(ctx, n)
	if err == nil {
		c.client = now
	}
	return err
}

// Restart ends the engine processes with the given indexes of Status, all if there are none given, starts them again and
// blocks until they are registered, for at most a minute. Engines that were given up get another chance.
func (c *Cluster) Restart(engines ...int) error {
	ctx, cancel := context.WithTimeout(unit.Context(), startTime)
	defer cancel()
	return c.RestartContext(ctx, engines...)
}

// RestartContext is Restart that stops waiting when ctx ends, and not before.
func (c *Cluster) RestartContext(ctx context.Context, engines ...int) error {
	return c.cluster.Restart(ctx, nil, engines...)
}

// Signal sends a signal ("INT", "USR1") to the engine processes with the given indexes of Status, all if there are none
// given. INT interrupts what they run; TERM ends them for good.
func (c *Cluster) Signal(signal string, engines ...int) error {
	ctx, cancel := context.WithTimeout(unit.Context(), startTime)
	defer cancel()
	return c.cluster.Signal(ctx, signal, engines...)
}

// ClusterStatus is a cluster at one moment.
type ClusterStatus struct {
	State      string // "running", "degraded" (it answers, but something is missing), "broken" (the hub is gone)
	Problem    string // why it is not running, in words
	Want       int    // engines asked for
	Registered []int  // ids of the engines that the hub has, ascending
	Engines    []EngineProcess
	LogDir     string // of hub, engines and supervisor
}

// EngineProcess is the process of one engine. It is not the engine: a process that is starting has none yet.
type EngineProcess struct {
	Index    int // of the process, for Restart and Signal; a restarted process keeps it
	PID      int
	Host     string
	State    string // "pending", "running", "done"
	Reason   string // what it waits for, how it ended
	Restarts int    // how often it was started again
	Last     string // how the process before this one ended
	GaveUp   bool   // it has failed too often to be started again
	Log      string // path of its log file
}

// String returns "running: 4 of 4 engines", and what is wrong.
func (s ClusterStatus) String() string {
	text := fmt.Sprintf("%s: %d of %d engines", s.State, len(s.Registered), s.Want)
	if s.Problem != "" {
		text += "; " + s.Problem
	}
	return text
}

// Status looks at the processes and asks the hub. It blocks for at most 2 s when the hub does not answer.
func (c *Cluster) Status() (ClusterStatus, error) {
	st, err := c.cluster.Status(unit.Context())
	if err != nil {
		return ClusterStatus{}, err
	}
	s := ClusterStatus{
		State: string(st.State), Problem: st.Problem, Want: st.Want, Registered: st.Registered, LogDir: st.LogDir,
	}
	for _, e := range st.Engines {
		s.Engines = append(s.Engines, engineProcess(e))
	}
	return s, nil
}

func engineProcess(e cluster.Process) EngineProcess {
	return EngineProcess{
		Index: e.Index, PID: e.PID, Host: e.Host, State: e.State.String(), Reason: e.Reason,
		Restarts: e.Restarts, Last: e.Last, GaveUp: e.GaveUp, Log: e.Log,
	}
}

// Logs returns up to n last lines of each log of the cluster: supervisor, hub and engines, each under its path.
func (c *Cluster) Logs(n int) (string, error) {
	logs, err := c.cluster.Logs(n)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, l := range logs {
		fmt.Fprintf(&b, "==> %s <==\n%s\n", l.Path, strings.Join(append(l.Lines, ""), "\n"))
	}
	return b.String(), nil
}
