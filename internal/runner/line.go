package runner

import (
	"errors"
	"slices"
	"time"
)

// ErrNotBegun is what a queued task gets whose process ended before its turn: it can be run again without harm.
var ErrNotBegun = errors.New("the process ended before the task began")

// Queued is a task in the line of a Runner.
type Queued struct {
	r   *Runner
	seq uint64
}

// Queue puts a task at the end of the line. The tasks in the line run one after the other, in order; the child goes from one to
// the next by itself, so that neither waits for the other's answer. Jobs, and tasks that are called, run beside the line: the
// caller sees to it that none does.
//
// done is called once, from the goroutine that delivers output, after all output of the task: it must not wait for the Runner.
// Its error is ErrNotBegun. Queue itself may block while the pipe to the child is full; its error is ErrGone, or that the task
// cannot be sent, and then done is not called.
//
// Whose output is whose: the child begins no task before the parent has read what the one before it wrote. It sees that in
// memory both share; only after a task whose output is still in the pipe it has to ask. A task that prints nothing costs two
// system calls for that, and no switch between the processes.
func (r *Runner) Queue(t Task, done func(TaskResult, error)) (*Queued, error) {
	buffers := t.Buffers
	t.Buffers = nil
	f := &frame{Kind: kindQueue, Task: &t, Buffers: buffers}
	r.lining.Lock() // the line is in the order of the numbers
	defer r.lining.Unlock()
	r.mu.Lock()
	if r.waiting == nil {
		r.mu.Unlock()
		return nil, ErrGone
	}
	r.seq++
	f.Seq = r.seq
	r.waiting[f.Seq] = waiter{lined: true, to: func(rep reply) {
		if rep.unbegun {
			done(TaskResult{}, ErrNotBegun)
			return
		}
		o := rep.outcome
		done(TaskResult{Buffers: rep.buffers, Error: o.Error, Abandoned: o.Abandoned, Dropped: o.Dropped, Started: o.Started, Ended: o.Ended}, nil)
	}}
	r.mu.Unlock()
	r.out.expect(f.Seq, t.ID)
	r.watch.wakeUp()
	if err := r.req.send(f); err != nil {
		r.mu.Lock()
		_, mine := r.waiting[f.Seq]
		delete(r.waiting, f.Seq)
		r.mu.Unlock()
		if mine {
			r.out.conclude(f.Seq)
			return nil, ErrGone
		}
		// bury has told done
	}
	return &Queued{r, f.Seq}, nil
}

// Drop takes the task out of the line if it has not begun: then its result says Dropped. It does not wait.
func (q *Queued) Drop() {
	_ = q.r.req.send(&frame{Kind: kindDrop, Seq: q.seq}) // fails when the child is gone, which ends the task
}

// Cancel drops the task, or interrupts it if it has begun; a child that does not answer is ended. It does not wait.
func (q *Queued) Cancel() {
	_ = q.r.req.send(&frame{Kind: kindDrop, Seq: q.seq, ID: "cancel"}) // as in Drop
	time.AfterFunc(unresponsive, func() {
		q.r.mu.Lock()
		_, waits := q.r.waiting[q.seq]
		q.r.mu.Unlock()
		if waits && q.r.out.began(q.seq) {
			q.r.log.Info("killing runner: it does not answer", "id", q.seq)
			q.r.Kill()
		}
	})
}

// waiter is who waits for a result.
type waiter struct {
	to    func(reply) // must not block
	lined bool
}

// bury gives death to everybody who waits for a result, and to all who come later.
func (r *Runner) bury(death *Exception) {
	r.mu.Lock()
	r.death = death
	waiting := r.waiting
	r.waiting = nil
	r.mu.Unlock()
	order := make([]uint64, 0, len(waiting))
	for seq := range waiting {
		order = append(order, seq)
	}
	slices.Sort(order)
	for _, seq := range order {
		w := waiting[seq]
		w.to(reply{outcome: &outcome{Error: death, Started: time.Now(), Ended: time.Now()}, unbegun: w.lined && !r.out.began(seq)})
	}
}

// expect says whose output comes once the child has begun the queued task seq.
func (o *outputs) expect(seq uint64, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.names == nil {
		o.names = map[uint64]string{}
	}
	o.names[seq] = id
}

// follow makes the queued task that runs the owner of what is written. Callers hold mu.
func (o *outputs) follow() {
	if o.shared == nil {
		return
	}
	if seq := o.shared.running(); seq > o.lined {
		if id, ok := o.names[seq]; ok {
			o.lined = seq
			o.own(id)
		}
	}
}

// own makes job the owner of what comes from here on. Callers hold mu.
func (o *outputs) own(job string) {
	for _, s := range o.streams {
		if len(s.carry) > 0 { // the rest of the character is there, or will not come
			i := slices.IndexFunc(o.pending, func(c chunk) bool { return c.stream == s })
			if i >= 0 {
				o.pending[i].text = append(s.carry, o.pending[i].text...)
			} else {
				o.push(s, s.carry)
			}
			s.carry = nil
		}
		s.used, s.noted = 0, false
	}
	o.job = job
}

// conclude forgets the queued task seq and returns its name.
func (o *outputs) conclude(seq uint64) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := o.names[seq]
	if seq > o.lined && o.shared.running() >= seq {
		o.lined = seq
		o.own(id)
	}
	delete(o.names, seq)
	return id
}

// began reports whether the child has begun the queued task seq.
func (o *outputs) began(seq uint64) bool { return o.shared != nil && o.shared.running() >= seq }
