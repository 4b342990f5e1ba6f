package sched

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func (w *world) joinAs(e EngineID, language string, slots int) {
	w.t.Helper()
	w.did(w.s.Join(w.now, Engine{ID: e, Language: language, Slots: slots}))
}

// quick makes an engine known for tiny tasks, so that it holds several.
func (w *world) quick(e EngineID) {
	w.t.Helper()
	for i := range 5 {
		id := TaskID(fmt.Sprintf("warm-%s-%d", e, i))
		w.submit(Task{ID: id, Client: "warm", Targets: []EngineID{e}})
		w.now += time.Millisecond
		w.did(w.s.Finish(w.now, e, id, Success))
	}
	w.log = nil
}

func TestATaskGoesOnlyWhereItCanRun(t *testing.T) {
	w := newWorld(t, Config{})
	w.submit(Task{ID: "a", Language: "go"})
	if why := w.s.Why("a"); why != "there is no engine" {
		t.Errorf("why: %s", why)
	}
	w.joinAs("p1", "python", 1)
	if why := w.s.Why("a"); why != "no engine runs go: the engines run python" {
		t.Errorf("why: %s", why)
	}
	w.submit(Task{ID: "b", Language: "python"})
	w.submit(Task{ID: "c", Language: "python"})
	w.want("send b p1")
	w.joinAs("g1", "go", 1)
	w.want("send a g1")
	w.submit(Task{ID: "any"})
	w.finish("g1", "a", Success)
	w.want("deliver a", "send any g1")
	w.finish("g1", "any", Success)
	w.want("deliver any")
	if why := w.s.Why("c"); why != "all engines that can run it (1) are busy" {
		t.Errorf("why: %s", why)
	}
	w.lose("p1") // what it ran waits for another that can
	w.want()
	w.joinAs("p2", "python", 2)
	w.want("send b p2", "send c p2")
}

func TestATaskOfALanguageThatNobodySpeaksFails(t *testing.T) {
	w := newWorld(t, Config{})
	w.joinAs("p1", "python", 1)
	w.submit(Task{ID: "a", Language: "go"})
	w.want("fail a no engine of its language")
	w.joinAs("g1", "go", 1)
	w.lose("g1")
	w.submit(Task{ID: "b", Language: "go"}) // it may come back
	w.want()
	w.joinAs("g2", "go", 1)
	w.want("send b g2")
}

func TestTargetsOfAnotherLanguageAreImpossible(t *testing.T) {
	w := newWorld(t, Config{})
	w.joinAs("p1", "python", 1)
	w.joinAs("g1", "go", 1)
	w.submit(Task{ID: "a", Language: "go", Targets: []EngineID{"p1"}})
	w.want("fail a impossible dependency")
}

func TestRetriesStayWithinTheLanguage(t *testing.T) {
	w := newWorld(t, Config{})
	w.joinAs("g1", "go", 1)
	w.joinAs("p1", "python", 1)
	w.joinAs("g2", "go", 1)
	w.submit(Task{ID: "a", Language: "go", Retries: 1, Targets: nil})
	w.log = nil
	w.finish("g2", "a", Failure)
	w.want("send a g1")
	w.finish("g1", "a", Success)
	w.want("deliver a")
}

func TestTheHigherPriorityGoesFirst(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "running", Client: "x"})
	w.submit(Task{ID: "low", Client: "x", Priority: -1})
	w.submit(Task{ID: "normal", Client: "x"})
	w.submit(Task{ID: "high", Client: "y", Priority: 1000})
	w.submit(Task{ID: "targeted", Client: "y", Priority: 1, Targets: []EngineID{"e1"}})
	w.log = nil
	for _, next := range []TaskID{"high", "targeted", "normal", "low"} {
		done := w.s.Held("e1")[0]
		w.finish("e1", done, Success)
		w.want("deliver "+string(done), "send "+string(next)+" e1")
	}
}

func TestATaskThatRunsTooLongIsCancelledAndFails(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.submit(Task{ID: "a", Limit: 10 * time.Second})
	w.submit(Task{ID: "b"})
	w.submit(Task{ID: "after", After: Dependency{IDs: []TaskID{"a"}, All: true, Failure: true}})
	w.want("send a e1")
	if at, ok := w.s.NextTick(); !ok || at != 10*time.Second {
		t.Errorf("next tick at %v, %t", at, ok)
	}
	w.pass(9 * time.Second)
	w.want()
	w.pass(time.Second)
	w.want("cancel a e1", "fail a ran too long") // and its slot is taken until the engine answers
	if w.s.Load("e1") != 1 {
		t.Errorf("load %d", w.s.Load("e1"))
	}
	w.finish("e1", "a", WasAborted)
	w.want("send b e1")
	w.finish("e1", "b", Success)
	w.want("deliver b", "send after e1")
}

