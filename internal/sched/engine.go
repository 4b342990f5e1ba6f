package sched

import "time"

// engine is a living engine.
type engine struct {
	id    EngineID
	slots int // how many tasks it runs at once
	held  taskList
	used  int64     // when it last got a task; orders engines by last use
	own   fairQueue // confined tasks that may run here
	turn  bool      // whose turn it is: its own queue's or the general one's
	heap  int       // index in State.avail; -1: no room
	mean  time.Duration
	freed time.Duration // when it last finished a task
	alive bool
	done  int
}

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
	room := e.alive && e.held.n < s.limit(e)
	switch {
	case room && e.heap < 0:
		s.avail.push(e)
	case room:
		s.avail.fix(e)
	case e.heap >= 0:
		s.avail.remove(e)
	}
}

// Join enters an engine that runs slots tasks at once (at least 1). An engine
// that is already known is ignored: it returns nil.
func (s *State) Join(now time.Duration, id EngineID, slots int) []Action {
	s.begin(now)
	if _, known := s.engines[id]; known {
		return nil
	}
	e := s.enter(id, slots)
	s.refresh(e)
	s.welcome(e)
	return s.end()
}

// enter adds an engine that has no tasks and is not available yet.
func (s *State) enter(id EngineID, slots int) *engine {
	s.fronts--
	e := &engine{id: id, slots: max(slots, 1), used: s.fronts, heap: -1, alive: true}
	s.engines[id] = e
	return e
}

// welcome gives a new engine what waits for it.
func (s *State) welcome(e *engine) {
	again := map[*task]struct{}{} // what waits for others but names this one, and what waits for any
	for k := range s.own {
		if k.admits(e.id) {
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
		if i < e.slots { // the rest was prefetched: it had no part in the death
			k.kills++
			k.killer = id
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
	for _, q := range []*fairQueue{&e.own, &s.retries} {
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
		return e.held.n
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
