package sched

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// world drives a State and checks its invariants after every event.
type world struct {
	t   *testing.T
	s   *State
	now time.Duration
	log []string // actions, as "send a e1", "deliver a", "fail a timed out"
}

func newWorld(t *testing.T, c Config, engines ...EngineID) *world {
	t.Helper()
	w := &world{t: t, s: New(c)}
	for _, e := range engines {
		w.did(w.s.Join(w.now, Engine{ID: e, Slots: 1}))
	}
	w.log = nil
	return w
}

func (w *world) did(actions []Action) {
	w.t.Helper()
	for _, a := range actions {
		switch a.Do {
		case Send:
			w.log = append(w.log, fmt.Sprintf("send %s %s", a.Task, a.Engine))
		case Deliver:
			w.log = append(w.log, fmt.Sprintf("deliver %s", a.Task))
		case Recall:
			w.log = append(w.log, fmt.Sprintf("recall %s %s", a.Task, a.Engine))
		case Cancel:
			w.log = append(w.log, fmt.Sprintf("cancel %s %s", a.Task, a.Engine))
		case Fail:
			w.log = append(w.log, fmt.Sprintf("fail %s %s", a.Task, a.Reason))
		}
	}
	if err := w.s.Validate(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) submit(t Task)      { w.t.Helper(); w.did(w.s.Submit(w.now, t)) }
func (w *world) join(e EngineID)    { w.t.Helper(); w.did(w.s.Join(w.now, Engine{ID: e, Slots: 1})) }
func (w *world) lose(e EngineID)    { w.t.Helper(); w.did(w.s.Lose(w.now, e)) }
func (w *world) abort(id ...TaskID) { w.t.Helper(); w.did(w.s.Abort(w.now, id)) }
func (w *world) finish(e EngineID, id TaskID, o Outcome) {
	w.t.Helper()
	w.now += time.Second // longer than Short: nothing is prefetched
	w.did(w.s.Finish(w.now, e, id, o))
}
func (w *world) pass(d time.Duration) { w.t.Helper(); w.now += d; w.did(w.s.Tick(w.now)) }

// want compares the actions since the last call.
func (w *world) want(lines ...string) {
	w.t.Helper()
	if !slices.Equal(w.log, lines) {
		w.t.Fatalf("actions:\n  %s\nwant:\n  %s", strings.Join(w.log, "\n  "), strings.Join(lines, "\n  "))
	}
	w.log = nil
}

func on(ids ...TaskID) Dependency { return Dependency{IDs: ids, All: true, Success: true} }

func TestTaskRunsAndIsDelivered(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "a"})
	w.want("send a e1")
	w.finish("e1", "a", Success)
	w.want("deliver a")
}

func TestFailureWithoutRetriesIsDelivered(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a"})
	w.finish("e2", "a", Failure)
	w.want("send a e2", "deliver a")
}

func TestTaskWaitsForAnEngine(t *testing.T) {
	w := newWorld(t, Config{})
	w.submit(Task{ID: "a"})
	w.want()
	w.join("e1")
	w.want("send a e1")
}

func TestOneTaskPerEngineWhileDurationsAreUnknown(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "a"})
	w.submit(Task{ID: "b"})
	w.want("send a e1")
	w.finish("e1", "a", Success)
	w.want("deliver a", "send b e1")
}

func TestShortTasksArePrefetched(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	for _, id := range []TaskID{"a", "b", "c", "d"} {
		w.submit(Task{ID: id})
	}
	w.want("send a e1")
	w.now += 10 * time.Millisecond
	w.did(w.s.Finish(w.now, "e1", "a", Success))
	w.want("deliver a", "send b e1", "send c e1")
}

func TestOfTinyTasksAsManyArePrefetchedAsTakeAFewMilliseconds(t *testing.T) {
	for took, held := range map[time.Duration]int{2 * time.Millisecond: 1 + 2, time.Millisecond: 1 + 4, time.Microsecond: 1 + 16} {
		w := newWorld(t, Config{}, "e1")
		for i := range 100 {
			w.submit(Task{ID: TaskID(fmt.Sprint(i))})
		}
		w.now += took
		if sent := len(w.s.Finish(w.now, "e1", "0", Success)) - 1; sent != held {
			t.Errorf("tasks of %v: %d sent, want %d", took, sent, held)
		}
	}
}

func TestHWMBoundsWhatAnEngineHolds(t *testing.T) {
	for hwm, sent := range map[int]int{1: 1, 3: 3, Unlimited: 5} {
		w := newWorld(t, Config{HWM: hwm}, "e1")
		for i := range 5 {
			w.submit(Task{ID: TaskID(fmt.Sprint(i))})
		}
		if len(w.log) != sent {
			t.Errorf("hwm %d: %d sent, want %d", hwm, len(w.log), sent)
		}
	}
}

