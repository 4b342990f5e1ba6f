package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Adapt makes a cluster have as many engines, of its first set, as there is work
// for. The zero value leaves the number to whoever scales it.
type Adapt struct {
	Min   int           `json:"min,omitempty"`   // engines when there is nothing to do; at least 1
	Max   int           `json:"max,omitempty"`   // engines at most; 0: do not adapt
	Quiet time.Duration `json:"quiet,omitempty"` // how long nothing must have run before it goes back to Min. Default: 30 s
}

// defaultQuiet is longer than people think between two cells.
const defaultQuiet = 30 * time.Second

func (a *Adapt) check() error {
	if a.Max == 0 && a.Min == 0 {
		return nil
	}
	if a.Min < 1 || a.Max < a.Min || a.Max > maxScale {
		return fmt.Errorf("adapt from %d to %d engines: want 1 ≤ from ≤ to ≤ %d", a.Min, a.Max, maxScale)
	}
	if a.Quiet <= 0 {
		a.Quiet = defaultQuiet
	}
	return nil
}

// scout asks the hub for its load while somebody needs it.
type scout struct {
	loads  chan Load
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// scoutEvery is how often: work that waits a second is worth an engine.
const scoutEvery = time.Second

func newScout(c *Cluster) *scout {
	ctx, cancel := context.WithCancel(context.Background())
	s := &scout{loads: make(chan Load), cancel: cancel}
	s.wg.Go(func() {
		tick := time.NewTicker(scoutEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			load, err := c.Load(ctx)
			if err != nil {
				continue // whether the hub lives is seen otherwise
			}
			select {
			case s.loads <- load:
			case <-ctx.Done():
				return
			}
		}
	})
	return s
}

func (s *scout) close() {
	s.cancel()
	s.wg.Wait()
}

// work is what is to be done, and how much was done: what changes is not idle.
func (l *Load) work() (open, done int) {
	open = l.Unassigned
	for _, e := range l.Engines {
		open += e.Queue + e.Tasks
		done += e.Completed
	}
	return open, done
}

// adapt obeys the load, and returns why the cluster should end, if it should.
func (s *supervisor) adapt(ctx context.Context, load Load) string {
	open, done := load.work()
	if open > 0 || done != s.done || s.busy.IsZero() {
		s.done, s.busy = done, time.Now()
	}
	idle := time.Since(s.busy)
	if limit := s.st.Spec.StopIdle; limit > 0 && idle >= limit {
		return fmt.Sprintf("nothing has run for %v", limit)
	}
	a := s.st.Spec.Adapt
	if a.Max == 0 || s.st.State == Broken {
		return ""
	}
	now := s.st.Spec.Sets[0].N
	want := now
	switch {
	case open > now:
		want = min(open, a.Max)
	case open == 0 && idle >= a.Quiet:
		want = a.Min
	}
	if want == now {
		return ""
	}
	s.log.Info("adapting", "tasks", open, "engines", now, "to", want)
	if err := s.scale(ctx, "", want); err != nil {
		s.log.Error(err, "the number of engines stays as it is", "engines", now)
		return ""
	}
	s.assess()
	s.note()
	return ""
}
