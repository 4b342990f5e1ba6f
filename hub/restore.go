package hub

import (
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/gopar-project/gopar/internal/journal"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
	"github.com/gopar-project/gopar/internal/store"
)

// After a restart the hub knows from its journal which engines there were, what they had, and what waited. Until an engine is heard of
// again it is *awaited*: clients see it, what is sent to it waits, and what it had is its own still. When it is back — its connections
// are there and its heart beats — it goes on as if nothing had happened; when it says that some of it never came, or that a reply was
// lost, that is sent again. When it does not come back within Config.RegistrationTimeout, it is lost like any other.

// restorer makes a hub's state of a journal's entries.
type restorer struct {
	h       *Hub
	engines map[string]engineEntry
	next    int
	pending map[string]*record
	done    []*store.Record // not in the store yet
	count   int             // of results
}

func newRestorer(h *Hub) *restorer {
	return &restorer{h: h, engines: map[string]engineEntry{}, pending: map[string]*record{}}
}

// entry takes one entry. One that makes no sense is passed over: the rest may still be right.
func (r *restorer) entry(e journal.Entry) error {
	text := func(i int) string {
		if i < len(e.Parts) {
			return string(e.Parts[i])
		}
		return ""
	}
	var odd error
	switch e.Kind {
	case jEngine:
		var x engineEntry
		if odd = json.Unmarshal([]byte(text(0)), &x); odd == nil && x.UUID != "" {
			r.engines[x.UUID] = x
			r.next = max(r.next, x.ID+1)
		}
	case jLost:
		delete(r.engines, text(0))
		for _, t := range r.pending {
			if t.Engine == text(0) && t.Queue == viaTask {
				t.Engine = ""
			}
		}
	case jTask:
		odd = r.task(e.Parts)
	case jSent:
		if t := r.pending[text(0)]; t != nil {
			t.Engine = text(1)
		}
	case jDone:
		odd = r.result(e.Parts)
	case jDropped:
		delete(r.pending, text(0))
	case jPurged:
		if odd = r.flush(); odd == nil {
			odd = r.purge(e.Parts)
		}
	case jNext:
		var n int
		if n, odd = strconv.Atoi(text(0)); odd == nil {
			r.next = max(r.next, n)
		}
	}
	if odd != nil {
		r.h.log.Info("entry of the journal passed over", "kind", string(e.Kind), "reason", odd.Error())
	}
	return nil
}

// task takes a request.
func (r *restorer) task(parts [][]byte) error {
	if len(parts) < 4 {
		return fmt.Errorf("task of %d parts", len(parts))
	}
	m, err := journaled(parts[4:])
	if err != nil {
		return err
	}
	t := newRecord(m, string(parts[1]), string(parts[0]), string(parts[2]))
	if t.Submitted, err = dateOf(parts[3]); err != nil {
		return err
	}
	t.frames = parts[4:]
	r.pending[t.ID] = t
	return nil
}

// result takes a reply.
func (r *restorer) result(parts [][]byte) error {
	if len(parts) < 6 {
		return fmt.Errorf("reply of %d parts", len(parts))
	}
	t := r.pending[string(parts[0])]
	if t == nil {
		return nil // its request was in a segment that is gone
	}
	m := &jupyter.Message{RawHeader: parts[3], Metadata: parts[4], Content: parts[5], Buffers: parts[6:]}
	if err := json.Unmarshal(parts[3], &m.Header); err != nil {
		return err
	}
	received, err := dateOf(parts[2])
	if err != nil {
		return err
	}
	delete(r.pending, t.ID)
	t.Engine = string(parts[1])
	t.end(m)
	t.Received = received
	if t.Queue == viaTask {
		o, _ := outcome(m)
		r.h.sched.Recall(sched.TaskID(t.ID), o == sched.Success, sched.EngineID(t.Engine))
	}
	r.done = append(r.done, t.kept())
	r.count++
	if len(r.done) >= keepAtOnce {
		return r.flush()
	}
	return nil
}

// flush puts the results into the store.
func (r *restorer) flush() error {
	list := r.done
	r.done = nil
	if len(list) == 0 {
		return nil
	}
	return r.h.store.Put(r.h.life, list)
}

func (r *restorer) purge(parts [][]byte) error {
	if len(parts) != 1 {
		return fmt.Errorf("purge of %d parts", len(parts))
	}
	var q store.Query
	if err := json.Unmarshal(parts[0], &q); err != nil {
		return err
	}
	return r.h.store.Delete(r.h.life, q)
}

