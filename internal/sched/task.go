package sched

import "time"

// Task is what the scheduler knows of a load-balanced request.
type Task struct {
	ID      TaskID
	Client  ClientID
	After   Dependency    // may start when met
	Follow  Dependency    // may start on an engine where it was met
	Targets []EngineID    // engines that may run it; empty: any
	Timeout time.Duration // fails after waiting that long; 0: never
	Limit   time.Duration // is cancelled and fails after running that long; 0: never
	Retries int           // failures after which it is tried elsewhere

	Language string // of the engines that can run it; "": all can
	Priority int    // the higher goes first; within MaxPriority of 0
	Near     string // names data or code: engines that had it last are preferred; "": none
	Once     bool   // it is not run again when an engine dies that had begun it
}

// MaxPriority bounds priorities on both sides.
const MaxPriority = 100

// Dependency is a condition on other load-balanced tasks.
type Dependency struct {
	IDs              []TaskID
	All              bool // all must meet it, else any
	Success, Failure bool // which outcome meets it
}

// meets reports whether a task that ended with ok satisfies d.
func (d *Dependency) meets(ok bool) bool { return ok && d.Success || !ok && d.Failure }

// Phase is where a task is in its life.
type Phase uint8

// The phases of a task.
const (
	Waiting  Phase = iota // for other tasks
	Ready                 // for an engine with room
	Parked                // no living engine may run it
	Running               // an engine holds it
	Returned              // to its client, who will submit it again
	Finished              // delivered or failed
	phases
)

// Outcome is what an engine's reply says.
type Outcome uint8

// The outcomes of a task on an engine.
const (
	Success Outcome = iota
	Failure
	WasAborted // by the engine, on request; never retried
	Unmet      // the engine cannot run it (a functional dependency)
	SentBack   // it did not run: the client shall submit it again, with what the engine lacked
)

// String returns the word used in stories.
func (o Outcome) String() string {
	return [...]string{"success", "failure", "aborted", "unmet", "sent back"}[o]
}

// Reason says why the scheduler failed a task.
type Reason uint8

// The reasons of Fail.
const (
	_          Reason = iota
	Invalid           // a dependency names the task itself or nothing known
	Impossible        // a dependency or the targets can never be met
	TimedOut          // it waited longer than its timeout
	Killed            // engines died running it, and it must not be tried again, cannot, or killed too many
	Aborted           // on request, before it started
	Overran           // it ran longer than its limit
	NoEngine          // there are engines, but there never was one of its language
)

// String returns the word used in stories.
func (r Reason) String() string {
	return [...]string{"", "invalid dependency", "impossible dependency", "timed out", "engine died", "aborted", "ran too long", "no engine of its language"}[r]
}

// Do says what an Action asks for.
type Do uint8

// What actions ask for.
const (
	_       Do = iota
	Send       // the task to Engine
	Deliver    // the reply just reported to the task's client; the task is over, unless it was SentBack
	Fail       // the task with Reason; the task is over
	Recall     // the task from Engine, if that has not begun it: Finish with WasAborted tells
	Cancel     // the task on Engine, also if it runs; the task is over
)

// Action is something the caller must carry out, in the order returned.
type Action struct {
	Do      Do
	Task    TaskID
	Engine  EngineID // Send: to; Deliver: from; Recall, Cancel: on; Fail with Killed: the one that died last
	Attempt int      // Send: 1 for the first time
	Reason  Reason   // Fail
}

// task is a Task and what became of it so far.
type task struct {
	Task
	seq         uint64
	phase       Phase
	since       time.Duration // submitted
	started     time.Duration // when it was last sent
	attempts    int           // how often it was sent
	engine      *engine       // holds it; nil unless Running
	prev, next  *task         // neighbours in engine.held
	ticket      uint64        // validates queue entries; changes whenever it leaves the queues
	excluded    []EngineID    // refused by, or failed on
	lastOutcome Outcome       // of the latest refusal
	kills       int           // engines that died running it
	killer      EngineID      // the last of them
	front       time.Duration // since when its engine has no other to run first; valid while begun
	begun       bool          // its engine has no other to run first
	recalled    bool          // asked back from its engine
	recalls     int           // how often it was, and it was not given back yet; an engine may give it back the next time it comes
	unwanted    bool          // a client asked to abort it while an engine had it
	after       progress
	follow      progress
	places      []EngineID // where follow dependencies were met
	dependents  []edge     // wait for this one
	timer       uint64     // generation of its armed timeout
	story       []Step
}

// confined reports whether only certain engines may run k.
func (k *task) confined() bool { return len(k.Targets) > 0 || len(k.Follow.IDs) > 0 }

// excludes reports whether k was refused by e before.
func (k *task) excludes(e EngineID) bool { return contains(k.excluded, e) }

// admits reports whether k may run on e, room or not.
func (k *task) admits(e *engine) bool {
	if !k.speaks(e) || k.excludes(e.id) || len(k.Targets) > 0 && !contains(k.Targets, e.id) {
		return false
	}
	return len(k.Follow.IDs) == 0 || contains(k.places, e.id)
}

func contains(ids []EngineID, e EngineID) bool {
	for _, id := range ids {
		if id == e {
			return true
		}
	}
	return false
}

// taskList is an intrusive list of the tasks an engine holds, oldest first.
type taskList struct {
	head, tail *task
	n          int
}

func (l *taskList) push(k *task) {
	k.prev, k.next = l.tail, nil
	if l.tail != nil {
		l.tail.next = k
	} else {
		l.head = k
	}
	l.tail = k
	l.n++
}

func (l *taskList) remove(k *task) {
	if k.prev != nil {
		k.prev.next = k.next
	} else {
		l.head = k.next
	}
	if k.next != nil {
		k.next.prev = k.prev
	} else {
		l.tail = k.prev
	}
	k.prev, k.next = nil, nil
	l.n--
}
