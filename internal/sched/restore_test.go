package sched

import (
	"slices"
	"testing"
)

// TestTasksGoOnAfterARestart is a hub's restart: what was finished is known, what an engine had is its again when it comes back, or
// is placed anew, and what depends on either goes on.
func TestTasksGoOnAfterARestart(t *testing.T) {
	s := New(Config{HWM: 2})
	s.Recall("old", true, "e1")
	s.Hold(0, Task{ID: "held"})
	s.Hold(0, Task{ID: "prefetched", After: Dependency{IDs: []TaskID{"long gone"}, All: true, Success: true}})
	s.Hold(0, Task{ID: "of a dead engine"})
	after := func(id TaskID) Dependency { return Dependency{IDs: []TaskID{id}, All: true, Success: true} }
	s.Submit(0, Task{ID: "after old", After: after("old")})
	s.Submit(0, Task{ID: "after held", After: after("held"), Follow: after("held")})
	check := func(got []Action, want ...string) {
		t.Helper()
		var list []string
		for _, a := range got {
			list = append(list, [...]string{"", "send ", "deliver ", "fail "}[a.Do]+string(a.Task)+" "+string(a.Engine))
		}
		if !slices.Equal(list, want) {
			t.Errorf("%q, want %q", list, want)
		}
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	}
	check(s.Rejoin(1, Engine{ID: "e1", Slots: 1}, []TaskID{"held", "prefetched", "unknown"}))
	check(s.Submit(2, Task{ID: "of a dead engine"}))
	check(s.Join(3, Engine{ID: "e2", Slots: 1}), "send after old e2", "send of a dead engine e2")
	check(s.Finish(4, "e1", "held", Success), "deliver held e1", "send after held e1")
	check(s.Finish(5, "e1", "prefetched", Success), "deliver prefetched e1")
	check(s.Finish(6, "e2", "after old", Success), "deliver after old e2")
	check(s.Lose(7, "e2"), "send of a dead engine e1")
}
