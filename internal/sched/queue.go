package sched

// fairQueue serves clients in turn, and each client's tasks in order.
//
// Removal is lazy: an entry is stale when the task's ticket has changed since,
// and is skipped. A queue in which stale entries could outnumber live ones is
// compacted as it grows, so pushing costs O(1) amortized.
type fairQueue struct {
	byClient map[ClientID]*clientQueue
	ring     deque[*clientQueue] // those with entries
	entries  int                 // stale ones included
	compact  int                 // when entries reach this, look for stale ones
}

type clientQueue struct {
	client ClientID
	tasks  deque[entry]
}

type entry struct {
	task   *task
	ticket uint64
}

func (x entry) stale() bool { return x.task.ticket != x.ticket || x.task.phase != Ready }

func (q *fairQueue) push(k *task) {
	if q.entries >= max(q.compact, 256) {
		live := q.live()
		*q = fairQueue{compact: 2 * len(live)}
		for _, t := range live {
			q.add(t)
		}
	}
	q.add(k)
}

func (q *fairQueue) add(k *task) {
	if q.byClient == nil {
		q.byClient = map[ClientID]*clientQueue{}
	}
	c := q.byClient[k.Client]
	if c == nil {
		c = &clientQueue{client: k.Client}
		q.byClient[k.Client] = c
	}
	if c.tasks.len() == 0 {
		q.ring.push(c)
	}
	c.tasks.push(entry{k, k.ticket})
	q.entries++
}

// front returns the task whose turn it is without moving on; nil when there is none.
func (q *fairQueue) front() *task {
	for q.ring.len() > 0 {
		c := q.ring.first()
		for c.tasks.len() > 0 {
			if x := c.tasks.first(); !x.stale() {
				return x.task
			}
			c.tasks.pop()
			q.entries--
		}
		q.ring.pop()
		delete(q.byClient, c.client)
	}
	return nil
}

// next returns the task whose turn it is and moves on; nil when there is none.
func (q *fairQueue) next() *task {
	for q.ring.len() > 0 {
		c := q.ring.pop()
		var found *task
		for found == nil && c.tasks.len() > 0 {
			x := c.tasks.pop()
			q.entries--
			if !x.stale() {
				found = x.task
			}
		}
		if c.tasks.len() > 0 {
			q.ring.push(c)
		} else {
			delete(q.byClient, c.client)
		}
		if found != nil {
			return found
		}
	}
	return nil
}

// live returns the tasks in it, in no fair order, without moving on.
func (q *fairQueue) live() []*task {
	var live []*task
	q.ring.each(func(c *clientQueue) {
		c.tasks.each(func(x entry) {
			if !x.stale() {
				live = append(live, x.task)
			}
		})
	})
	return live
}

// deque is a first-in, first-out queue in a growing ring.
type deque[T any] struct {
	buf  []T
	head int
	n    int
}

func (d *deque[T]) len() int { return d.n }

func (d *deque[T]) push(x T) {
	if d.n == len(d.buf) {
		grown := make([]T, max(8, 2*d.n))
		for i := range d.n {
			grown[i] = d.buf[(d.head+i)%len(d.buf)]
		}
		d.buf, d.head = grown, 0
	}
	d.buf[(d.head+d.n)%len(d.buf)] = x
	d.n++
}

func (d *deque[T]) pop() T {
	var zero T
	x := d.buf[d.head]
	d.buf[d.head] = zero
	d.head = (d.head + 1) % len(d.buf)
	d.n--
	return x
}

func (d *deque[T]) first() T { return d.buf[d.head] }

func (d *deque[T]) each(f func(T)) {
	for i := range d.n {
		f(d.buf[(d.head+i)%len(d.buf)])
	}
}
