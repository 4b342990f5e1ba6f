package sched

import (
	"container/heap"
	"time"
)

// armTimeout starts the clock of a task that has to wait. Each time it is
// queued again the clock starts anew, as ipyparallel has it.
func (s *State) armTimeout(k *task) {
	k.timer++ // whatever was armed before means nothing any more
	if k.Timeout <= 0 {
		return
	}
	heap.Push(&s.timers, timer{at: s.now + k.Timeout, task: k, generation: k.timer})
}

// Tick fails the tasks whose timeout has passed at now.
func (s *State) Tick(now time.Duration) []Action {
	s.begin(now)
	for len(s.timers) > 0 && s.timers[0].at <= s.now {
		t := heap.Pop(&s.timers).(timer)
		switch {
		case !t.live():
		case t.engine != nil:
			s.steal(t.engine)
		case t.task.phase == Running:
			s.ran(t.task)
		default:
			s.fail(t.task, TimedOut)
		}
	}
	return s.end()
}

// ran serves the timer of a task that an engine has: its limit, or a timeout
// from before, which counts no more.
func (s *State) ran(k *task) {
	if k.Limit > 0 && k.begun && s.now-k.front >= k.Limit {
		e := k.engine
		s.overrun(k)
		s.fill(e)
	}
}

// NextTick returns when Tick has something to do; false: never, as things are.
func (s *State) NextTick() (time.Duration, bool) {
	for len(s.timers) > 0 && !s.timers[0].live() {
		heap.Pop(&s.timers)
	}
	if len(s.timers) == 0 {
		return 0, false
	}
	return s.timers[0].at, true
}

type timer struct {
	at         time.Duration
	task       *task
	generation uint64
	engine     *engine // to be looked at, instead of a task
}

// live reports whether the timer still means anything.
func (t timer) live() bool {
	if t.engine != nil {
		return t.engine.alive
	}
	k := t.task
	return k.phase != Finished && k.timer == t.generation && (k.phase != Running || k.Limit > 0 && k.begun)
}

// timerHeap orders timers by time; stale ones stay until they come up.
type timerHeap []timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h timerHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(x any)        { *h = append(*h, x.(timer)) }
func (h *timerHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	old[len(old)-1] = timer{}
	*h = old[:len(old)-1]
	return x
}
