package sched

import (
	"fmt"
	"slices"
	"strings"
)

// Why says in words what a task waits for; "" for one that an engine has, and
// for one that is over or not known.
func (s *State) Why(id TaskID) string {
	k := s.tasks[id]
	if k == nil {
		return ""
	}
	switch k.phase {
	case Running:
		if !k.begun {
			return fmt.Sprintf("behind others on engine %s", k.engine.id)
		}
		return ""
	case Returned:
		return "its client has to send it again, with what the engine lacked"
	case Parked:
		return "every engine that there is refused it, or failed it: it waits for another"
	case Waiting:
		return s.whyWaiting(k)
	}
	switch {
	case len(s.engines) == 0:
		return "there is no engine"
	case s.living(k) == 0:
		return fmt.Sprintf("no engine runs %s: the engines run %s", k.Language, s.languages())
	case k.confined():
		n := 0
		for _, id := range s.namesOf(k) {
			if e := s.engines[id]; e != nil && k.admits(e) {
				n++
			}
		}
		return fmt.Sprintf("the %d engines that may run it are busy", n)
	case len(k.excluded) > 0:
		return fmt.Sprintf("the engines but those that it failed on (%d) are busy", len(k.excluded))
	}
	return fmt.Sprintf("all engines that can run it (%d) are busy", s.living(k))
}

func (s *State) whyWaiting(k *task) string {
	var parts []string
	for _, d := range []struct {
		kind string
		d    *Dependency
		p    *progress
	}{{"it runs after %d other tasks", &k.After, &k.after}, {"it runs where %d other tasks ran", &k.Follow, &k.follow}} {
		if d.p.reached(d.d) {
			continue
		}
		left := d.p.total - d.p.met - d.p.unmet
		parts = append(parts, fmt.Sprintf(d.kind, d.p.total)+fmt.Sprintf(", %d of them unfinished", left))
	}
	return strings.Join(parts, "; ")
}

// languages lists what the living engines run.
func (s *State) languages() string {
	var list []string
	for _, l := range s.spoken {
		if s.pools[l].engines > 0 {
			if l == "" {
				l = "an unknown language"
			}
			list = append(list, l)
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// Counts is how many tasks are in which state.
type Counts struct {
	Waiting  int // for other tasks, or to be submitted again
	Ready    int // for an engine with room
	Parked   int // for an engine that may run them
	Running  int // with an engine
	Finished int // ever
}

// Counts returns how many tasks are in which state.
func (s *State) Counts() Counts {
	return Counts{Waiting: s.phases[Waiting] + s.phases[Returned], Ready: s.phases[Ready], Parked: s.phases[Parked],
		Running: s.phases[Running], Finished: s.over}
}
