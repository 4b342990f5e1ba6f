package hub

import (
	"sort"
	"strconv"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
	"github.com/gopar-project/gopar/internal/store"
)

// queue tells the load of engines. Engines that are gone are not listed.
func (h *Hub) queue(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.QueueRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	reply := proto.QueueReply{Status: proto.StatusOK, Engines: map[int]proto.EngineQueue{}}
	var err error
	var done map[string][]string
	if q.Verbose {
		if done, err = h.completed(); err != nil {
			return err
		}
	}
	h.under(func() {
		var engines []*engine
		if engines, err = h.targets(q.Targets); err != nil {
			return
		}
		for _, e := range engines {
			id := sched.EngineID(e.uuid)
			l := proto.EngineQueue{Queue: proto.Count{N: len(e.queue)}, Completed: proto.Count{N: e.completed}, Tasks: proto.Count{N: h.sched.Load(id)}}
			if q.Verbose {
				l.Queue = ids(e.direct())
				l.Completed = ids(done[e.uuid])
				l.Tasks = ids(strs(h.sched.Held(id)))
			}
			if q.Running || q.Verbose {
				l.Language = e.language
			}
			if q.Running {
				l.Running = h.running(e)
			}
			reply.Engines[e.id] = l
		}
		reply.Unassigned = proto.Count{N: h.sched.QueuedCount()}
		if q.Verbose {
			queued := h.sched.Queued()
			reply.Unassigned = ids(strs(queued))
			reply.Waiting = map[string]string{}
			for _, id := range queued[:min(len(queued), maxReasons)] {
				reply.Waiting[string(id)] = h.sched.Why(id)
			}
		}
	})
	if err != nil {
		return err
	}
	h.answer(from, m, proto.QueueReplyType, reply)
	return nil
}

// completed returns the ids of the finished tasks that the hub knows, by their engine. It waits for the store.
func (h *Hub) completed() (map[string][]string, error) {
	list, err := h.find(h.life, store.Query{{Column: "received", Op: "$ne"}}, []string{"engine_uuid"})
	done := map[string][]string{}
	for _, r := range list {
		done[r.Engine] = append(done[r.Engine], r.ID)
	}
	return done, err
}

// maxTold bounds the content and the metadata that are told of a running task:
// enough for a function's name or a cell's first lines.
const maxTold = 16 << 10

// running returns the oldest task that an engine holds, or nil. Call it under mu.
func (h *Hub) running(e *engine) *proto.RunningTask {
	var oldest *record
	for _, r := range e.queue {
		if oldest == nil || r.Submitted.Before(oldest.Submitted) {
			oldest = r
		}
	}
	if id, ok := h.sched.Oldest(sched.EngineID(e.uuid)); ok {
		if r := h.records.byID[string(id)]; r != nil && (oldest == nil || r.Submitted.Before(oldest.Submitted)) {
			oldest = r
		}
	}
	if oldest == nil {
		return nil
	}
	m := oldest.request
	t := &proto.RunningTask{MsgID: oldest.ID, MsgType: m.Header.MsgType, Submitted: proto.Time{Time: oldest.Submitted}}
	if len(m.Metadata) <= maxTold {
		t.Metadata = m.Metadata
	}
	if len(m.Content) <= maxTold {
		t.Content = m.Content
	}
	return t
}

// load tells how many tasks engines have: {"status": "ok", "0": n, …}.
func (h *Hub) load(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.QueueRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	reply := map[string]any{"status": proto.StatusOK}
	var err error
	h.under(func() {
		var engines []*engine
		engines, err = h.targets(q.Targets)
		for _, e := range engines {
			reply[strconv.Itoa(e.id)] = len(e.queue) + h.sched.Load(sched.EngineID(e.uuid))
		}
	})
	if err != nil {
		return err
	}
	h.answer(from, m, proto.LoadReplyType, reply)
	return nil
}

// targets returns the engines a query names; nil is all. Call it under mu.
func (h *Hub) targets(t *proto.IntList) ([]*engine, error) {
	if t == nil || t.All {
		return h.registry.all(), nil
	}
	var list []*engine
	for _, id := range t.IDs {
		e := h.registry.byID[id]
		if e == nil || !e.registered {
			return nil, proto.NewRemoteError("IndexError", "No Such Engine: %d", id)
		}
		list = append(list, e)
	}
	return list, nil
}

// direct returns the ids of the engine's direct requests, oldest first.
func (e *engine) direct() []string {
	list := make([]*record, 0, len(e.queue))
	for _, r := range e.queue {
		list = append(list, r)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Submitted.Before(list[j].Submitted) })
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.ID
	}
	return out
}

func ids(list []string) proto.Count { return proto.Count{IDs: list, N: len(list), Verbose: true} }

func strs(t []sched.TaskID) []string {
	out := make([]string, len(t))
	for i, id := range t {
		out[i] = string(id)
	}
	return out
}
