package sched

import "fmt"

// Validate checks every invariant and returns the first that does not hold,
// with the story of the task concerned. It costs O(everything): it is for
// tests, and for production behind a flag.
func (s *State) Validate() error {
	var count [phases]int
	waiting := map[*task]int{}
	for _, p := range s.pools {
		for _, q := range []*queue{&p.general, &p.retries} {
			for _, k := range q.live() {
				waiting[k]++
				if k.Language != p.language && p.language != "" {
					return s.broken(k, "in the queue of another language")
				}
			}
		}
	}
	for _, e := range s.engines {
		for _, k := range e.own.live() {
			waiting[k] = 1
			if !k.admits(e) {
				return s.broken(k, "queued for an engine that may not run it")
			}
			if e.heap >= 0 {
				return s.broken(k, "waits although its engine has room")
			}
		}
	}
	for id, k := range s.tasks {
		count[k.phase]++
		if id != k.ID {
			return s.broken(k, "filed under another id")
		}
		if (k.engine != nil) != (k.phase == Running) {
			return s.broken(k, "running without an engine or the reverse")
		}
		if n := waiting[k]; (n == 1) != (k.phase == Ready) {
			return s.broken(k, fmt.Sprintf("in %d queues", n))
		}
		if _, parked := s.parked[k]; parked != (k.phase == Parked) {
			return s.broken(k, "parked or not")
		}
		switch k.phase {
		case Ready:
			if !k.after.reached(&k.After) || !k.follow.reached(&k.Follow) {
				return s.broken(k, "ready before its dependencies")
			}
			if _, own := s.own[k]; own != k.confined() {
				return s.broken(k, "confined and in no engine's queue, or the reverse")
			}
			for _, id := range append(k.Targets[:len(k.Targets):len(k.Targets)], k.places...) {
				if e := s.engines[id]; e != nil && e.heap >= 0 && k.confined() && k.admits(e) {
					return s.broken(k, "waits although an engine it names has room")
				}
			}
			for _, p := range s.poolsFor(k, nil) {
				if len(p.avail.e) > 0 && !k.confined() && len(k.excluded) == 0 {
					return s.broken(k, "waits although an engine has room")
				}
			}
		case Waiting:
			if k.after.reached(&k.After) && k.follow.reached(&k.Follow) {
				return s.broken(k, "waits for dependencies that are met")
			}
		case Running:
			if s.engines[k.engine.id] != k.engine {
				return s.broken(k, "runs on a dead engine")
			}
			if !k.speaks(k.engine) {
				return s.broken(k, "on an engine of another language")
			}
		case Finished:
			return s.broken(k, "finished and still there")
		}
	}
	if count != s.phases {
		return fmt.Errorf("sched: phases %v, counted %v", s.phases, count)
	}
	for k := range s.own {
		if s.tasks[k.ID] != k || k.phase != Ready {
			return s.broken(k, "in engines' queues but not ready")
		}
	}
	if len(s.parked) != count[Parked] {
		return fmt.Errorf("sched: %d parked, counted %d", len(s.parked), count[Parked])
	}
	return s.validateEngines()
}

func (s *State) validateEngines() error {
	for id, e := range s.engines {
		n := 0
		for k := e.held.head; k != nil; k = k.next {
			n++
			if k.engine != e || k.phase != Running {
				return s.broken(k, "held by an engine it does not run on")
			}
		}
		if id != e.id || n != e.held.n || !e.alive {
			return fmt.Errorf("sched: engine %s holds %d tasks, counted %d", id, e.held.n, n)
		}
		front := 0
		for k := e.held.head; k != nil; k = k.next {
			if front++; k.begun != (front <= e.slots) {
				return s.broken(k, fmt.Sprintf("begun %t at place %d of %d", k.begun, front, e.slots))
			}
		}
		if n > e.slots && !e.look {
			return fmt.Errorf("sched: nobody looks after the tasks that wait on engine %s", id)
		}
		if s.cfg.HWM > 0 && n > s.limit(e) || n > e.slots+s.cfg.MaxPrefetch && s.cfg.HWM == 0 {
			return fmt.Errorf("sched: engine %s holds %d tasks, its limit is %d", id, n, s.limit(e))
		}
		if (e.heap >= 0) != (e.load() < s.limit(e)) {
			return fmt.Errorf("sched: engine %s with %d tasks of %d: available %t", id, n, s.limit(e), e.heap >= 0)
		}
	}
	for _, p := range s.pools {
		for i, e := range p.avail.e {
			if e.heap != i || s.engines[e.id] != e || e.pool != p {
				return fmt.Errorf("sched: available engine %s is at %d, not %d", e.id, i, e.heap)
			}
			if i > 0 && p.avail.less(e, p.avail.e[(i-1)/2]) {
				return fmt.Errorf("sched: available engine %s is out of order", e.id)
			}
		}
	}
	if len(s.done.byID) > s.cfg.History || len(s.done.byID) != s.done.order.len() {
		return fmt.Errorf("sched: %d finished tasks remembered in %d places, limit %d", len(s.done.byID), s.done.order.len(), s.cfg.History)
	}
	return nil
}

func (s *State) broken(k *task, what string) error {
	return fmt.Errorf("sched: task %s: %s; its story:\n%s", k.ID, what, s.Tell(k.ID))
}
