package sched

import "fmt"

// Scheme is how an engine is chosen among those that could run a task.
type Scheme uint8

// The schemes, named as in ipyparallel.
const (
	LeastLoad   Scheme = iota // holds the fewest tasks; among equals least recently used
	LRU                       // least recently used
	PlainRandom               // any
	TwoBin                    // the less recently used of two at random
	Weighted                  // the less loaded of two drawn with inverse load as weight
)

var schemes = [...]string{"leastload", "lru", "plainrandom", "twobin", "weighted"}

// String returns the name on the command line and in the connection file.
func (c Scheme) String() string { return schemes[c] }

// ParseScheme returns the scheme of that name.
func ParseScheme(name string) (Scheme, error) {
	for i, n := range schemes {
		if n == name {
			return Scheme(i), nil
		}
	}
	return 0, fmt.Errorf("task scheme %q is none of %v", name, schemes)
}

// order returns how engines with room are ordered.
func (c Scheme) order() func(a, b *engine) bool {
	used := func(a, b *engine) bool { return a.used < b.used }
	if c == LeastLoad || c == Weighted {
		return func(a, b *engine) bool {
			return a.load() < b.load() || a.load() == b.load() && a.used < b.used
		}
	}
	return used
}

// pick chooses among the engines with room of a pool; nil when there is none.
func (s *State) pick(a *engineHeap) *engine {
	n := len(a.e)
	if n == 0 {
		return nil
	}
	switch s.cfg.Scheme {
	case PlainRandom:
		return a.e[s.cfg.Rand.IntN(n)]
	case TwoBin:
		return better(a, a.e[s.cfg.Rand.IntN(n)], a.e[s.cfg.Rand.IntN(n)])
	case Weighted:
		return better(a, s.draw(a.e), s.draw(a.e))
	}
	return a.e[0]
}

// pickOf chooses among candidates, all of which have room.
func (s *State) pickOf(c []*engine) *engine {
	if len(c) == 0 {
		return nil
	}
	a := &c[0].pool.avail // for its order
	switch s.cfg.Scheme {
	case PlainRandom:
		return c[s.cfg.Rand.IntN(len(c))]
	case TwoBin:
		return better(a, c[s.cfg.Rand.IntN(len(c))], c[s.cfg.Rand.IntN(len(c))])
	case Weighted:
		return better(a, s.draw(c), s.draw(c))
	}
	best := c[0]
	for _, e := range c[1:] {
		best = better(a, best, e)
	}
	return best
}

func better(a *engineHeap, x, y *engine) *engine {
	if a.less(y, x) {
		return y
	}
	return x
}

// draw returns one of c with a probability inverse to its load. An idle engine
// outweighs every busy one.
func (s *State) draw(c []*engine) *engine {
	least := c[0].load() // of a heap ordered by load, or a lower bound's guess
	for range 32 {
		e := c[s.cfg.Rand.IntN(len(c))]
		least = min(least, e.load())
		if e.load() == 0 || least > 0 && s.cfg.Rand.IntN(e.load()) < least {
			return e
		}
	}
	return c[0]
}

// engineHeap holds the engines with room, the best one first.
type engineHeap struct {
	e    []*engine
	less func(a, b *engine) bool
}

func (h *engineHeap) push(e *engine) {
	e.heap = len(h.e)
	h.e = append(h.e, e)
	h.up(e.heap)
}

func (h *engineHeap) remove(e *engine) {
	i, last := e.heap, len(h.e)-1
	h.swap(i, last)
	h.e[last] = nil
	h.e = h.e[:last]
	e.heap = -1
	if i < last {
		h.fix(h.e[i])
	}
}

func (h *engineHeap) fix(e *engine) {
	h.up(e.heap)
	h.down(e.heap)
}

func (h *engineHeap) swap(i, j int) {
	h.e[i], h.e[j] = h.e[j], h.e[i]
	h.e[i].heap, h.e[j].heap = i, j
}

func (h *engineHeap) up(i int) {
	for i > 0 {
		p := (i - 1) / 2
		if !h.less(h.e[i], h.e[p]) {
			return
		}
		h.swap(i, p)
		i = p
	}
}

func (h *engineHeap) down(i int) {
	for {
		c := 2*i + 1
		if c >= len(h.e) {
			return
		}
		if c+1 < len(h.e) && h.less(h.e[c+1], h.e[c]) {
			c++
		}
		if !h.less(h.e[c], h.e[i]) {
			return
		}
		h.swap(i, c)
		i = c
	}
}
