package sched

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// sim runs a cluster in virtual time: engines that take time, fail, refuse and
// die, and clients that submit with dependencies, targets and retries.
type sim struct {
	t       testing.TB
	s       *State
	r       *rand.Rand
	now     time.Duration
	pending events
	alive   map[EngineID]*simEngine
	ids     []EngineID
	ended   map[TaskID]int
	did     map[Do]int
	latest  map[TaskID]int // the event that is the answer to its latest sending
	next    int
	lost    int
}

type simEngine struct {
	free time.Duration
	dead bool
}

type event struct {
	at     time.Duration
	engine EngineID // whose task ends, or who dies when task is ""
	task   TaskID
	seq    int
	back   bool // it is given back: it had not begun
}

type events []event

func (h events) Len() int { return len(h) }
func (h events) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h events) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *events) Push(x any)   { *h = append(*h, x.(event)) }
func (h *events) Pop() any     { o := *h; x := o[len(o)-1]; *h = o[:len(o)-1]; return x }

// languages of engines, and of tasks.
var languages = []string{"go", "python", "", ""}

func (m *sim) join() {
	m.next++
	id := EngineID(fmt.Sprintf("e%d", m.next))
	m.alive[id] = &simEngine{free: m.now}
	m.ids = append(m.ids, id)
	m.apply(m.s.Join(m.now, Engine{ID: id, Slots: 1 + m.next%3%2, Language: languages[m.next%2]}))
}

func (m *sim) apply(actions []Action) {
	for _, a := range actions {
		m.did[a.Do]++
		switch a.Do {
		case Send:
			e := m.alive[a.Engine]
			if e == nil || e.dead {
				m.t.Fatalf("%s sent to %s, which is dead", a.Task, a.Engine)
			}
			took := time.Duration(m.r.ExpFloat64() * float64(10*time.Millisecond))
			if m.r.IntN(100) == 0 {
				took *= 50 // what waits behind it is asked back
			}
			e.free = max(e.free, m.now) + took
			m.lost++
			m.latest[a.Task] = m.lost
			heap.Push(&m.pending, event{at: e.free, engine: a.Engine, task: a.Task, seq: m.lost})
		case Recall:
			if m.r.IntN(2) == 0 {
				m.lost++
				m.latest[a.Task] = m.lost
				heap.Push(&m.pending, event{at: m.now, engine: a.Engine, task: a.Task, seq: m.lost, back: true})
			}
		case Deliver, Fail:
			m.ended[a.Task]++
			if m.ended[a.Task] > 1 {
				m.t.Fatalf("%s ended twice; its story:\n%s", a.Task, m.s.Tell(a.Task))
			}
		}
	}
}

func (m *sim) submit(i int) {
	k := Task{ID: TaskID(fmt.Sprint(i)), Client: ClientID(fmt.Sprint("c", i%7)), Retries: m.r.IntN(3)}
	if i > 100 && m.r.IntN(10) == 0 {
		d := Dependency{IDs: []TaskID{TaskID(fmt.Sprint(i - 1 - m.r.IntN(50))), TaskID(fmt.Sprint(i - 1 - m.r.IntN(50)))}, All: m.r.IntN(2) == 0, Success: true, Failure: m.r.IntN(2) == 0}
		if m.r.IntN(3) == 0 {
			d.IDs = d.IDs[:1]
			k.Follow = d
		} else {
			k.After = d
		}
	}
	if m.r.IntN(20) == 0 {
		for range 3 {
			k.Targets = append(k.Targets, m.ids[m.r.IntN(len(m.ids))])
		}
	}
	if m.r.IntN(50) == 0 {
		k.Timeout = time.Second
	}
	if m.r.IntN(20) == 0 {
		k.Limit = 20 * time.Millisecond
	}
	k.Language = languages[m.r.IntN(4)]
	k.Priority = m.r.IntN(7)/3 - 1
	k.Once = m.r.IntN(10) == 0
	if m.r.IntN(4) == 0 {
		k.Near = fmt.Sprint(m.r.IntN(100))
	}
	m.apply(m.s.Submit(m.now, k))
}

