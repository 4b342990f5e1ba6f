package sched

// progress counts how far a dependency is.
type progress struct{ total, met, unmet int }

// reached reports whether d is satisfied.
func (p *progress) reached(d *Dependency) bool {
	if p.total == 0 {
		return true
	}
	if d.All {
		return p.met == p.total
	}
	return p.met > 0
}

// lost reports whether d can no longer be satisfied.
func (p *progress) lost(d *Dependency) bool {
	if p.total == 0 {
		return false
	}
	if d.All {
		return p.unmet > 0
	}
	return p.unmet == p.total
}

// admit checks a new task's dependencies and places it, makes it wait, or
// fails it.
func (s *State) admit(k *task) {
	if k.Language != s.poolOf(k.Language).language { // there are too many languages to wait for engines of another
		s.fail(k, Impossible)
		return
	}
	if k.Language != "" && len(s.engines) > 0 && !s.poolOf(k.Language).ever { // else some have ended, and may come back
		s.fail(k, NoEngine)
		return
	}
	if !s.valid(k, &k.After) || !s.valid(k, &k.Follow) {
		s.fail(k, Invalid)
		return
	}
	s.subscribe(k, &k.After, &k.after, false)
	s.subscribe(k, &k.Follow, &k.follow, true)
	s.advance(k)
}

// valid reports whether every id is known and none is k itself.
func (s *State) valid(k *task, d *Dependency) bool {
	for _, id := range d.IDs {
		if id == k.ID {
			return false
		}
		if _, live := s.tasks[id]; !live && !s.done.has(id) {
			return false
		}
	}
	return true
}

// subscribe counts the finished ones of d and registers k with the others.
// Repeated ids count once.
func (s *State) subscribe(k *task, d *Dependency, p *progress, follow bool) {
	if len(d.IDs) > 1 {
		seen := make(map[TaskID]struct{}, len(d.IDs))
		unique := d.IDs[:0:0]
		for _, id := range d.IDs {
			if _, dup := seen[id]; !dup {
				seen[id] = struct{}{}
				unique = append(unique, id)
			}
		}
		d.IDs = unique
	}
	p.total = len(d.IDs)
	for _, id := range d.IDs {
		if dep := s.tasks[id]; dep != nil {
			dep.dependents = append(dep.dependents, edge{k, follow})
			continue
		}
		f, _ := s.done.get(id)
		s.count(k, d, p, follow, f.ok, f.where)
	}
}

// count books one finished dependency of k.
func (s *State) count(k *task, d *Dependency, p *progress, follow, ok bool, where EngineID) {
	if !d.meets(ok) {
		p.unmet++
		return
	}
	p.met++
	if follow && where != "" && !contains(k.places, where) {
		k.places = append(k.places, where)
	}
}

// edge says that a task waits for another one.
type edge struct {
	task   *task
	follow bool
}

// dependencyDone tells the task at the other end of d that a dependency ended.
func (s *State) dependencyDone(d edge, ok bool, where EngineID) {
	k := d.task
	if d.follow {
		s.count(k, &k.Follow, &k.follow, true, ok, where)
	} else {
		s.count(k, &k.After, &k.after, false, ok, where)
	}
	if k.phase != Running && k.phase != Returned {
		s.advance(k)
	}
}

// advance moves k on after its dependencies changed.
func (s *State) advance(k *task) {
	switch {
	case k.after.lost(&k.After), k.follow.lost(&k.Follow), k.Follow.All && len(k.places) > 1:
		s.fail(k, Impossible)
	case k.after.reached(&k.After) && k.follow.reached(&k.Follow):
		s.place(k)
	}
}
