package sched

import "time"

// Engine is what the scheduler knows of an engine.
type Engine struct {
	ID       EngineID
	Language string // of the tasks it runs besides those of none
	Slots    int    // how many it runs at once; at least 1
}

// engine is a living engine.
type engine struct {
	id     EngineID
	pool   *pool // of its language
	slots  int   // how many tasks it runs at once
	held   taskList
	ghosts map[TaskID]bool // tasks that are over, and that it has not answered yet
	used   int64           // when it last got a task; orders engines by last use
	own    queue           // confined tasks that may run here
	turn   int             // whose turn it is among the queues
	heap   int             // index in pool.avail; -1: no room
	look   bool            // a timer will look whether something waits behind a long task
	mean   time.Duration
	freed  time.Duration // when it last finished a task
	alive  bool
	done   int
}

// load is how many tasks the engine has, those included that are over for everybody else.
func (e *engine) load() int { return e.held.n + len(e.ghosts) }

// learn updates the mean duration of the engine's tasks, as an exponential
// average with weight 1/4, from one that it just finished. A task that waited
// behind another started when that one ended.
func (e *engine) learn(now time.Duration, k *task, o Outcome) {
	e.done++
	took := now - max(k.started, e.freed)
	e.freed = now
	if o == Unmet || o == WasAborted || o == SentBack {
		return
	}
	if e.mean == 0 {
		e.mean = max(took, 1)
		return
	}
	e.mean += (took - e.mean) / 4
}

// limit returns how many tasks the engine may hold.
func (s *State) limit(e *engine) int {
	switch {
	case s.cfg.HWM < 0:
		return int(^uint(0) >> 1)
	case s.cfg.HWM > 0:
		return s.cfg.HWM * e.slots
	case e.mean > 0 && e.mean < s.cfg.Short:
		ahead := int(min(s.cfg.Ahead/e.mean, time.Duration(s.cfg.MaxPrefetch)))
		return e.slots + max(s.cfg.Prefetch, ahead)
	}
	return e.slots
}

// refresh puts e into or out of the available engines, or moves it, after its
// load changed.
func (s *State) refresh(e *engine) {
	room := e.alive && e.load() < s.limit(e)
	a := &e.pool.avail
	switch {
	case room && e.heap < 0:
		a.push(e)
	case room:
		a.fix(e)
	case e.heap >= 0:
		a.remove(e)
	}
}

// Join enters an engine. One that is already known is ignored: it returns nil.
func (s *State) Join(now time.Duration, n Engine) []Action {
	s.begin(now)
	id := n.ID
	if _, known := s.engines[id]; known {
		return nil
	}
	e := s.enter(n)
	s.refresh(e)
	s.welcome(e)
	return s.end()
}

// enter adds an engine that has no tasks and is not available yet.
func (s *State) enter(n Engine) *engine {
	s.fronts--
	e := &engine{id: n.ID, pool: s.poolOf(n.Language), slots: max(n.Slots, 1), used: s.fronts, heap: -1, alive: true}
	e.pool.engines++
	e.pool.ever = true
	s.engines[n.ID] = e
	return e
}

// welcome gives a new engine what waits for it.
func (s *State) welcome(e *engine) {
	again := map[*task]struct{}{} // what waits for others but names this one, and what waits for any
	for k := range s.own {
		if k.admits(e) {
			again[k] = struct{}{}
		}
	}
	for k := range s.parked {
		again[k] = struct{}{}
	}
	for _, k := range sorted(again) {
		s.place(k)
	}
	s.fill(e)
}

// Lose removes an engine that died. What it held is run elsewhere, unless it
// was running when Config.Kills engines died, or there is no engine left.
func (s *State) Lose(now time.Duration, id EngineID) []Action {
	s.begin(now)
	e := s.engines[id]
	if e == nil {
		return nil
	}
	delete(s.engines, id)
	e.pool.engines--
	e.alive = false
	s.refresh(e)
	var held []*task
	for k := e.held.head; k != nil; k = k.next {
		held = append(held, k)
	}
	for i, k := range held {
		e.held.remove(k)
		k.engine = nil
		s.setPhase(k, Waiting)
		s.tell(k, "lost", id, "")
		began := i < e.slots // the rest was prefetched: it had no part in the death
		if began {
			k.kills++
			k.killer = id
		}
		if began && k.Once {
			s.fail(k, Killed)
			continue
		}
		if k.kills >= s.cfg.Kills || len(s.engines) == 0 && k.kills > 0 {
			s.fail(k, Killed)
			continue
		}
		s.armTimeout(k)
		s.place(k)
	}
	s.reconsider(e)
	return s.end()
}

// reconsider places the waiting tasks again that might have lost their last
// engine with e.
func (s *State) reconsider(e *engine) {
	queues := []*queue{&e.own, &e.pool.retries}
	if any := s.pools[""]; any != nil && any != e.pool {
		queues = append(queues, &any.retries)
	}
	for _, q := range queues {
		for _, k := range q.live() {
			if k.phase == Ready {
				s.place(k)
			}
		}
	}
}

// Engines returns the number of living engines.
func (s *State) Engines() int { return len(s.engines) }

// Held returns the tasks an engine holds, oldest first.
func (s *State) Held(id EngineID) []TaskID {
	e := s.engines[id]
	if e == nil {
		return nil
	}
	ids := make([]TaskID, 0, e.held.n)
	for k := e.held.head; k != nil; k = k.next {
		ids = append(ids, k.ID)
	}
	return ids
}

// Oldest returns the task that an engine was given first of those that it holds.
func (s *State) Oldest(id EngineID) (TaskID, bool) {
	e := s.engines[id]
	if e == nil || e.held.head == nil {
		return "", false
	}
	return e.held.head.ID, true
}

// Load returns how many tasks an engine holds.
func (s *State) Load(id EngineID) int {
	if e := s.engines[id]; e != nil {
		return e.load()
	}
	return 0
}

// Queued returns the tasks no engine holds, in the order of submission.
func (s *State) Queued() []TaskID {
	waiting := map[*task]struct{}{}
	for _, k := range s.tasks {
		if k.phase != Running {
			waiting[k] = struct{}{}
		}
	}
	ids := make([]TaskID, 0, len(waiting))
	for _, k := range sorted(waiting) {
		ids = append(ids, k.ID)
	}
	return ids
}

// QueuedCount returns how many tasks no engine holds.
func (s *State) QueuedCount() int { return len(s.tasks) - s.phases[Running] }

// SomeQueued returns up to n of the tasks no engine holds, in no order.
func (s *State) SomeQueued(n int) []TaskID {
	var ids []TaskID
	for id, k := range s.tasks {
		if len(ids) >= n {
			break
		}
		if k.phase != Running {
			ids = append(ids, id)
		}
	}
	return ids
}

// Speaks returns the languages of living engines, in words.
func (s *State) Speaks() string { return s.languages() }