func TestSlotsMultiplyCredits(t *testing.T) {
	w := newWorld(t, Config{})
	w.did(w.s.Join(0, Engine{ID: "e1", Slots: 3}))
	for i := range 5 {
		w.submit(Task{ID: TaskID(fmt.Sprint(i))})
	}
	w.want("send 0 e1", "send 1 e1", "send 2 e1")
}

func TestClientsTakeTurns(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	for _, id := range []TaskID{"a1", "a2", "a3", "a4"} {
		w.submit(Task{ID: id, Client: "A"})
	}
	w.submit(Task{ID: "b1", Client: "B"})
	for _, id := range []TaskID{"a1", "a2", "b1"} {
		w.finish("e1", id, Success)
	}
	w.want("send a1 e1", "deliver a1", "send a2 e1", "deliver a2", "send b1 e1", "deliver b1", "send a3 e1")
}

func TestTargetsAreRespected(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a", Targets: []EngineID{"e1"}})
	w.submit(Task{ID: "b", Targets: []EngineID{"e1"}})
	w.want("send a e1")
	w.finish("e1", "a", Success)
	w.want("deliver a", "send b e1")
}

func TestTargetsThatAreGoneAreImpossible(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a", Targets: []EngineID{"nobody"}})
	w.want("fail a impossible dependency")
	w.submit(Task{ID: "b", Targets: []EngineID{"e1"}})
	w.submit(Task{ID: "c", Targets: []EngineID{"e1"}})
	w.lose("e1")
	w.want("send b e1", "fail b impossible dependency", "fail c impossible dependency")
}

func TestEngineThatComesBackGetsWhatNamesIt(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "x", Targets: []EngineID{"e1"}})
	w.submit(Task{ID: "a", Targets: []EngineID{"e1", "e3"}})
	w.want("send x e1")
	w.join("e3")
	w.want("send a e3")
}

func TestConfinedAndFreeTasksAlternate(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "x"})
	w.submit(Task{ID: "f1"})
	w.submit(Task{ID: "f2"})
	w.submit(Task{ID: "c1", Targets: []EngineID{"e1"}})
	for _, id := range []TaskID{"x", "c1", "f1", "f2"} {
		w.finish("e1", id, Success)
	}
	w.want("send x e1", "deliver x", "send c1 e1", "deliver c1", "send f1 e1", "deliver f1", "send f2 e1", "deliver f2")
}

func TestAfter(t *testing.T) {
	type end struct {
		id TaskID
		o  Outcome
	}
	for name, c := range map[string]struct {
		after Dependency
		ends  []end
		want  string // the last action
	}{
		"all met":                   {on("a", "b"), []end{{"a", Success}, {"b", Success}}, "send z"},
		"all not yet":               {on("a", "b"), []end{{"a", Success}}, ""},
		"all with one failure":      {on("a", "b"), []end{{"a", Failure}}, "fail z impossible dependency"},
		"failure wanted":            {Dependency{IDs: []TaskID{"a"}, All: true, Failure: true}, []end{{"a", Failure}}, "send z"},
		"failure wanted, succeeded": {Dependency{IDs: []TaskID{"a"}, All: true, Failure: true}, []end{{"a", Success}}, "fail z impossible dependency"},
		"either":                    {Dependency{IDs: []TaskID{"a", "b"}, All: true, Success: true, Failure: true}, []end{{"a", Failure}, {"b", Success}}, "send z"},
		"any met":                   {Dependency{IDs: []TaskID{"a", "b"}, Success: true}, []end{{"a", Failure}, {"b", Success}}, "send z"},
		"any at once":               {Dependency{IDs: []TaskID{"a", "b"}, Success: true}, []end{{"a", Success}}, "send z"},
		"any, all fail":             {Dependency{IDs: []TaskID{"a", "b"}, Success: true}, []end{{"a", Failure}, {"b", Failure}}, "fail z impossible dependency"},
		"aborted is a failure":      {on("a"), []end{{"a", WasAborted}}, "fail z impossible dependency"},
		"named twice":               {on("a", "a"), []end{{"a", Success}}, "send z"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Config{}, "e1", "e2", "e3")
			w.submit(Task{ID: "a", Targets: []EngineID{"e1"}})
			w.submit(Task{ID: "b", Targets: []EngineID{"e2"}})
			w.submit(Task{ID: "z", After: c.after, Targets: []EngineID{"e3"}})
			w.log = nil
			for _, e := range c.ends {
				w.finish(EngineID(map[TaskID]string{"a": "e1", "b": "e2"}[e.id]), e.id, e.o)
			}
			got := ""
			for _, l := range w.log {
				if strings.Contains(l, " z") {
					got = strings.TrimSuffix(l, " e3")
				}
			}
			if got != c.want {
				t.Errorf("%q, want %q; story:\n%s", got, c.want, w.s.Tell("z"))
			}
		})
	}
}

