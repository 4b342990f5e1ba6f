package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gopar-project/gopar/internal/launch"
)

const (
	// defaultRestarts is how often an engine that keeps failing is started
	// again: enough to survive a machine's bad minute, few enough that one that
	// can never work is soon reported.
	defaultRestarts = 5
	maxBackoff      = 30 * time.Second
	// calm is how long an engine must have run for its failures to be forgotten.
	calm = time.Minute
)

// slot is the place of one engine in a cluster. Processes come and go in it;
// its index, and so its log file, stay.
type slot struct {
	Job       string    `json:"job"`                 // name of the job
	Set       int       `json:"set"`                 // of the spec
	Index     int       `json:"index"`               // unique in the cluster
	ID        string    `json:"id"`                  // of the job that runs it now; a restart is a job of its own
	Began     time.Time `json:"began"`               // when that job was started
	Restarts  int       `json:"restarts,omitempty"`  // all of them
	Failures  int       `json:"failures,omitempty"`  // that were not followed by a calm time
	Last      string    `json:"last,omitempty"`      // how the process before this one ended, or why it did not start
	LastEnded time.Time `json:"last_ended,omitzero"` // when
	Leaving   bool      `json:"leaving,omitempty"`   // it is not wanted any more
	Renewed   bool      `json:"renewed,omitempty"`   // it shall end and start again
	GaveUp    bool      `json:"gave_up,omitempty"`   // it has failed too often
	StartAt   time.Time `json:"start_at,omitzero"`   // when to start it again; zero: not
	KillAt    time.Time `json:"kill_at,omitzero"`    // when asking it to end was in vain; zero: it was not asked
}

// slot returns the slot of a task, or nil: the hub has none.
func (s *state) slot(job string, index int) *slot {
	for _, e := range s.Slots {
		if e.Job == job && e.Index == index {
			return e
		}
	}
	return nil
}

// task returns what was last seen of a slot's process.
func (s *state) task(e *slot) launch.Task {
	for _, t := range s.Tasks {
		if t.Job == e.Job && t.Index == e.Index {
			return t
		}
	}
	return launch.Task{Job: e.Job, Index: e.Index}
}

// holder returns the job that runs a slot now.
func (s *state) holder(e *slot) *launch.Record {
	for _, r := range s.Engines {
		if r.ID == e.ID {
			return r
		}
	}
	return nil
}

// addSlots makes slots for the tasks of a new job.
func (s *supervisor) addSlots(set int, rec *launch.Record) {
	s.st.Engines = append(s.st.Engines, rec)
	for i := rec.First; i < rec.First+rec.N; i++ {
		s.st.Slots = append(s.st.Slots, &slot{Job: rec.Name, Set: set, Index: i, ID: rec.ID, Began: rec.Submitted})
	}
}

// engineEnded decides what follows the end of an engine's process.
func (s *supervisor) engineEnded(ctx context.Context, e *slot, t launch.Task) {
	e.Last, e.LastEnded, e.KillAt = t.Reason, t.Ended, time.Time{}
	// The process of the cells may have survived its engine.
	if err := s.signal(ctx, launch.Kill, e); err != nil {
		s.log.Error(err, "what an engine left behind may be there still", "index", e.Index)
	}
	switch {
	case e.Leaving:
	case e.Renewed:
		e.Renewed, e.StartAt = false, time.Now()
	case orderly(t):
		// Somebody wanted it: a client's shutdown, or a signal.
	default:
		if time.Since(e.Began) > calm {
			e.Failures = 0
		}
		s.failed(e)
	}
}

// failed plans the restart of an engine, or gives it up.
func (s *supervisor) failed(e *slot) {
	e.Failures++
	if e.Failures > s.st.Spec.Restarts {
		e.GaveUp, e.StartAt = true, time.Time{}
		s.log.Info("engine given up", "index", e.Index, "failures", e.Failures, "reason", e.Last)
		return
	}
	e.StartAt = time.Now().Add(backoff(e.Failures))
}

// backoff returns how long the restart after the given failure in a row waits:
// none for the first, then a second, and twice as long each time.
func backoff(failures int) time.Duration {
	if failures <= 1 {
		return 0
	}
	return min(time.Second<<min(failures-2, 10), maxBackoff)
}

