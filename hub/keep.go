package hub

import (
	"context"
	"time"

	"github.com/gopar-project/gopar/internal/store"
)

const (
	// settle is how long a finished task waits before it goes into the store: what it showed comes on another socket than its
	// reply, and may come after it.
	settle = time.Second
	// keepEvery is how often finished tasks go into the store.
	keepEvery = 250 * time.Millisecond
	// keepAtOnce bounds the tasks that are put at once.
	keepAtOnce = 1000
	// maxWaiting bounds the bytes of finished tasks that wait for the store; more do not settle.
	maxWaiting = 64 << 20
	// maxBacklog bounds the bytes that wait for a store that does not keep up or is broken; the oldest are not kept then.
	maxBacklog = 512 << 20
	// maxLate bounds the tasks whose late output waits.
	maxLate = 10_000
	// storeTime bounds the last writes of a hub that ends.
	storeTime = 10 * time.Second
)

// keep puts finished tasks into the store until ctx ends, and then all that are left.
func (h *Hub) keep(ctx context.Context) {
	t := time.NewTicker(keepEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime) // detached: the last must be kept, too
			defer cancel()
			h.keepSome(ending, time.Now().Add(time.Hour))
			return
		case <-t.C:
			h.keepSome(ctx, time.Now().Add(-settle))
			h.rotate()
		}
	}
}

// keepSome puts the tasks that finished before a certain time into the store, and the late output.
func (h *Hub) keepSome(ctx context.Context, before time.Time) {
	h.storing.Lock()
	defer h.storing.Unlock()
	for {
		var list []*record
		h.under(func() {
			if h.records.bytes > maxWaiting {
				before = time.Now()
			}
			list = h.records.take(before, keepAtOnce)
		})
		if len(list) == 0 {
			break
		}
		if !h.put(ctx, list) {
			return // the next time
		}
	}
	h.keepLate(ctx)
}

// put enters tasks in the store; when it cannot they wait on, or are not kept.
func (h *Hub) put(ctx context.Context, list []*record) bool {
	kept := make([]*store.Record, len(list))
	h.under(func() {
		for i, r := range list {
			kept[i], r.touched = r.kept(), false
		}
	})
	err := h.store.Put(ctx, kept)
	dropped := 0
	h.under(func() {
		if err == nil {
			for _, r := range list {
				if r.touched { // meanwhile
					h.records.again(r)
					continue
				}
				h.records.drop(r)
			}
			return
		}
		h.records.wait(list)
		for h.records.bytes > maxBacklog {
			for _, r := range h.records.take(time.Now().Add(time.Hour), 1) {
				h.records.drop(r)
				dropped++
			}
		}
	})
	if err != nil {
		h.log.Error(err, "finished tasks wait for the store", "tasks", len(list), "dropped", dropped)
	}
	return err == nil
}

// again lets a finished task go into the store once more.
func (s *records) again(r *record) {
	s.finished = append(s.finished, r)
	s.bytes += r.Size()
}

// wait puts tasks back to the front.
func (s *records) wait(list []*record) {
	s.finished = append(list, s.finished...)
	for _, r := range list {
		s.bytes += r.Size()
	}
}

// change is something to do to a record that is in the store already.
type change func(*store.Record)

// changed has a record of the store changed soon. Call it under mu.
func (h *Hub) changed(id string, c change) {
	if _, known := h.late[id]; known || len(h.late) < maxLate {
		h.late[id] = append(h.late[id], c)
	}
}

// keepLate changes records of the store. Call it under storing.
func (h *Hub) keepLate(ctx context.Context) {
	var late map[string][]change
	h.under(func() { late, h.late = h.late, map[string][]change{} })
	if len(late) == 0 {
		return
	}
	ids := make([]string, 0, len(late))
	for id := range late {
		ids = append(ids, id)
	}
	found, err := h.store.Get(ctx, ids)
	var list []*store.Record
	for id, r := range found {
		c := *r
		for _, change := range late[id] {
			change(&c)
		}
		list = append(list, &c)
	}
	if err == nil && len(list) > 0 {
		err = h.store.Put(ctx, list)
	}
	if err != nil {
		h.log.Error(err, "late output is not kept", "tasks", len(late))
	}
}

// find returns the tasks that match a query, in the order of their submission. It waits for the store.
func (h *Hub) find(ctx context.Context, q store.Query, columns []string) ([]*store.Record, error) {
	var list []*store.Record
	h.under(func() { list = h.records.match(q) })
	here := make(map[string]bool, len(list)) // one on its way is in both places
	for _, r := range list {
		here[r.ID] = true
	}
	n := len(list)
	err := h.store.Find(ctx, q, columns, func(r *store.Record) error {
		if !here[r.ID] {
			list = append(list, r)
		}
		return nil
	})
	if n > 0 {
		sortBySubmission(list)
	}
	return list, err
}
