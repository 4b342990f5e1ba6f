package jupyter

import (
	"context"
	"sync"
	"time"
)

// maxQueued bounds the requests that wait in one queue. Above it the socket is
// not read, which slows the senders down.
const maxQueued = 64 << 10

// queue holds the requests that wait for one worker, in order. It is unlike a
// channel in that waiting requests can be aborted and that others can wait for
// their turn to be over.
type queue struct {
	mu       sync.Mutex
	waiting  []entry       // guarded by mu
	accepted uint64        // guarded by mu: requests that ever came
	taken    uint64        // guarded by mu: requests that are or were served; at most accepted
	served   uint64        // guarded by mu: requests that are over; at most taken
	closed   bool          // guarded by mu
	changed  chan struct{} // guarded by mu: closed on the next change; nil while nobody waits for one
}

// entry is a waiting request.
type entry struct {
	request *Request
	aborted bool
	// turn, if not nil, is waited for until the time patience.
	turn     *turn
	patience time.Time
}

// turn is the moment when all requests that are in a queue now are over.
type turn struct {
	q  *queue
	at uint64
}

func newQueue() *queue { return &queue{} }

// signal wakes everybody who waits for a change. mu is held.
func (q *queue) signal() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// change returns what is closed on the next change. mu is held.
func (q *queue) change() <-chan struct{} {
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return q.changed
}

// put appends e; it blocks while the queue is full. After close, e is dropped.
func (q *queue) put(ctx context.Context, e entry) {
	for !q.tryPut(e) {
		q.mu.Lock()
		changed := q.change()
		full := len(q.waiting) >= maxQueued
		q.mu.Unlock()
		if !full {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// tryPut appends e and reports true, or reports false when the queue is full.
func (q *queue) tryPut(e entry) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return true
	}
	if len(q.waiting) >= maxQueued {
		return false
	}
	q.waiting = append(q.waiting, e)
	q.accepted++
	q.signal()
	return true
}

// take removes the first entry, waiting for one; false when ctx ended or the
// queue was closed. The entry is over when done is called.
func (q *queue) take(ctx context.Context) (entry, bool) {
	for {
		q.mu.Lock()
		if q.closed || ctx.Err() != nil {
			q.mu.Unlock()
			return entry{}, false
		}
		if len(q.waiting) > 0 {
			e := q.waiting[0]
			q.waiting[0] = entry{} // let go of its buffers
			q.waiting = q.waiting[1:]
			q.taken++
			if len(q.waiting) == maxQueued-1 {
				q.signal()
			}
			q.mu.Unlock()
			return e, true
		}
		changed := q.change()
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// settle waits until all requests that were taken before the last one are over; false when ctx ended.
func (q *queue) settle(ctx context.Context) bool {
	for {
		q.mu.Lock()
		over, changed := q.served+1 >= q.taken, q.change()
		q.mu.Unlock()
		if over {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// done says that an entry that was taken is over.
func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.served++
	q.signal()
}

// abort marks the waiting entries that match and can be aborted, and returns
// how many.
func (q *queue) abort(match func(*Message) bool) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for i := range q.waiting {
		e := &q.waiting[i]
		if e.request.handler.aborted != nil && !e.aborted && match(e.request.Message) {
			e.aborted = true
			n++
		}
	}
	return n
}

// close ends the worker and drops what waits.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.waiting = nil
	q.signal()
}

// turn returns the turn of a request that would be appended now.
func (q *queue) turn() *turn {
	q.mu.Lock()
	defer q.mu.Unlock()
	return &turn{q: q, at: q.accepted}
}

// await waits until e's turn has come, its patience is over, or ctx ends.
func (e entry) await(ctx context.Context) {
	if e.turn == nil {
		return
	}
	timer := time.NewTimer(time.Until(e.patience))
	defer timer.Stop()
	q := e.turn.q
	for {
		q.mu.Lock()
		come, changed := q.closed || q.served >= e.turn.at, q.change()
		q.mu.Unlock()
		if come {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