func TestDependencyOnFinishedTasks(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "a"})
	w.finish("e1", "a", Success)
	w.submit(Task{ID: "b"})
	w.finish("e1", "b", Failure)
	w.log = nil
	w.submit(Task{ID: "c", After: on("a")})
	w.submit(Task{ID: "d", After: on("b")})
	w.want("send c e1", "fail d impossible dependency")
}

func TestInvalidDependencies(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "a", After: on("a")})
	w.submit(Task{ID: "b", Follow: on("nothing")})
	w.want("fail a invalid dependency", "fail b invalid dependency")
}

func TestFailureSpreadsAlongDependencies(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "a"})
	w.submit(Task{ID: "b", After: on("a")})
	w.submit(Task{ID: "c", After: on("b")})
	w.finish("e1", "a", Failure)
	w.want("send a e1", "deliver a", "fail b impossible dependency", "fail c impossible dependency")
}

func TestFollowRunsWhereItsDependencyRan(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a"})
	w.submit(Task{ID: "busy"})
	w.submit(Task{ID: "f", Follow: on("a")})
	w.want("send a e2", "send busy e1")
	w.finish("e2", "a", Success)
	w.want("deliver a", "send f e2")
}

func TestFollowInTwoPlacesIsImpossible(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a"})
	w.submit(Task{ID: "b"})
	w.submit(Task{ID: "f", Follow: on("a", "b")})
	w.finish("e2", "a", Success)
	w.finish("e1", "b", Success)
	w.want("send a e2", "send b e1", "deliver a", "deliver b", "fail f impossible dependency")
}

func TestFollowAnyTakesEitherPlace(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a", Targets: []EngineID{"e1"}})
	w.submit(Task{ID: "b", Targets: []EngineID{"e2"}})
	w.finish("e1", "a", Success)
	w.submit(Task{ID: "c", Targets: []EngineID{"e1"}})
	w.log = nil
	w.submit(Task{ID: "f", Follow: Dependency{IDs: []TaskID{"a", "b"}, Success: true}})
	w.want() // e1 is busy
	w.finish("e2", "b", Success)
	w.want("deliver b", "send f e2")
}

func TestTimeoutFailsWhatWaits(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "a", Timeout: time.Second})
	w.submit(Task{ID: "b", Timeout: time.Second})
	if at, ok := w.s.NextTick(); !ok || at != time.Second {
		t.Errorf("next tick %v %v", at, ok)
	}
	w.pass(999 * time.Millisecond)
	w.want("send a e1")
	w.pass(time.Millisecond)
	w.want("fail b timed out")
	if _, ok := w.s.NextTick(); ok {
		t.Error("a tick is due although nothing waits")
	}
}

func TestRetriesGoToOtherEngines(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a", Retries: 1})
	w.finish("e2", "a", Failure)
	w.finish("e1", "a", Failure)
	w.want("send a e2", "send a e1", "deliver a")
}

func TestRetriesOutliveTheEngines(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "a", Retries: 2, Targets: []EngineID{"e1"}})
	for range 3 {
		w.finish("e1", "a", Failure)
	}
	w.want("send a e1", "send a e1", "send a e1", "deliver a")
}

func TestRetriesWithTimeoutWaitForAnotherEngine(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "a", Retries: 2, Timeout: time.Minute})
	w.finish("e1", "a", Failure)
	w.want("send a e1")
	w.join("e2")
	w.want("send a e2")
	w.finish("e2", "a", Failure)
	w.pass(time.Minute)
	w.want("fail a timed out")
}

func TestUnmetTriesEveryEngineOnce(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a"})
	w.finish("e2", "a", Unmet)
	w.finish("e1", "a", Unmet)
	w.want("send a e2", "send a e1")
	w.join("e3")
	w.want("send a e3")
}

func TestUnmetByAllTargetsIsImpossible(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a", Targets: []EngineID{"e1"}})
	w.finish("e1", "a", Unmet)
	w.want("send a e1", "fail a impossible dependency")
}

func TestTasksOfALostEngineRunElsewhere(t *testing.T) {
	w := newWorld(t, Config{HWM: 2}, "e1", "e2")
	w.submit(Task{ID: "a", Targets: []EngineID{"e1", "e2"}})
	w.submit(Task{ID: "b"})
	w.submit(Task{ID: "c"})
	w.want("send a e2", "send b e1", "send c e2")
	w.lose("e2")
	w.want("send a e1")
	w.finish("e2", "a", Success) // from the dead
	w.want()
	w.finish("e1", "b", Success)
	w.want("deliver b", "send c e1")
}

