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
		if e := s.pick(); e != nil {
			s.start(k, e)
			return
		}
		q := &s.general
		if k.attempts > 0 { // lost with an engine: it has waited its turn
			q = &s.retries
		}
		s.enqueue(k, q)
	}
}

// placeConfined places a task that only certain engines may run.
func (s *State) placeConfined(k *task) {
	names := k.Targets
	if len(k.Follow.IDs) > 0 {
		names = k.places
	}
	var may, room []*engine
	living := 0
	for _, id := range names {
		e := s.engines[id]
		if e == nil || len(k.Targets) > 0 && !contains(k.Targets, id) {
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
	var aside []*engine
	for len(s.avail.e) > 0 && k.excludes(s.avail.e[0].id) {
		e := s.avail.e[0]
		s.avail.remove(e)
		aside = append(aside, e)
	}
	var to *engine
	if len(s.avail.e) > 0 {
		to = s.pick()
		for tries := 0; k.excludes(to.id); tries++ { // random schemes may hit one below the top
			if tries == 16 {
				to = s.avail.e[0]
				break
			}
			to = s.pick()
		}
	}
	for _, e := range aside {
		s.avail.push(e)
	}
	if to != nil {
		s.start(k, to)
		return
	}
	living := 0
	for _, id := range k.excluded {
		if s.engines[id] != nil {
			living++
		}
	}
	if living == len(s.engines) && living > 0 {
		s.hopeless(k, living)
		return
	}
	s.enqueue(k, &s.retries)
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

// nextFor takes the task out of the queues that e should run next.
func (s *State) nextFor(e *engine) *task {
	if k := s.nextRetried(e, scan); k != nil {
		return k
	}
	e.turn = !e.turn // the queues alternate, so that neither starves the other
	first, second := &e.own, &s.general
	if e.turn {
		first, second = second, first
	}
	if k := first.next(); k != nil {
		return k
	}
	if k := second.next(); k != nil {
		return k
	}
	return s.nextRetried(e, s.retries.entries)
}

// nextRetried looks at up to n retried tasks for one that e may run. Those it
// may not go to the back, so the next look sees others.
func (s *State) nextRetried(e *engine, n int) *task {
	var back []*task
	var found *task
	for range n {
		k := s.retries.next()
		if k == nil {
			break
		}
		if k.admits(e.id) {
			found = k
			break
		}
		back = append(back, k)
	}
	for _, k := range back {
		s.retries.push(k)
	}
	return found
}

func (s *State) enqueue(k *task, q *fairQueue) {
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
