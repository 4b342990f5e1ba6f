// Package sched decides which engine runs which load-balanced task, and when.
//
// It is a pure state machine: each exported event method of State takes what
// happened and returns the actions to carry out. It reads no clock (the caller
// says what time it is), draws no randomness but from the caller's source,
// starts no goroutine, logs nothing and does no I/O. It never sees a task's
// content. A State is not safe for concurrent use.
//
// Events: Submit, Join, Lose, Finish, Abort, Tick. Actions: Send, Deliver, Fail.
//
// Invariants, all asserted by Validate:
//
//   - A task is in exactly one Phase; Running exactly when one engine holds it.
//   - An engine never holds more tasks than its limit.
//   - No task that could run on an engine with room is left waiting.
//   - Every task leaves by exactly one Deliver or Fail; one that is sent back
//     stays until it is submitted again.
//   - What is remembered of finished tasks is bounded by Config.History.
//
// Each event costs O(log engines), plus the number of engines a task names,
// plus the number of tasks it releases. Lose also costs the tasks the engine
// held and the retried ones that wait.
package sched

import (
	"math/rand/v2"
	"time"
)

// TaskID is a task's msg_id.
type TaskID string

// EngineID is an engine's UUID.
type EngineID string

// ClientID is the identity of the client that submitted a task.
type ClientID string

// Config tunes a State. The zero value works.
type Config struct {
	// Scheme chooses among the engines that could run a task. Default: LeastLoad.
	Scheme Scheme
	// HWM is how many tasks an engine holds at most, per slot. 0 adapts: one,
	// and Prefetch more while its tasks are shorter than Short, or as many as
	// take Ahead, at most MaxPrefetch, if that is more. Unlimited: no
	// bound. Default: 0, because a task that waits on an engine behind a long
	// one cannot be taken back.
	HWM int
	// Prefetch is how many tasks beyond its slots an engine holds while tasks
	// are short. Default: 1, which hides the round trip.
	Prefetch int
	// Short is the mean duration below which tasks are prefetched. Default:
	// 20 ms, because then the round trip of 0.2 ms is a per cent or more.
	Short time.Duration
	// Ahead is how much work an engine holds beyond its slots while tasks are
	// tiny. Default: 4 ms, because then messages, and the wakings of the
	// processes they go through, come in batches, and a person who waits behind
	// them does not notice.
	Ahead time.Duration
	// MaxPrefetch bounds the tasks that Ahead allows. Default: 16, because more
	// gains nothing, and because that many wait when a tiny task turns out long.
	MaxPrefetch int
	// Kills is how many engines may die while running a task before it is
	// failed as the probable cause. Default: 3.
	Kills int
	// Steal is how long a task may run before those that wait behind it on its
	// engine are asked back, if others have room. Default: 50 ms, because an
	// engine holds some only while they take much less.
	Steal time.Duration
	// History is how many finished tasks are remembered, for dependencies on
	// them and for Story. Default: 100,000, about 50 MB.
	History int
	// Rand is the source of the random schemes. Default: seeded with 1.
	Rand *rand.Rand
}

// Unlimited is the Config.HWM that lets an engine hold any number of tasks.
const Unlimited = -1

func (c *Config) setDefaults() {
	if c.Prefetch <= 0 {
		c.Prefetch = 1
	}
	if c.Short <= 0 {
		c.Short = 20 * time.Millisecond
	}
	if c.Ahead <= 0 {
		c.Ahead = 4 * time.Millisecond
	}
	if c.MaxPrefetch <= 0 {
		c.MaxPrefetch = 16
	}
	c.MaxPrefetch = max(c.MaxPrefetch, c.Prefetch)
	if c.Kills <= 0 {
		c.Kills = 3
	}
	if c.Steal <= 0 {
		c.Steal = 50 * time.Millisecond
	}
	if c.History <= 0 {
		c.History = 100_000
	}
	if c.Rand == nil {
		c.Rand = rand.New(rand.NewPCG(1, 1))
	}
}

// State is the scheduler. Make one with New.
type State struct {
	cfg     Config
	engines map[EngineID]*engine
	pools   map[string]*pool // by language; those with engines, or with tasks that wait for some
	spoken  []string         // the languages that engines ever had, in the order they came; bounded
	near    places           // who had what last
	uses    int64            // counts assignments; orders engines by last use
	fronts  int64            // counts down; a joining engine goes to the front of the line

	tasks  map[TaskID]*task   // not finished
	seq    uint64             // counts submissions
	own    map[*task]struct{} // ready, confined to certain engines and in their queues
	parked map[*task]struct{}
	timers timerHeap
	phases [phases]int // how many tasks are in each phase
	over   int         // tasks that ever ended

	done memory
	now  time.Duration
	out  []Action
}

// New returns a State without engines and tasks.
func New(c Config) *State {
	c.setDefaults()
	return &State{
		cfg:     c,
		engines: map[EngineID]*engine{},
		pools:   map[string]*pool{},
		tasks:   map[TaskID]*task{},
		own:     map[*task]struct{}{},
		parked:  map[*task]struct{}{},
		done:    newMemory(c.History),
	}
}