func TestPoisonIsSetAside(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2", "e3", "e4")
	w.submit(Task{ID: "poison"})
	w.lose("e4")
	w.lose("e3")
	w.lose("e2")
	w.want("send poison e4", "send poison e3", "send poison e2", "fail poison engine died")
	w.submit(Task{ID: "good"})
	w.want("send good e1")
}

func TestLastEngineTakesItsTaskAlong(t *testing.T) {
	w := newWorld(t, Config{HWM: 2}, "e1")
	w.submit(Task{ID: "a"})
	w.submit(Task{ID: "prefetched"})
	w.lose("e1")
	w.want("send a e1", "send prefetched e1", "fail a engine died")
	w.join("e2")
	w.want("send prefetched e2")
}

func TestTaskThatIsSentBackKeepsItsDependents(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a"})
	w.submit(Task{ID: "b", After: on("a")})
	w.finish("e2", "a", SentBack)
	w.want("send a e2", "deliver a")
	w.submit(Task{ID: "a"})
	w.want("send a e1")
	w.finish("e1", "a", Success)
	w.want("deliver a", "send b e2")
}

func TestAbortReachesOnlyWhatWaits(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "a"})
	w.submit(Task{ID: "b"})
	w.submit(Task{ID: "c", After: on("a")})
	w.abort("a", "b", "c", "unknown")
	w.want("send a e1", "fail b aborted", "fail c aborted")
}

func TestSchemes(t *testing.T) {
	for _, name := range schemes {
		t.Run(name, func(t *testing.T) {
			scheme, err := ParseScheme(name)
			if err != nil || scheme.String() != name {
				t.Fatal(scheme, err)
			}
			w := newWorld(t, Config{Scheme: scheme, HWM: 4, Rand: rand.New(rand.NewPCG(3, 4))}, "e1", "e2", "e3", "e4")
			for i := range 16 {
				w.submit(Task{ID: TaskID(fmt.Sprint(i))})
				if scheme == LeastLoad || scheme == LRU {
					if want := []EngineID{"e4", "e3", "e2", "e1"}[i%4]; !strings.HasSuffix(w.log[i], string(want)) {
						t.Errorf("%s, want %s", w.log[i], want)
					}
				}
			}
			if len(w.log) != 16 {
				t.Errorf("%d sent", len(w.log))
			}
		})
	}
	if _, err := ParseScheme("best"); err == nil {
		t.Error("unknown scheme accepted")
	}
}

func TestLeastLoadPrefersTheIdle(t *testing.T) {
	w := newWorld(t, Config{HWM: 3}, "e1", "e2")
	for i := range 4 {
		w.submit(Task{ID: TaskID(fmt.Sprint(i))})
	}
	w.finish("e1", "1", Success)
	w.finish("e1", "3", Success)
	w.log = nil
	w.submit(Task{ID: "x"})
	w.submit(Task{ID: "y"})
	w.want("send x e1", "send y e1")
}

func TestStoryTellsEverything(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a", Retries: 1})
	w.finish("e2", "a", Failure)
	w.lose("e1")
	want := "0s submitted\n0s sent e2\n1s refused e2 (failure)\n1s sent e1\n1s lost e1\n1s sent e2\n"
	if got := w.s.Tell("a"); got != want {
		t.Errorf("story:\n%swant:\n%s", got, want)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	w := newWorld(t, Config{History: 10}, "e1")
	for i := range 50 {
		id := TaskID(fmt.Sprint(i))
		w.submit(Task{ID: id})
		w.finish("e1", id, Success)
	}
	if n := len(w.s.done.byID); n != 10 {
		t.Errorf("%d remembered", n)
	}
	if w.s.Story("0") != nil || w.s.Story("49") == nil {
		t.Error("the oldest is not the one that was forgotten")
	}
}

func TestSubmittedTwiceRunsOnce(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a"})
	w.submit(Task{ID: "a"})
	w.want("send a e2")
}

func TestQueuedAndHeldAreReported(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	for _, id := range []TaskID{"a", "b", "c"} {
		w.submit(Task{ID: id})
	}
	if q := w.s.Queued(); !slices.Equal(q, []TaskID{"b", "c"}) || w.s.QueuedCount() != 2 {
		t.Errorf("queued %v", q)
	}
	if h := w.s.Held("e1"); !slices.Equal(h, []TaskID{"a"}) || w.s.Load("e1") != 1 {
		t.Errorf("held %v", h)
	}
}
