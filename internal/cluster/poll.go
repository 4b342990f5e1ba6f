package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
)

// farEvery is how often systems other than this machine are asked: schedulers
// decide in seconds, and many users ask them.
const farEvery = time.Second

// near reports whether the processes of a job are looked at without asking
// anybody.
func near(r *launch.Record) bool { return r.Launcher == "local" }

// answer is what systems told of jobs.
type answer struct {
	recs  []*launch.Record
	tasks []launch.Task // of recs, in order
}

// lookout asks systems that may take seconds to answer, or never do, while the
// supervisor goes on. One question is under way at a time.
type lookout struct {
	systems *launch.Systems
	answers chan answer // capacity 1: of the question under way
	asked   bool
	next    time.Time // when to ask again
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

func newLookout(systems *launch.Systems) *lookout {
	o := &lookout{systems: systems, answers: make(chan answer, 1)}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	return o
}

// ask asks about jobs unless that is under way, or was done just now.
func (o *lookout) ask(recs []*launch.Record) {
	if o.asked || len(recs) == 0 || time.Now().Before(o.next) {
		return
	}
	o.asked = true
	o.wg.Go(func() { o.answers <- answer{recs, o.systems.Poll(o.ctx, recs...)} })
}

// answered is to be called with each answer that was received.
func (o *lookout) answered() { o.asked, o.next = false, time.Now().Add(farEvery) }

func (o *lookout) close() {
	o.cancel()
	o.wg.Wait()
}

// divide returns the jobs that are looked at here, and those that somebody has
// to be asked about.
func (s *state) divide() (here, far []*launch.Record) {
	for _, r := range s.records() {
		if near(r) {
			here = append(here, r)
		} else {
			far = append(far, r)
		}
	}
	return here, far
}

// merge returns the tasks of the hub and of the slots after an answer. What jobs
// hold beyond that, such as the predecessor of a restarted engine, is history.
// What the system does not know stands as it was; so does how an ended process
// ended, which only its parent was told.
func (s *state) merge(a answer) []launch.Task {
	fresh := make(map[string]launch.Task, len(a.tasks))
	k := 0
	for _, r := range a.recs {
		for range r.N {
			t := a.tasks[k]
			fresh[r.ID+" "+taskName(t.Job, t.Index)] = t
			k++
		}
	}
	ids := make(map[string]string, len(s.Slots))
	for _, e := range s.Slots {
		ids[taskName(e.Job, e.Index)] = e.ID
	}
	known := make(map[string]launch.Task, len(s.Tasks))
	for _, t := range s.Tasks {
		known[taskName(t.Job, t.Index)] = t
	}
	var current []launch.Task
	for _, r := range s.records() {
		for i := r.First; i < r.First+r.N; i++ {
			name := taskName(r.Name, i)
			if r != s.Hub && ids[name] != r.ID {
				continue
			}
			t, told := fresh[r.ID+" "+name]
			old, seen := known[name]
			switch {
			case !told && seen, seen && old.State == launch.Done:
				t = old
			case !told:
				t = launch.Task{Job: r.Name, Index: i, State: launch.Pending, Reason: "submitted"}
			case t.State == launch.Unknown && seen:
				old.Reason = t.Reason
				t = old
			}
			current = append(current, t)
		}
	}
	return current
}

// refresh looks at the processes. While the supervisor lives it is the one who
// asks other systems; only it is told how its own children ended.
func (s *state) refresh(ctx context.Context, log logr.Logger) error {
	systems := launch.NewSystems(log)
	defer systems.Close()
	here, far := s.divide()
	recs := here
	if s.Supervisor.Check() != nil {
		recs = append(recs, far...)
	}
	s.Tasks = s.merge(answer{recs, systems.Poll(ctx, recs...)})
	return ctx.Err()
}