// Submit enters a task at time now. One that was sent back goes on where it
// was: those that depend on it have waited. Any other whose id is known and not
// finished is ignored: it returns nil.
func (s *State) Submit(now time.Duration, t Task) []Action {
	s.begin(now)
	if k, known := s.tasks[t.ID]; known {
		if k.phase != Returned {
			return nil
		}
		s.tell(k, "submitted again", "", "")
		s.armTimeout(k)
		s.place(k)
		return s.end()
	}
	t.Priority = min(max(t.Priority, -MaxPriority), MaxPriority)
	s.seq++
	k := &task{Task: t, seq: s.seq, since: now, story: make([]Step, 0, 4)}
	s.tasks[t.ID] = k
	s.phases[k.phase]++
	s.tell(k, "submitted", "", "")
	s.armTimeout(k)
	s.admit(k)
	return s.end()
}

// Finish reports an engine's reply to a task. Deliver is returned when the
// reply is the final one; without it the task was queued again, or the reply is
// stale (the engine does not hold the task) and must be dropped.
func (s *State) Finish(now time.Duration, e EngineID, id TaskID, o Outcome) []Action {
	s.begin(now)
	k, en := s.tasks[id], s.engines[e]
	if en != nil && en.ghosts[id] {
		delete(en.ghosts, id)
		s.refresh(en)
		s.fill(en)
		return s.end()
	}
	if k == nil || en == nil || k.engine != en {
		return nil
	}
	s.release(k, o)
	switch {
	case o == WasAborted && k.recalls > 0 && !k.unwanted:
		s.tell(k, "taken back", e, "what ran before it took long")
		k.recalls--
		s.armTimeout(k)
		s.place(k)
		s.fill(en)
	case o == Unmet || o == Failure && k.Retries > 0:
		if o == Failure {
			k.Retries--
		}
		k.lastOutcome = o
		k.excluded = append(k.excluded, e)
		s.tell(k, "refused", e, o.String())
		s.armTimeout(k)
		s.place(k)
		s.fill(en)
	case o == SentBack:
		s.tell(k, "returned", e, o.String())
		s.setPhase(k, Returned)
		s.out = append(s.out, Action{Do: Deliver, Task: id, Engine: e})
		s.fill(en)
	default:
		s.tell(k, "finished", e, o.String())
		s.out = append(s.out, Action{Do: Deliver, Task: id, Engine: e})
		s.fill(en) // before its dependents: they go to the end of the line, or a long chain would starve other clients
		s.finish(k, o == Success, e)
	}
	return s.end()
}

// Abort fails those of the tasks that no engine holds yet. Running ones are
// the engines' business.
func (s *State) Abort(now time.Duration, ids []TaskID) []Action {
	s.begin(now)
	for _, id := range ids {
		k := s.tasks[id]
		switch {
		case k == nil:
		case k.phase == Running:
			k.unwanted = true
		default:
			s.fail(k, Aborted)
		}
	}
	return s.end()
}

// begin starts an event.
func (s *State) begin(now time.Duration) {
	s.now = max(s.now, now)
	s.out = nil
}

// end returns the event's actions.
func (s *State) end() []Action { return s.out }

// start sends a task to an engine that has room.
func (s *State) start(k *task, e *engine) {
	s.unqueue(k)
	s.setPhase(k, Running)
	k.engine, k.started = e, s.now
	k.begun, k.recalled = false, false
	k.attempts++
	s.uses++
	e.used = s.uses
	e.held.push(k)
	s.near.had(k.Near, e.id)
	s.refresh(e)
	s.promote(e)
	s.tell(k, "sent", e.id, "")
	s.out = append(s.out, Action{Do: Send, Task: k.ID, Engine: e.id, Attempt: k.attempts})
}

// release takes a finished task from its engine.
func (s *State) release(k *task, o Outcome) {
	e := k.engine
	e.learn(s.now, k, o)
	e.held.remove(k)
	k.engine = nil
	s.setPhase(k, Waiting)
	s.refresh(e)
	s.promote(e)
}

// fail ends a task that no engine holds.
func (s *State) fail(k *task, why Reason) {
	s.tell(k, "failed", "", why.String())
	s.out = append(s.out, Action{Do: Fail, Task: k.ID, Reason: why, Engine: k.killer})
	s.finish(k, false, "")
}

// finish removes a task and releases those that depend on it.
func (s *State) finish(k *task, ok bool, where EngineID) {
	s.unqueue(k)
	s.phases[k.phase]--
	k.phase = Finished
	s.over++
	delete(s.tasks, k.ID)
	s.done.add(k, ok, where)
	dependents := k.dependents
	k.dependents = nil
	for _, d := range dependents {
		if d.task.phase != Finished {
			s.dependencyDone(d, ok, where)
		}
	}
}

func (s *State) setPhase(k *task, p Phase) {
	s.phases[k.phase]--
	s.phases[p]++
	k.phase = p
}