// finish makes the hub's state of all the entries.
func (r *restorer) finish() error {
	if err := r.flush(); err != nil {
		return err
	}
	h := r.h
	tasks := make([]*record, 0, len(r.pending))
	for _, t := range r.pending {
		tasks = append(tasks, t)
	}
	sort.Slice(tasks, func(i, j int) bool { return store.BySubmission(&tasks[i].Record, &tasks[j].Record) < 0 })
	h.under(func() {
		h.registry.next = r.next
		for _, x := range r.engines {
			h.await(x)
		}
		for _, t := range tasks {
			h.restoreTask(t)
		}
	})
	h.log.Info("restored", "engines", len(r.engines), "tasks", len(tasks), "results", r.count)
	for _, x := range r.engines {
		if !alive(x.Place) {
			h.lose(x.UUID, "it ended while there was no hub")
		}
	}
	return nil
}

// await enters an engine that was there before the restart. Call it under mu.
func (h *Hub) await(x engineEntry) {
	e := h.registry.enter(proto.RegistrationRequest{UUID: x.UUID, ID: &x.ID, Language: x.Language, Slots: x.Slots, Place: x.Place}, time.Now())
	e.restored = true
	h.registry.awaited++
	h.sched.Expect(e.language)
}

// restoreTask enters a task that was not finished before the restart. Call it under mu.
func (h *Hub) restoreTask(r *record) {
	if !h.records.add(r) {
		return
	}
	e := h.registry.byUUID[r.Engine]
	if r.Queue == viaMux {
		if e == nil {
			e = &engine{id: -1, uuid: r.Engine, queue: map[string]*record{r.ID: r}}
			h.orphanDirect(e)
			return
		}
		e.queue[r.ID] = r
		return
	}
	md, err := taskMetadata(r.request)
	if err != nil { // it was accepted once
		md = proto.TaskMetadata{}
	}
	if e == nil {
		r.Engine = ""
	}
	h.enter(r, &md, e)
}

// enter submits a task to the scheduler; with an awaited engine it is held for that. One that only certain engines may run waits while
// any is awaited: it might be one of those. Call it under mu.
func (h *Hub) enter(r *record, md *proto.TaskMetadata, holder *engine) {
	t := taskOf(r, md)
	switch {
	case holder != nil:
		holder.held = append(holder.held, t.ID)
		h.obey(h.sched.Hold(h.now(), t))
	case h.registry.awaited > 0 && (len(t.Targets) > 0 || len(t.Follow.IDs) > 0):
		h.confined = append(h.confined, t.ID)
		h.obey(h.sched.Hold(h.now(), t))
	default:
		h.obey(h.sched.Submit(h.now(), t))
	}
}

// returned ends the wait for an engine; it is back, or lost. Call it under mu.
func (h *Hub) returned(e *engine) {
	if !e.restored {
		return
	}
	e.restored = false
	h.registry.awaited--
}

// release places what waited for engines that were awaited, when none is any more. Call it under mu.
func (h *Hub) release() {
	if h.registry.awaited > 0 || len(h.confined) == 0 {
		return
	}
	list := h.confined
	h.confined = nil
	for _, id := range list {
		h.obey(h.sched.Submit(h.now(), sched.Task{ID: id}))
	}
}

// heldBy returns the ids of the tasks that an engine should have. Call it under mu.
func (h *Hub) heldBy(e *engine) []string {
	list := e.direct()
	list = append(list, strs(e.held)...)
	if e.registered {
		list = append(list, strs(h.sched.Held(sched.EngineID(e.uuid)))...)
	}
	return list
}

// missingTasks sends an engine what it says it should have and has not.
func (h *Hub) missingTasks(_ string, m *jupyter.Message, _ [][]byte) error {
	var q proto.MissingTasks
	if err := m.Bind(&q); err != nil {
		return err
	}
	h.under(func() {
		for _, id := range q.Missing {
			h.sendAgain(q.UUID, id, false)
		}
		for _, id := range q.Forgotten {
			h.sendAgain(q.UUID, id, true)
		}
	})
	h.log.Info("engine lacks tasks", "uuid", q.UUID, "missing", len(q.Missing), "forgotten", len(q.Forgotten))
	return nil
}

// sendAgain sends a task to the engine that has it. With anew the engine has seen it, and would refuse the same message. Call it under
// mu.
func (h *Hub) sendAgain(uuid, id string, anew bool) {
	r := h.records.byID[id]
	if r == nil || !r.pending() || r.Engine != uuid || h.registry.byUUID[uuid] == nil || r.frames == nil {
		return
	}
	to := h.sockets.muxEngines
	if r.Queue == viaTask {
		to = h.sockets.taskEngines
	}
	frames := h.attempt(r, 1)
	if anew {
		r.again++
		c := *r.request
		c.Idents = frames[:1:1]
		c.Metadata = append(json.RawMessage(nil), c.Metadata...)
		for range r.again {
			c.Metadata = append(c.Metadata, '\n')
		}
		frames = h.session.Encode(&c)
	}
	h.toEngine(to, uuid, frames)
}