func (m *sim) step() {
	e := heap.Pop(&m.pending).(event)
	m.now = e.at
	m.apply(m.s.Tick(m.now))
	en := m.alive[e.engine]
	if en.dead || m.latest[e.task] != e.seq {
		return
	}
	if e.back {
		m.apply(m.s.Finish(m.now, e.engine, e.task, WasAborted))
		return
	}
	switch p := m.r.IntN(1000); {
	case p == 0 && len(m.alive) > 1:
		en.dead = true
		m.apply(m.s.Lose(m.now, e.engine))
		m.join()
	case p < 20:
		m.apply(m.s.Finish(m.now, e.engine, e.task, Failure))
	case p == 20:
		actions := m.s.Finish(m.now, e.engine, e.task, SentBack)
		m.apply(actions)
		if len(actions) > 0 && actions[0].Do == Deliver { // not stale, and not its end
			delete(m.ended, e.task)
			m.apply(m.s.Submit(m.now, Task{ID: e.task}))
		}
	case p < 25:
		m.apply(m.s.Finish(m.now, e.engine, e.task, Unmet))
	case p < 27:
		m.apply(m.s.Abort(m.now, m.s.some(3)))
		m.apply(m.s.Finish(m.now, e.engine, e.task, Success))
	default:
		m.apply(m.s.Finish(m.now, e.engine, e.task, Success))
	}
}

func run(t testing.TB, engines, tasks, validateEvery int, seed uint64) time.Duration {
	m := &sim{t: t, s: New(Config{Scheme: Scheme(seed % 5), Rand: rand.New(rand.NewPCG(seed, 9))}), r: rand.New(rand.NewPCG(seed, 1)),
		alive: map[EngineID]*simEngine{}, latest: map[TaskID]int{}, did: map[Do]int{}, ended: make(map[TaskID]int, tasks)}
	started := time.Now()
	for range engines {
		m.join()
	}
	n := 0
	for i := 0; i < tasks || m.pending.Len() > 0; {
		for range 3 {
			if i < tasks && m.pending.Len() < 4*engines {
				m.submit(i)
				i++
			}
		}
		if m.pending.Len() > 0 {
			m.step()
		}
		if n++; n%validateEvery == 0 {
			if err := m.s.Validate(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := 0; len(m.ended) < tasks && i < 100; i++ { // what is parked or waits out its timeout
		m.now += time.Minute
		m.apply(m.s.Tick(m.now))
		m.join()
		for m.pending.Len() > 0 {
			m.step()
		}
	}
	if len(m.ended) != tasks {
		for _, id := range m.s.Queued() {
			t.Fatalf("%d of %d tasks ended; %s waits:\n%s", len(m.ended), tasks, id, m.s.Tell(id))
		}
	}
	if err := m.s.Validate(); err != nil {
		t.Fatal(err)
	}
	for do := Send; do <= Cancel && tasks >= 10_000; do++ {
		if m.did[do] == 0 {
			t.Errorf("nothing of kind %d was ever done", do)
		}
	}
	return time.Since(started)
}

func TestSimulationOfManySmallClusters(t *testing.T) {
	for seed := range uint64(40) {
		run(t, 1+int(seed%9), 400, 1, seed)
	}
}

func TestSimulationOfALargeCluster(t *testing.T) {
	engines, tasks := 10_000, 1_000_000
	if testing.Short() || raceEnabled {
		engines, tasks = 1000, 50_000
	}
	took := run(t, engines, tasks, tasks/3, 5)
	t.Logf("%d engines, %d tasks: %v, %v per task", engines, tasks, took, took/time.Duration(tasks))
}

func BenchmarkTask(b *testing.B) {
	for _, engines := range []int{16, 1000, 10_000} {
		b.Run(fmt.Sprintf("engines=%d", engines), func(b *testing.B) {
			s := New(Config{History: 1000})
			for i := range engines {
				s.Join(0, Engine{ID: EngineID(fmt.Sprintf("engine-%d", i)), Slots: 1})
			}
			ids := make([]TaskID, b.N)
			for i := range ids {
				ids[i] = TaskID(fmt.Sprintf("b3a1f7c0-6a5e8f92d1_%d_%d", 1234, i))
			}
			b.ReportAllocs()
			b.ResetTimer()
			var running []Action
			for i, id := range ids {
				running = append(running, s.Submit(time.Duration(i), Task{ID: id, Client: "c"})...)
				if len(running) > engines/2 {
					a := running[0]
					running = running[1:]
					s.Finish(time.Duration(i), a.Engine, a.Task, Success)
				}
			}
		})
	}
}

// some returns up to n tasks that any engine may run and that wait, those of
// the client whose turn is next.
func (s *State) some(n int) []TaskID {
	var ids []TaskID
	for _, l := range s.spoken {
		for _, level := range s.pools[l].general.levels {
			if level.fair.front() == nil {
				continue
			}
			tasks := &level.fair.ring.buf[level.fair.ring.head].tasks
			for i := range min(n, tasks.len()) {
				ids = append(ids, tasks.buf[(tasks.head+i)%len(tasks.buf)].task.ID)
			}
			return ids
		}
	}
	return ids
}