// act does what is due: restarts, and the end of engines that do not obey. It
// reports whether anything was done.
func (s *supervisor) act(ctx context.Context) bool {
	acted := false
	now := time.Now()
	if !s.st.HubAt.IsZero() && !now.Before(s.st.HubAt) {
		s.restartHub(ctx)
		acted = true
	}
	for _, e := range s.st.Slots {
		switch {
		case !e.KillAt.IsZero() && !now.Before(e.KillAt):
			e.KillAt = now.Add(grace) // again, if the system did not obey either
			if err := s.signal(ctx, launch.Kill, e); err != nil {
				s.log.Error(err, "engine not killed", "index", e.Index)
			}
			acted = true
		case !e.StartAt.IsZero() && !now.Before(e.StartAt) && s.st.State != Broken:
			s.restart(ctx, e)
			acted = true
		}
	}
	return acted
}

// due returns how long act has nothing to do.
func (s *supervisor) due() time.Duration {
	next := time.Now().Add(time.Hour)
	if !s.st.HubAt.IsZero() {
		next = s.st.HubAt
	}
	for _, e := range s.st.Slots {
		if !e.KillAt.IsZero() && e.KillAt.Before(next) {
			next = e.KillAt
		}
		if !e.StartAt.IsZero() && e.StartAt.Before(next) && s.st.State != Broken {
			next = e.StartAt
		}
	}
	return max(0, time.Until(next))
}

// restart starts the process of a slot anew.
func (s *supervisor) restart(ctx context.Context, e *slot) {
	e.StartAt = time.Time{}
	rec, err := s.launchEngines(ctx, e.Set, e.Index, 1)
	if err != nil {
		e.Last, e.LastEnded = err.Error(), time.Now()
		s.log.Error(err, "engine not restarted", "index", e.Index)
		s.failed(e)
		return
	}
	e.ID, e.Began, e.Restarts, e.GaveUp = rec.ID, rec.Submitted, e.Restarts+1, false
	s.st.Engines = append(s.st.Engines, rec)
	s.st.Tasks = slices.DeleteFunc(s.st.Tasks, func(t launch.Task) bool { return t.Job == e.Job && t.Index == e.Index })
	s.prune()
	s.log.Info("engine restarted", "index", e.Index, "restarts", e.Restarts, "reason", e.Last)
}

// prune forgets jobs that run no slot any more. Their tasks have ended.
func (s *supervisor) prune() {
	s.st.Engines = slices.DeleteFunc(s.st.Engines, func(r *launch.Record) bool {
		used := slices.ContainsFunc(s.st.Slots, func(e *slot) bool { return e.ID == r.ID })
		if !used && !near(r) {
			s.forget(r)
		}
		return !used
	})
}

// forget has a system remove what it keeps of a job that is over.
func (s *supervisor) forget(r *launch.Record) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := s.systems.Signal(ctx, r, launch.Kill); err != nil {
		s.log.Error(err, "what a job left behind may be there still", "job", r.Name, "id", r.ID)
	}
}

// signal sends a signal to the processes of slots, one call for each job.
func (s *supervisor) signal(ctx context.Context, sig launch.Signal, slots ...*slot) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	for _, r := range s.st.Engines {
		var indexes []int
		for _, e := range slots {
			if e.ID == r.ID {
				indexes = append(indexes, e.Index)
			}
		}
		if len(indexes) == 0 {
			continue
		}
		if err := s.systems.Signal(ctx, r, sig, indexes...); err != nil {
			return err
		}
	}
	return nil
}

// dismiss asks the processes of slots to end; act makes them.
func (s *supervisor) dismiss(ctx context.Context, slots []*slot) error {
	if len(slots) == 0 {
		return nil
	}
	for _, e := range slots {
		e.KillAt = time.Now().Add(grace)
	}
	return s.signal(ctx, launch.Terminate, slots...)
}

// assess derives the cluster's state from its engines'.
func (s *supervisor) assess() {
	// Those that were to go and are gone are forgotten.
	s.st.Slots = slices.DeleteFunc(s.st.Slots, func(e *slot) bool {
		gone := e.Leaving && s.st.task(e).State == launch.Done
		if gone {
			s.st.Tasks = slices.DeleteFunc(s.st.Tasks, func(t launch.Task) bool { return t.Job == e.Job && t.Index == e.Index })
		}
		return gone
	})
	s.prune()
	if s.st.State != Running && s.st.State != Degraded {
		return
	}
	s.st.State, s.st.Problem = Running, ""
	for _, e := range s.st.Slots {
		if t := s.st.task(e); t.State == launch.Done {
			s.st.State, s.st.Problem = Degraded, fmt.Sprintf("engine process %d has ended: %s", t.PID, t.Reason)
			return
		}
	}
}
