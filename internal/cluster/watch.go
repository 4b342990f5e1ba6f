package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/gopar-project/gopar/internal/launch"
)

// safetyPoll is how often the supervisor looks although nothing told it to.
const safetyPoll = 5 * time.Second

// watch notes what happens to a running cluster until it should end, and
// returns why it should.
func (s *supervisor) watch(ctx context.Context) string {
	tr := s.launcher.Traits()
	every := tr.PollEvery
	if tr.Changed != nil {
		every = safetyPoll
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return "asked to"
		case <-tr.Changed:
		case <-tick.C:
		}
		tasks, err := s.launcher.Poll(ctx, s.st.records()...)
		if err != nil {
			continue // nothing is known; ctx is looked at above
		}
		if reason := s.note(tasks); reason != "" {
			return reason
		}
	}
}

// note compares tasks with those seen last, writes down what has changed, and
// returns a reason if the cluster should end: its hub was asked to.
func (s *supervisor) note(tasks []launch.Task) string {
	changed := false
	for i, t := range tasks {
		old := s.st.Tasks[i]
		if t.State == launch.Unknown || t.State == old.State {
			tasks[i] = old
			continue
		}
		changed = true
		if t.State != launch.Done {
			continue
		}
		hub := t.Job == s.st.Hub.Name
		s.log.Info("process ended", "job", t.Job, "index", t.Index, "pid", t.PID, "reason", t.Reason)
		switch {
		case hub && orderly(t):
			return "the hub was shut down"
		case hub:
			s.st.State, s.st.Problem = Broken, "the hub has ended: "+t.Reason
		case s.st.State == Running:
			s.st.State, s.st.Problem = Degraded, fmt.Sprintf("engine process %d has ended: %s", t.PID, t.Reason)
		}
	}
	s.st.Tasks = tasks
	if changed {
		if err := s.save(); err != nil {
			s.log.Error(err, "the change is not written down")
		}
	}
	return ""
}

// orderly reports whether a process ended because it was asked to.
func orderly(t launch.Task) bool {
	return t.Exit != nil && *t.Exit == 0 || t.Signal == launch.Terminate
}
