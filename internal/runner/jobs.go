package runner

import (
	"context"
	"time"

	"github.com/gopar-project/gopar/display"
)

// unresponsive is how long an interrupted child may take to answer before it is killed: grace, and time for a machine that is
// busy with what was interrupted.
const unresponsive = 5 * time.Second

// Run runs one job and returns when it has ended and all its output is delivered; it waits for a job that runs. When ctx ends,
// the job is interrupted. The error is ErrGone, or ctx's if the job was not begun; a crash of user code is in the result.
func (r *Runner) Run(ctx context.Context, j Job) (Result, error) {
	select {
	case r.jobs <- struct{}{}:
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	defer func() { <-r.jobs }()
	r.out.switchTo(j.ID)
	rep, err := r.request(ctx, &frame{Kind: kindRun, Job: &j})
	if err != nil {
		return Result{}, err
	}
	o := rep.outcome
	return Result{Value: decodeBundle(o.Value), Payload: o.Payload, Error: o.Error, Abandoned: o.Abandoned, Started: o.Started, Ended: o.Ended}, nil
}

// Call runs one task; tasks run concurrently with each other and with a job, and their output belongs to the job or task that
// began last. When ctx ends, the task is cancelled as by Interrupt. The error is ErrGone; the task's own is in the result.
func (r *Runner) Call(ctx context.Context, t Task) (TaskResult, error) {
	r.out.switchTo(t.ID)
	buffers := t.Buffers
	t.Buffers = nil
	rep, err := r.request(ctx, &frame{Kind: kindCall, Task: &t, Buffers: buffers})
	if err != nil {
		return TaskResult{}, err
	}
	o := rep.outcome
	return TaskResult{Buffers: rep.buffers, Error: o.Error, Abandoned: o.Abandoned, Started: o.Started, Ended: o.Ended}, nil
}

// request sends f and waits for its result.
func (r *Runner) request(ctx context.Context, f *frame) (reply, error) {
	ch := make(chan reply, 1)
	r.mu.Lock()
	if r.waiting == nil {
		r.mu.Unlock()
		return reply{}, ErrGone
	}
	r.seq++
	f.Seq = r.seq
	r.waiting[f.Seq] = waiter{to: func(rep reply) { ch <- rep }} // has room
	r.mu.Unlock()
	r.watch.wakeUp()
	if err := r.req.send(f); err != nil {
		select {
		case <-r.ended: // the result says how it ended
		case rep := <-ch:
			return rep, nil
		default:
			r.resolve(f.Seq, reply{}) // could not be encoded
			return reply{}, err
		}
	}
	select {
	case rep := <-ch:
		return rep, nil
	case <-ctx.Done():
	}
	_ = r.req.send(&frame{Kind: kindInterrupt, Seq: f.Seq}) // fails when the child is gone, which ends the wait
	timer := time.NewTimer(unresponsive)
	defer timer.Stop()
	select {
	case rep := <-ch:
		return rep, nil
	case <-timer.C:
	}
	r.log.Info("killing runner: it does not answer", "id", f.Seq)
	r.Kill()
	return <-ch, nil
}

// discard is the sink of a runner without one.
type discard struct{}

func (discard) Output(string, string, []byte)   {}
func (discard) Display(string, display.Message) {}
func (discard) Input(context.Context, string, string, bool) (string, error) {
	return "", display.ErrNoFrontEnd
}
