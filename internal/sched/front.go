package sched

import (
	"container/heap"
	"slices"
	"time"
)

// promote notes which of an engine's tasks have no other before them: those
// that run, as far as the scheduler can know. Their limits start, and what
// waits behind them is looked after.
func (s *State) promote(e *engine) {
	i := 0
	for k := e.held.head; k != nil && i < e.slots; k = k.next {
		i++
		if k.begun {
			continue
		}
		k.begun, k.front = true, s.now
		if k.Limit > 0 {
			k.timer++
			heap.Push(&s.timers, timer{at: s.now + k.Limit, task: k, generation: k.timer})
		}
	}
	if e.held.n > e.slots && !e.look {
		s.lookLater(e, e.held.head.front)
	}
}

// lookLater arranges that steal looks at e when the oldest of its tasks has
// run long since then.
func (s *State) lookLater(e *engine, since time.Duration) {
	e.look = true
	heap.Push(&s.timers, timer{at: max(since+s.cfg.Steal, s.now+s.cfg.Steal/4), engine: e})
}

// steal asks back what waits on e behind tasks that take long, as far as others
// have room for it.
func (s *State) steal(e *engine) {
	e.look = false
	if !e.alive || e.held.n <= e.slots {
		return
	}
	long := 0
	for k := e.held.head; k != nil && k.begun; k = k.next {
		if s.now-k.front >= s.cfg.Steal {
			long++
		}
	}
	if long >= e.slots {
		for _, k := range s.behind(e) {
			if !s.roomElsewhere(k, e) {
				continue
			}
			k.recalled = true
			k.recalls++
			s.tell(k, "asked back", e.id, "what runs before it takes long")
			s.out = append(s.out, Action{Do: Recall, Task: k.ID, Engine: e.id})
		}
		s.lookLater(e, s.now)
		return
	}
	s.lookLater(e, e.held.head.front)
}

// behind returns the tasks that wait on e, the latest first, that were not asked back.
func (s *State) behind(e *engine) []*task {
	var list []*task
	for k := e.held.tail; k != nil && !k.begun; k = k.prev {
		if !k.recalled {
			list = append(list, k)
		}
	}
	return list
}

// roomElsewhere reports whether an engine other than e could run k at once.
func (s *State) roomElsewhere(k *task, e *engine) bool {
	if k.confined() {
		return slices.ContainsFunc(s.namesOf(k), func(id EngineID) bool {
			o := s.engines[id]
			return o != nil && o != e && o.heap >= 0 && k.admits(o)
		})
	}
	var buffer [4]*pool
	for _, p := range s.poolsFor(k, buffer[:0]) {
		for _, o := range p.avail.e[:min(len(p.avail.e), 8)] { // the best: more need not be asked
			if o != e && k.admits(o) && o.held.n < o.slots {
				return true
			}
		}
	}
	return false
}

// overrun ends a task that has run too long.
func (s *State) overrun(k *task) {
	e := k.engine
	e.held.remove(k)
	k.engine = nil
	if e.ghosts == nil {
		e.ghosts = map[TaskID]bool{}
	}
	e.ghosts[k.ID] = true // its slot is taken until it answers
	s.setPhase(k, Waiting)
	s.out = append(s.out, Action{Do: Cancel, Task: k.ID, Engine: e.id})
	s.tell(k, "cancelled", e.id, Overran.String())
	s.fail(k, Overran)
	s.refresh(e)
	s.promote(e)
}
