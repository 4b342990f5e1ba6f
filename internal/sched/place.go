package sched

import "sort"

// scan bounds how many retried tasks an engine passes over that it may not run
// before it takes another kind.
const scan = 64

// place starts a runnable task on an engine with room, or queues it, or parks
// it, or fails it when no engine can ever run it.
func (s *State) place(k *task) {
	s.unqueue(k)
	s.setPhase(k, Waiting)
	switch {
	case k.confined():
		s.placeConfined(k)
	case len(k.excluded) > 0:
		s.placeRetried(k)
	default:
		if e := s.pickFor(k); e != nil {
			s.start(k, e)
			return
		}
		p := s.poolOf(k.Language)
		q := &p.general
		if k.attempts > 0 { // lost with an engine: it has waited its turn
			q = &p.retries
		}
		s.enqueue(k, q)
	}
}

// pickFor chooses among the engines with room that any task of k's language may
// run on; nil when there is none.
func (s *State) pickFor(k *task) *engine {
	var buffer [4]*pool
	var best *engine
	for _, p := range s.poolsFor(k, buffer[:0]) {
		if e := s.pick(&p.avail); e != nil && (best == nil || p.avail.less(e, best)) {
			best = e
		}
	}
	if best == nil {
		return nil
	}
	if e := s.nearest(k, best); e != nil {
		return e
	}
	return best
}

// namesOf returns the engines that a confined task may run on, or more.
func (s *State) namesOf(k *task) []EngineID {
	if len(k.Follow.IDs) > 0 {
		return k.places
	}
	return k.Targets
}

// placeConfined places a task that only certain engines may run.
func (s *State) placeConfined(k *task) {
	var may, room []*engine
	living := 0
	for _, id := range s.namesOf(k) {
		e := s.engines[id]
		if e == nil || !k.speaks(e) || len(k.Targets) > 0 && !contains(k.Targets, id) {
			continue
		}
		living++
		if k.excludes(id) {
			continue
		}
		may = append(may, e)
		if e.heap >= 0 {
			room = append(room, e)
		}
	}
	if e := s.pickOf(room); e != nil {
		s.start(k, e)
		return
	}
	if len(may) == 0 {
		s.hopeless(k, living)
		return
	}
	s.setPhase(k, Ready)
	s.own[k] = struct{}{}
	for _, e := range may {
		e.own.push(k)
	}
}

// placeRetried places a task that any engine may run but those that refused it.
func (s *State) placeRetried(k *task) {
	var buffer [4]*pool
	var to *engine
	for _, p := range s.poolsFor(k, buffer[:0]) {
		if e := s.pickBut(&p.avail, k); e != nil && (to == nil || p.avail.less(e, to)) {
			to = e
		}
	}
	if to != nil {
		s.start(k, to)
		return
	}
	refused := 0
	for _, id := range k.excluded {
		if e := s.engines[id]; e != nil && k.speaks(e) {
			refused++
		}
	}
	if refused == s.living(k) && refused > 0 {
		s.hopeless(k, refused)
		return
	}
	s.enqueue(k, &s.poolOf(k.Language).retries)
}

// pickBut chooses among the engines with room but those that refused k.
func (s *State) pickBut(a *engineHeap, k *task) *engine {
	var aside []*engine
	for len(a.e) > 0 && k.excludes(a.e[0].id) {
		e := a.e[0]
		a.remove(e)
		aside = append(aside, e)
	}
	to := s.pick(a)
	for tries := 0; to != nil && k.excludes(to.id); tries++ { // random schemes may hit one below the top
		if tries == 16 {
			to = a.e[0]
			break
		}
		to = s.pick(a)
	}
	for _, e := range aside {
		a.push(e)
	}
	return to
}

// hopeless deals with a task that no living engine may run. living counts the
// engines it could run on, had they not refused it.
//
//   - Its engines are gone: it fails.
//   - They all ran it and it failed: they may try again, as the retries it has
//     left demand; with a timeout it waits for another engine until then, as
//     ipyparallel has it.
//   - They all refused it: the engines it names will not change, so it fails;
//     a free task waits for another engine.
func (s *State) hopeless(k *task, living int) {
	switch {
	case living == 0:
		s.fail(k, Impossible)
	case k.lastOutcome == Failure && k.Timeout == 0:
		k.excluded = nil
		s.place(k)
	case k.confined() && k.lastOutcome == Unmet:
		s.fail(k, Impossible)
	default:
		s.setPhase(k, Parked)
		s.parked[k] = struct{}{}
		s.tell(k, "parked", "", "every engine refused it")
	}
}

// fill gives an engine tasks while it has room.
func (s *State) fill(e *engine) {
	for e.alive && e.heap >= 0 {
		k := s.nextFor(e)
		if k == nil {
			return
		}
		s.start(k, e)
	}
}

// nextFor takes the task out of the queues that e should run next: those that
// were tried before first, then by priority.
func (s *State) nextFor(e *engine) *task {
	sources := s.sources(e)
	for _, p := range sources {
		if p == nil {
			continue
		}
		if k := p.nextRetried(e, scan); k != nil {
			return k
		}
	}
	var best *queue
	var first *task
	e.turn++ // among equals the queues alternate, so that none starves another
	for i := range 3 {
		var q *queue
		switch n := (i + e.turn) % 3; {
		case n == 0:
			q = &e.own
		case sources[n-1] == nil:
			continue
		default:
			q = &sources[n-1].general
		}
		if k := q.front(); k != nil && (first == nil || k.Priority > first.Priority) {
			best, first = q, k
		}
	}
	if best != nil {
		return best.next()
	}
	for _, p := range sources {
		if p == nil {
			continue
		}
		if k := p.nextRetried(e, p.retries.entries()); k != nil {
			return k
		}
	}
	return nil
}

// nextRetried looks at up to n retried tasks for one that e may run. Those it
// may not go to the back, so the next look sees others.
func (p *pool) nextRetried(e *engine, n int) *task {
	var back []*task
	var found *task
	for range n {
		k := p.retries.next()
		if k == nil {
			break
		}
		if k.admits(e) {
			found = k
			break
		}
		back = append(back, k)
	}
	for _, k := range back {
		p.retries.push(k)
	}
	return found
}

func (s *State) enqueue(k *task, q *queue) {
	s.setPhase(k, Ready)
	q.push(k)
}

// unqueue takes k out of whatever queue it is in.
func (s *State) unqueue(k *task) {
	k.ticket++
	switch {
	case k.phase == Parked:
		delete(s.parked, k)
	case k.phase == Ready && k.confined():
		delete(s.own, k)
	}
}

// sorted returns tasks in the order of their submission, so that what the
// scheduler does never depends on the order of a map.
func sorted(set map[*task]struct{}) []*task {
	list := make([]*task, 0, len(set))
	for k := range set {
		list = append(list, k)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].seq < list[j].seq })
	return list
}
