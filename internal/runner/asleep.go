package runner

import (
	"context"
	"encoding/json"
	"time"
)

// A program whose goroutines all wait for each other is ended by Go: "all goroutines are asleep". In the process where cells run
// Go cannot see that, because the pipe to the parent may always wake somebody. Here is how it is seen all the same, without
// guessing:
//
//  1. The parent notices that the process has not computed for a while, and sends "quiet". The child stops what it does
//     regularly itself and looks at all goroutines: each must wait for a channel, a select or a lock.
//  2. The parent looks at the threads: all must be asleep, and the one that polls for input must do so without a time limit,
//     which means that no timer is pending. So nothing in the process and nothing outside will run a goroutine.
//  3. The child looks again, in case a timer fired in between, and ends the job.
//
// A goroutine that waits for the network, a system call, a timer or the front end keeps the cell waiting, as it must. So does,
// on an engine, the possibility that a task comes and touches the channel.

const (
	// asleepFirst is after how long without computing the first look is taken, asleepMost the longest pause between looks.
	asleepFirst = 2 * time.Second
	asleepMost  = time.Minute
	// asleepSettle is how long the child's regular activities take to stop: see lastLook and huntPause.
	asleepSettle = 300 * time.Millisecond
)

// asleepText is Go's own.
const asleepText = "all goroutines are asleep - deadlock!"

// waits are the states in which only another goroutine of the process can wake one.
var waits = map[string]bool{
	"chan receive": true, "chan send": true, "select": true, "chan receive (nil chan)": true, "chan send (nil chan)": true,
	"select (no cases)": true, "sync.Mutex.Lock": true, "sync.RWMutex.Lock": true, "sync.RWMutex.RLock": true,
	"sync.WaitGroup.Wait": true, "sync.Cond.Wait": true, "semacquire": true,
}

// quiet serves the watch frames "quiet" (ID "end": and end the jobs if all sleep) and "resume".
func (c *child) quiet(f *frame) {
	if f.Text == "resume" {
		if done := c.pause.Swap(nil); done != nil {
			close(*done)
		}
		c.stop.quiet.Store(false)
		select {
		case c.stop.wake <- struct{}{}:
		default:
		}
		return
	}
	c.stop.quiet.Store(true)
	if c.pause.Load() == nil {
		done := make(chan struct{})
		c.pause.Store(&done)
	}
	all := c.allWait()
	if all != nil && f.ID == "end" {
		c.byseq.Range(func(_, v any) bool {
			s := v.(*scope)
			ex := &Exception{Name: "fatal error", Value: asleepText}
			for _, g := range all {
				if g.job == s.name() && len(g.frames) > 0 && len(ex.Frames) == 0 {
					ex.Frames = g.frames // the oldest is the main one
				}
			}
			c.stop.fail(s, ex)
			return true
		})
	}
	answer := "false"
	if all != nil {
		answer = "true"
	}
	c.result(&frame{Kind: kindResult, Seq: f.Seq, Result: &outcome{Value: map[string]json.RawMessage{"asleep": json.RawMessage(answer)}}})
}

// allWait returns all goroutines if each waits for another one, nil otherwise. It is called by the goroutine that serves the
// parent.
func (c *child) allWait() []goroutine {
	if c.tasked.Load() {
		return nil
	}
	c.askMu.Lock()
	asked := len(c.answers)
	c.askMu.Unlock()
	if asked > 0 { // the parent has to answer
		return nil
	}
	all := goroutinesNow()
	for _, g := range all {
		if !g.first && !waits[g.state] {
			return nil
		}
	}
	return all
}

// endIfAsleep ends the job that runs if all goroutines of the child sleep for ever.
func (r *Runner) endIfAsleep(ctx context.Context) {
	ask := func(id string) bool {
		rep, err := r.request(ctx, &frame{Kind: kindWatch, Text: "quiet", ID: id})
		return err == nil && rep.outcome.Error == nil && string(rep.outcome.Value["asleep"]) == "true"
	}
	defer func() { _ = r.req.send(&frame{Kind: kindWatch, Text: "resume"}) }() // fails with the child gone
	if !ask("") {
		return
	}
	timer := time.NewTimer(asleepSettle)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	if !resting(r.PID()) {
		return
	}
	if resting(r.PID()) && ask("end") { // two looks: one may fall between two of its threads' turns
		r.log.V(0).Info("all goroutines of a cell are asleep")
	}
}
