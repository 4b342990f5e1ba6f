package cluster

import (
	"context"
	"time"

	"github.com/gopar-project/gopar/internal/launch"
)

// safetyPoll is how often the supervisor looks although nothing told it to.
const safetyPoll = 5 * time.Second

// watch keeps a running cluster as it should be until it should end, and
// returns why it should.
func (s *supervisor) watch(ctx context.Context, orders <-chan order) string {
	tr := s.local.Traits()
	tick := time.NewTimer(safetyPoll)
	defer tick.Stop()
	due := time.NewTimer(s.due())
	defer due.Stop()
	var loads chan Load
	if s.scout != nil {
		loads = s.scout.loads
	}
	for {
		select {
		case <-ctx.Done():
			return "asked to"
		case o := <-orders:
			err := s.obey(ctx, o)
			s.assess()
			s.note()
			o.done <- err
		case <-tr.Changed:
		case a := <-s.lookout.answers:
			s.lookout.answered()
			if reason := s.see(ctx, s.st.merge(a)); reason != "" {
				return reason
			}
		case load := <-loads:
			if reason := s.adapt(ctx, load); reason != "" {
				return reason
			}
		case <-tick.C:
		case <-due.C:
		}
		if s.act(ctx) {
			s.note()
		}
		here, far := s.st.divide()
		if reason := s.see(ctx, s.st.merge(answer{here, s.systems.Poll(ctx, here...)})); reason != "" {
			return reason
		}
		s.lookout.ask(far)
		if len(far) > 0 {
			tick.Reset(farEvery)
		} else {
			tick.Reset(safetyPoll)
		}
		due.Reset(s.due())
	}
}

// see compares tasks with those seen last, decides what follows, writes down
// what has changed, and returns a reason if the cluster should end: its hub was
// asked to.
func (s *supervisor) see(ctx context.Context, tasks []launch.Task) string {
	old := make(map[string]launch.Task, len(s.st.Tasks))
	for _, t := range s.st.Tasks {
		old[taskName(t.Job, t.Index)] = t
	}
	changed := len(tasks) != len(s.st.Tasks)
	s.st.Tasks = tasks
	for _, t := range tasks {
		before := old[taskName(t.Job, t.Index)]
		if t.State == before.State && t.PID == before.PID && t.Reason == before.Reason {
			continue
		}
		changed = true
		if t.State != launch.Done {
			continue
		}
		s.log.Info("process ended", "job", t.Job, "index", t.Index, "pid", t.PID, "reason", t.Reason)
		switch e := s.st.slot(t.Job, t.Index); {
		case e != nil:
			s.engineEnded(ctx, e, t)
		case orderly(t):
			return "the hub was shut down"
		default:
			s.hubEnded(t)
		}
	}
	if changed {
		s.assess()
		s.note()
	}
	return ""
}

// note writes the state down.
func (s *supervisor) note() {
	if err := s.save(); err != nil {
		s.log.Error(err, "the change is not written down")
	}
}

// orderly reports whether a process ended because it was asked to.
func orderly(t launch.Task) bool {
	return t.Exit != nil && *t.Exit == 0 || t.Signal == launch.Terminate
}
