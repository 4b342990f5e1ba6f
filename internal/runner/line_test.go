//go:build linux

package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/native"
)

// queuer queues functions of one unit and collects what they come to.
type queuer struct {
	t    *testing.T
	r    *Runner
	o    native.Object
	done chan queuedResult
	text func(id string) string // what a task has printed so far, nil: nobody asks
}

type queuedResult struct {
	id  string
	res TaskResult
	err error
	out string
}

func newQueuer(t *testing.T, s Sink) *queuer {
	t.Helper()
	o := cell(t, "fmt os runtime strings time", `
func say(s string, n int) int { for i := 0; i < n; i++ { fmt.Println(s) }; return n }
func half(s string) int { fmt.Print(s); return 0 }
func spin() { for { check() } }
func block() { fmt.Println("blocked"); select {} }
func leave() { runtime.Goexit() }
func die() { time.Sleep(50*time.Millisecond); os.Exit(3) }
func boom() { panic("boom") }
func init() { funcs["say"] = say; funcs["spin"] = spin; funcs["block"] = block; funcs["leave"] = leave; funcs["die"] = die; funcs["boom"] = boom; funcs["half"] = half; _ = strings.ToUpper }`, "")
	q := &queuer{t: t, r: start(t, s), o: o, done: make(chan queuedResult, 1000)}
	if p, ok := s.(*printed); ok {
		q.text = p.text
	}
	return q
}

func (q *queuer) queue(id, symbol string, args ...any) *Queued {
	q.t.Helper()
	var values []reflect.Value
	var names []string
	for i, a := range args {
		values, names = append(values, reflect.ValueOf(a)), append(names, fmt.Sprint("args", i))
	}
	buffers, err := codec.Encode(values, names)
	if err != nil {
		q.t.Fatal(err)
	}
	content, err := json.Marshal(codec.Content{Codec: codec.Version, Func: &codec.FuncRef{Unit: q.o.Hash, Symbol: symbol}, Args: len(args), Units: []string{q.o.Hash}})
	if err != nil {
		q.t.Fatal(err)
	}
	k, err := q.r.Queue(Task{ID: id, Load: []native.Object{q.o}, Content: content, Buffers: buffers}, func(res TaskResult, err error) {
		k := queuedResult{id: id, res: res, err: err}
		if q.text != nil {
			k.out = q.text(id) // outputs and results come on one goroutine
		}
		q.done <- k
	})
	if err != nil {
		q.t.Fatal(err)
	}
	return k
}

func (q *queuer) next() queuedResult {
	q.t.Helper()
	select {
	case r := <-q.done:
		return r
	case <-time.After(time.Minute):
		q.t.Fatal("no result")
		return queuedResult{}
	}
}

// printed keeps apart what each task printed.
type printed struct {
	*recorder
	texts map[string]*strings.Builder // of the goroutine that delivers
}

func newPrinted() *printed { return &printed{newRecorder(), map[string]*strings.Builder{}} }

func (p *printed) text(id string) string {
	if b := p.texts[id]; b != nil {
		return b.String()
	}
	return ""
}

func (p *printed) Output(id, stream string, text []byte) {
	if p.texts[id] == nil {
		p.texts[id] = new(strings.Builder)
	}
	p.texts[id].Write(text)
}

func TestQueuedTasksRunInOrderAndKeepTheirOutputApart(t *testing.T) {
	p := newPrinted()
	q := newQueuer(t, p)
	const tasks = 300
	for i := range tasks {
		n := []int{0, 1, 3, 0, 0, 400}[i%6]
		q.queue(fmt.Sprint(i), "say", fmt.Sprintf("task %d é", i), n)
	}
	for i := range tasks {
		r := q.next()
		if r.err != nil || r.res.Error != nil || r.id != fmt.Sprint(i) {
			t.Fatalf("result %d: %s, %v, %+v", i, r.id, r.err, r.res.Error)
		}
		want := strings.Repeat(fmt.Sprintf("task %d é\n", i), []int{0, 1, 3, 0, 0, 400}[i%6])
		if r.out != want {
			t.Fatalf("task %d printed %q before its result, want %q", i, r.out, want)
		}
	}
}

func TestABrokenCharacterStaysWithItsTask(t *testing.T) {
	p := newPrinted()
	q := newQueuer(t, p)
	q.queue("a", "half", "x\xc3")
	q.queue("b", "half", "\xa9y")
	q.queue("c", "half", "z")
	for _, want := range []string{"x\xc3", "\xa9y", "z"} {
		if r := q.next(); r.out != want {
			t.Errorf("%s printed %q, want %q", r.id, r.out, want)
		}
	}
}

func TestQueuedTasksAreDroppedAndCancelled(t *testing.T) {
	q := newQueuer(t, nil)
	running := q.queue("spin", "spin")
	waiting, cancelled := q.queue("dropped", "say", "x", 1), q.queue("cancelled", "spin")
	q.queue("last", "say", "x", 1)
	waiting.Drop()
	cancelled.Cancel()
	for range 2 {
		if r := q.next(); r.err != nil || !r.res.Dropped {
			t.Fatalf("%s: %v %+v", r.id, r.err, r.res)
		}
	}
	running.Drop() // it has begun: nothing happens
	running.Cancel()
	if r := q.next(); r.id != "spin" || r.res.Error == nil || r.res.Error.Name != nameInterrupted || r.res.Abandoned {
		t.Fatalf("%+v %+v", r, r.res.Error)
	}
	if r := q.next(); r.id != "last" || r.err != nil || r.res.Error != nil {
		t.Fatalf("%+v", r)
	}
}

func TestTheLineOutlivesWhatItsTasksDo(t *testing.T) {
	q := newQueuer(t, nil)
	for _, want := range []struct{ symbol, name string }{{"boom", "panic"}, {"leave", "exit"}, {"boom", "panic"}} {
		q.queue(want.symbol, want.symbol)
		if r := q.next(); r.err != nil || r.res.Error == nil || r.res.Error.Name != want.name {
			t.Fatalf("%s: %v %+v", want.symbol, r.err, r.res.Error)
		}
	}
	q.queue("after", "say", "x", 2)
	if r := q.next(); r.err != nil || r.res.Error != nil {
		t.Fatalf("%v %+v", r.err, r.res.Error)
	}
}

func TestWhatHadNotBegunWhenTheProcessEndedIsTold(t *testing.T) {
	for name, first := range map[string]string{"killed": "die", "abandoned": "block"} {
		t.Run(name, func(t *testing.T) {
			seen := newRecorder()
			q := newQueuer(t, seen)
			k := q.queue("first", first)
			for i := range 5 {
				q.queue(fmt.Sprint(i), "say", "x", 1)
			}
			if first == "block" {
				seen.await(t, "blocked")
				k.Cancel()
			}
			r := q.next()
			if r.id != "first" || r.err != nil || r.res.Error == nil || r.res.Abandoned != (first == "block") {
				t.Fatalf("%+v %+v", r, r.res.Error)
			}
			q.r.Kill()
			for i := range 5 {
				if r := q.next(); r.id != fmt.Sprint(i) || !errors.Is(r.err, ErrNotBegun) {
					t.Errorf("%+v %+v", r, r.res.Error)
				}
			}
			<-q.r.Done()
			if _, err := q.r.Queue(Task{ID: "late", Content: json.RawMessage("{}")}, nil); !errors.Is(err, ErrGone) {
				t.Errorf("queued on a dead runner: %v", err)
			}
		})
	}
}
