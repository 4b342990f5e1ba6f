package hub

import (
	"slices"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/store"
)

// result returns the results of tasks, or which of them are done.
func (h *Hub) result(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.ResultRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	slices.Sort(q.MsgIDs.IDs)
	reply, buffers, err := h.results(&q)
	if err != nil {
		h.answer(from, m, proto.ResultReplyType, remote(err))
		return nil
	}
	h.answer(from, m, proto.ResultReplyType, reply, buffers...)
	return nil
}

// results makes the reply to a request whose ids are sorted.
func (h *Hub) results(q *proto.ResultRequest) (*proto.ResultReply, [][]byte, error) {
	ids := slices.Compact(q.MsgIDs.IDs)
	reply := &proto.ResultReply{Status: proto.StatusOK, Results: map[string]proto.TaskResult{}}
	found, pending, err := h.lookUp(ids)
	if err != nil {
		return nil, nil, err
	}
	var buffers [][]byte
	for _, id := range ids {
		r := found[id]
		switch {
		case pending[id]:
			reply.Pending = append(reply.Pending, id)
		case r == nil && q.Partial:
			reply.Unknown = append(reply.Unknown, id)
		case r == nil:
			return nil, nil, proto.NewRemoteError("KeyError", "No such message: %s", id)
		default:
			reply.Completed = append(reply.Completed, id)
			if !q.StatusOnly {
				reply.Results[id] = taskResult(r)
				buffers = append(buffers, r.ResultBuffers...)
			}
		}
	}
	return reply, buffers, nil
}

// lookUp returns the records of tasks, finished or not, and which of them are pending. It waits for the store.
func (h *Hub) lookUp(ids []string) (found map[string]*store.Record, pending map[string]bool, err error) {
	found, pending = map[string]*store.Record{}, map[string]bool{}
	var others []string
	h.under(func() {
		for _, id := range ids {
			r := h.records.byID[id]
			if r == nil {
				others = append(others, id)
				continue
			}
			found[id], pending[id] = r.kept(), r.pending()
		}
	})
	if len(others) == 0 {
		return found, pending, nil
	}
	stored, err := h.store.Get(h.life, others)
	for id, r := range stored {
		found[id] = r
	}
	return found, pending, err
}

// taskResult returns a finished task as a client gets it.
func taskResult(r *store.Record) proto.TaskResult {
	t := proto.TaskResult{
		Header:         orNull(r.Header),
		Metadata:       orNull(r.Metadata),
		ResultMetadata: orNull(r.ResultMetadata),
		ResultHeader:   orNull(r.ResultHeader),
		ResultContent:  orNull(r.ResultContent),
		Received:       proto.Time{Time: r.Received},
		IO: proto.TaskIO{
			ExecuteResult: orNull(r.ExecuteResult),
			Error:         orNull(r.Error),
			Stdout:        r.Stdout,
			Stderr:        r.Stderr,
		},
	}
	t.IO.ExecuteInput, _ = r.Field("execute_input")
	return t
}

// history lists the tasks the hub knows.
func (h *Hub) history(from string, m *jupyter.Message, _ [][]byte) error {
	list, err := h.find(h.life, nil, nil)
	if err != nil {
		h.answer(from, m, proto.HistoryReplyType, remote(err))
		return nil
	}
	reply := proto.HistoryReply{Status: proto.StatusOK, History: make([]string, len(list))}
	for i, r := range list {
		reply.History[i] = r.ID
	}
	h.answer(from, m, proto.HistoryReplyType, reply)
	return nil
}
