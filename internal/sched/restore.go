package sched

import "time"

// Recall makes the outcome of a task known that finished before this State was made, for dependencies on it. It is no event.
func (s *State) Recall(id TaskID, ok bool, where EngineID) {
	k := &task{Task: Task{ID: id}}
	s.tell(k, "finished", where, "before a restart")
	s.done.add(k, ok, where)
}

// Hold enters a task that an engine had before this State was made. It waits, Returned, for Rejoin of that engine, or for Submit,
// which places it anew.
func (s *State) Hold(now time.Duration, t Task) []Action {
	s.begin(now)
	if _, known := s.tasks[t.ID]; known {
		return nil
	}
	s.seq++
	k := &task{Task: t, seq: s.seq, since: now, story: make([]Step, 0, 4)}
	s.tasks[t.ID] = k
	s.phases[k.phase]++
	s.setPhase(k, Returned)
	s.tell(k, "held", "", "by an engine, before a restart")
	s.armTimeout(k)
	if !s.valid(k, &k.After) || !s.valid(k, &k.Follow) { // what it waited for is over and forgotten
		k.After, k.Follow = Dependency{}, Dependency{}
		return s.end()
	}
	s.subscribe(k, &k.After, &k.after, false)
	s.subscribe(k, &k.Follow, &k.follow, true)
	return s.end()
}

// Rejoin is Join of an engine that has tasks already: those of ids that are Returned are its again, in that order, whether it has
// room for them or not.
func (s *State) Rejoin(now time.Duration, n Engine, ids []TaskID) []Action {
	s.begin(now)
	if _, known := s.engines[n.ID]; known {
		return nil
	}
	e := s.enter(n)
	for _, t := range ids {
		k := s.tasks[t]
		if k == nil || k.phase != Returned {
			continue
		}
		s.setPhase(k, Running)
		k.engine, k.started = e, s.now
		k.attempts++
		e.held.push(k)
		s.tell(k, "runs on", n.ID, "as before the restart")
	}
	s.refresh(e)
	s.promote(e)
	s.welcome(e)
	return s.end()
}

// Expect says that there was an engine of a language before this State was made: tasks of it wait for its return.
func (s *State) Expect(language string) { s.poolOf(language).ever = true }
