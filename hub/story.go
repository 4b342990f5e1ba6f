package hub

import (
	"os"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
	"github.com/gopar-project/gopar/internal/store"
)

// story tells what happened to a task.
func (h *Hub) story(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.StoryRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	reply := proto.StoryReply{Status: proto.StatusOK, MsgID: q.MsgID, State: "finished", Steps: []proto.Event{}}
	h.under(func() {
		id := sched.TaskID(q.MsgID)
		for _, s := range h.sched.Story(id) {
			reply.Steps = append(reply.Steps, h.event(proto.Time{Time: h.started.Add(s.At)}, s.What, string(s.Engine), s.Note))
		}
		r := h.records.byID[q.MsgID]
		if r == nil {
			return
		}
		reply.Label = r.Label
		if r.pending() {
			reply.State, reply.Waiting = "running", h.sched.Why(id)
			if reply.Waiting != "" {
				reply.State = "waiting"
			}
		}
	})
	if len(reply.Steps) == 0 { // a direct one, or one of another hub
		list, err := h.find(h.life, store.Query{{Column: "msg_id", Op: "$eq", Value: q.MsgID}}, nil)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return proto.NewRemoteError("KeyError", "no task %s is known: it was never submitted here, or finished too long ago", q.MsgID)
		}
		h.under(func() { reply.Steps = h.told(list[0]) })
		reply.Label = list[0].Label
	}
	h.answer(from, m, proto.StoryReplyType, reply)
	return nil
}

// told is the story of a task that the scheduler does not know. Call it under mu.
func (h *Hub) told(r *store.Record) []proto.Event {
	steps := []proto.Event{h.event(proto.Time{Time: r.Submitted}, "submitted", "", "")}
	if r.Engine != "" && r.Queue == viaMux {
		steps = append(steps, h.event(proto.Time{Time: r.Submitted}, "sent", r.Engine, ""))
	}
	if !r.Received.IsZero() {
		steps = append(steps, h.event(proto.Time{Time: r.Received}, "finished", r.Engine, ""))
	}
	return steps
}

// event makes a step. Call it under mu.
func (h *Hub) event(at proto.Time, what, uuid, note string) proto.Event {
	e := proto.Event{At: at, What: what, UUID: uuid, Note: note}
	if k := h.registry.byUUID[uuid]; k != nil {
		id := k.id
		e.Engine = &id
	}
	return e
}

// maxReasons bounds the waiting tasks that a status looks at.
const maxReasons = 1000

// status tells what the hub has to do.
func (h *Hub) status(from string, m *jupyter.Message, _ [][]byte) error {
	reply := proto.StatusReply{Status: proto.StatusOK, PID: os.Getpid(), Started: proto.Time{Time: h.started},
		Engines: map[string]int{}, Reasons: map[string]int{}, Metrics: h.metricsAddress()}
	h.under(func() {
		for _, e := range h.registry.all() {
			reply.Engines[e.language]++
			reply.Slots += e.slots
			reply.Direct += len(e.queue)
			reply.Completed += e.completed
		}
		c := h.sched.Counts()
		reply.Tasks = proto.TaskCounts{Waiting: c.Waiting, Ready: c.Ready, Parked: c.Parked, Running: c.Running, Finished: c.Finished}
		for _, id := range h.sched.SomeQueued(maxReasons) {
			reply.Reasons[h.sched.Why(id)]++
		}
		reply.Records, reply.Bytes = len(h.records.byID), h.records.bytes
	})
	h.answer(from, m, proto.StatusReplyType, reply)
	return nil
}