func TestALimitCountsFromTheTaskBeforeIt(t *testing.T) {
	w := newWorld(t, Config{HWM: 2, Steal: time.Hour}, "e1")
	w.submit(Task{ID: "a"})
	w.submit(Task{ID: "b", Limit: 10 * time.Second})
	w.want("send a e1", "send b e1")
	w.pass(15 * time.Second)
	w.want()
	w.finish("e1", "a", Success) // b begins at 16 s
	w.want("deliver a")
	w.pass(9 * time.Second)
	w.want()
	w.pass(time.Second)
	w.want("cancel b e1", "fail b ran too long")
}

func TestATaskThatMayRunOnceIsNotRunAgain(t *testing.T) {
	w := newWorld(t, Config{HWM: 2, Steal: time.Hour}, "e1", "e2")
	w.submit(Task{ID: "begun", Once: true, Targets: []EngineID{"e1"}})
	w.submit(Task{ID: "waits", Once: true, Targets: []EngineID{"e1", "e2"}})
	w.submit(Task{ID: "behind", Once: true, Targets: []EngineID{"e1"}})
	w.log = nil
	w.lose("e1")
	w.want("fail begun engine died", "fail behind impossible dependency")
	if w.s.Held("e2")[0] != "waits" {
		t.Error("waits was lost")
	}
}

func TestWhatWaitsBehindALongTaskIsAskedBack(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.quick("e1")
	for _, id := range []TaskID{"long", "b", "c"} {
		w.submit(Task{ID: id})
	}
	w.want("send long e1", "send b e1", "send c e1")
	w.pass(60 * time.Millisecond)
	w.want() // nobody else has room
	if why := w.s.Why("b"); why != "behind others on engine e1" {
		t.Errorf("why: %s", why)
	}
	w.join("e2")
	w.pass(60 * time.Millisecond)
	w.want("recall c e1", "recall b e1")
	w.did(w.s.Finish(w.now, "e1", "c", WasAborted))
	w.want("send c e2")
	w.did(w.s.Finish(w.now, "e1", "b", Success)) // it had begun meanwhile
	w.want("deliver b")
	if story := w.s.Tell("c"); !strings.Contains(story, "taken back e1") {
		t.Errorf("story:\n%s", story)
	}
}

func TestATaskThatAClientAbortsIsNotTakenBack(t *testing.T) {
	w := newWorld(t, Config{}, "e1")
	w.quick("e1")
	w.submit(Task{ID: "long"})
	w.submit(Task{ID: "b"})
	w.join("e2")
	w.pass(60 * time.Millisecond)
	w.log = nil
	w.abort("b")
	w.did(w.s.Finish(w.now, "e1", "b", WasAborted))
	w.want("deliver b")
}

func TestTasksGoWhereTheirDataIs(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2", "e3")
	w.submit(Task{ID: "a", Near: "data"})
	first := w.s.tasks["a"].engine.id
	w.finish(first, "a", Success)
	for i := range 5 { // the least recently used would be another each time
		id := TaskID(fmt.Sprint("b", i))
		w.submit(Task{ID: id, Near: "data"})
		if got := w.s.tasks[id].engine.id; got != first {
			t.Fatalf("%s went to %s, its data is on %s", id, got, first)
		}
		w.finish(first, id, Success)
	}
	w.submit(Task{ID: "busy", Targets: []EngineID{first}})
	w.submit(Task{ID: "c", Near: "data"}) // must not wait for it
	if got := w.s.tasks["c"].engine; got == nil || got.id == first {
		t.Errorf("c is not elsewhere")
	}
}

func TestWhatATaskWaitsForIsTold(t *testing.T) {
	w := newWorld(t, Config{}, "e1", "e2")
	w.submit(Task{ID: "a"})
	w.submit(Task{ID: "b"})
	w.submit(Task{ID: "free"})
	w.submit(Task{ID: "named", Targets: []EngineID{"e1"}})
	w.submit(Task{ID: "after", After: on("a", "b"), Follow: on("a")})
	for id, want := range map[TaskID]string{
		"a": "", "nobody": "",
		"free":  "all engines that can run it (2) are busy",
		"named": "the 1 engines that may run it are busy",
		"after": "it runs after 2 other tasks, 2 of them unfinished; it runs where 1 other tasks ran, 1 of them unfinished",
	} {
		if got := w.s.Why(id); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	if c := w.s.Counts(); c != (Counts{Waiting: 1, Ready: 2, Running: 2}) {
		t.Errorf("counts %+v", c)
	}
	w.submit(Task{ID: "refused", Timeout: time.Hour})
	w.submit(Task{ID: "refused2"})
	_ = w.s.Abort(w.now, []TaskID{"free", "named", "refused2", "after"})
	w.finish(w.s.tasks["a"].engine.id, "a", Success)
	w.finish(w.s.tasks["b"].engine.id, "b", Success)
	e := w.s.tasks["refused"].engine.id
	w.finish(e, "refused", Unmet)
	e = w.s.tasks["refused"].engine.id
	w.finish(e, "refused", Unmet)
	if got := w.s.Why("refused"); !strings.HasPrefix(got, "every engine that there is refused it") {
		t.Errorf("refused: %q", got)
	}
}
