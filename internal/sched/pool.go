package sched

import "slices"

// pool is the engines of one language, and the tasks that any of them may run.
// The pool of no language has no engines, unless they say nothing of
// themselves: its tasks go to the engines of all pools.
type pool struct {
	language string
	engines  int        // living ones
	ever     bool       // there was one
	avail    engineHeap // those with room, best first by the scheme
	general  queue      // ready, any engine may run them
	retries  queue      // ready, any engine but those they failed on; and those lost with an engine
}

// maxPools bounds the languages that are told apart; engines beyond them run
// only what any engine can.
const maxPools = 64

// poolOf returns the pool of a language.
func (s *State) poolOf(language string) *pool {
	p := s.pools[language]
	if p == nil {
		if language != "" && len(s.pools) >= maxPools {
			return s.poolOf("")
		}
		p = &pool{language: language, avail: engineHeap{less: s.cfg.Scheme.order()}}
		s.pools[language] = p
		s.spoken = append(s.spoken, language)
	}
	return p
}

// poolsFor returns the pools whose engines may run k. It is in the order in
// which languages came, so that nothing depends on the order of a map.
func (s *State) poolsFor(k *task, buffer []*pool) []*pool {
	if k.Language != "" {
		return append(buffer, s.poolOf(k.Language))
	}
	for _, l := range s.spoken {
		buffer = append(buffer, s.pools[l])
	}
	return buffer
}

// sources returns the pools whose tasks e may run: its own, and that of no language.
func (s *State) sources(e *engine) [2]*pool {
	if e.pool.language == "" {
		return [2]*pool{e.pool}
	}
	return [2]*pool{e.pool, s.pools[""]}
}

// speaks reports whether k is in a language that e runs.
func (k *task) speaks(e *engine) bool { return k.Language == "" || k.Language == e.pool.language }

// living returns how many engines speak k's language.
func (s *State) living(k *task) int {
	if k.Language == "" {
		return len(s.engines)
	}
	if p := s.pools[k.Language]; p != nil {
		return p.engines
	}
	return 0
}

// queue is a fairQueue for each priority.
type queue struct {
	levels []level // the highest first
}

type level struct {
	priority int
	fair     *fairQueue
}

func (q *queue) push(k *task) {
	i, found := slices.BinarySearchFunc(q.levels, k.Priority, func(l level, p int) int { return p - l.priority })
	if !found {
		q.levels = slices.Insert(q.levels, i, level{k.Priority, new(fairQueue)})
	}
	q.levels[i].fair.push(k)
}

// front returns the task whose turn it is without moving on; nil when there is none.
func (q *queue) front() *task {
	for i := 0; i < len(q.levels); i++ {
		if k := q.levels[i].fair.front(); k != nil {
			return k
		}
	}
	if len(q.levels) > 1 {
		q.levels = nil // all empty
	}
	return nil
}

// next returns the task whose turn it is and moves on; nil when there is none.
func (q *queue) next() *task {
	k := q.front()
	if k == nil {
		return nil
	}
	for i := range q.levels {
		if q.levels[i].priority == k.Priority {
			return q.levels[i].fair.next()
		}
	}
	return nil // not reached: front found it in a level
}

// live returns the tasks in it, in no fair order, without moving on.
func (q *queue) live() []*task {
	var live []*task
	for _, l := range q.levels {
		live = append(live, l.fair.live()...)
	}
	return live
}

// entries returns how many entries it has, stale ones included.
func (q *queue) entries() int {
	n := 0
	for _, l := range q.levels {
		n += l.fair.entries
	}
	return n
}
