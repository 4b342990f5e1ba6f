package hub

import (
	"encoding/json"
	"slices"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// result returns the results of tasks, or which of them are done.
func (h *Hub) result(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.ResultRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	slices.Sort(q.MsgIDs.IDs)
	reply := proto.ResultReply{Status: proto.StatusOK, Results: map[string]proto.TaskResult{}}
	var buffers [][]byte
	var err error
	h.under(func() {
		for _, id := range slices.Compact(q.MsgIDs.IDs) {
			r := h.store.byID[id]
			switch {
			case r == nil:
				err = proto.NewRemoteError("KeyError", "No such message: %s", id)
				return
			case r.pending():
				reply.Pending = append(reply.Pending, id)
				continue
			}
			reply.Completed = append(reply.Completed, id)
			if !q.StatusOnly {
				reply.Results[id] = r.result()
				buffers = append(buffers, r.reply.Buffers...)
			}
		}
	})
	if err != nil {
		h.answer(from, m, proto.ResultReplyType, remote(err))
		return nil
	}
	h.answer(from, m, proto.ResultReplyType, reply, buffers...)
	return nil
}

// result returns a finished task as a client gets it.
func (r *record) result() proto.TaskResult {
	return proto.TaskResult{
		Header:         orNull(r.request.RawHeader),
		Metadata:       orNull(r.request.Metadata),
		ResultMetadata: orNull(r.reply.Metadata),
		ResultHeader:   orNull(r.reply.RawHeader),
		ResultContent:  orNull(r.reply.Content),
		Received:       proto.Time{Time: r.received},
		IO: proto.TaskIO{
			ExecuteInput:  orNull(r.executeInput),
			ExecuteResult: orNull(r.executeResult),
			Error:         orNull(r.failure),
			Stdout:        r.stdout.String(),
			Stderr:        r.stderr.String(),
		},
	}
}

// history lists the tasks the hub knows.
func (h *Hub) history(from string, m *jupyter.Message, _ [][]byte) error {
	reply := proto.HistoryReply{Status: proto.StatusOK, History: []string{}}
	h.under(func() {
		for _, r := range h.store.list() {
			reply.History = append(reply.History, r.id)
		}
	})
	h.answer(from, m, proto.HistoryReplyType, reply)
	return nil
}

// field returns one column of a task's record as JSON; false for a column that
// does not exist. Buffers are not JSON: see database.
func (r *record) field(name string) (json.RawMessage, bool) {
	reply := r.reply
	if reply == nil {
		reply = &jupyter.Message{}
	}
	switch name {
	case "msg_id":
		return encode(r.id), true
	case "header":
		return orNull(r.request.RawHeader), true
	case "metadata":
		return orNull(r.request.Metadata), true
	case "content":
		return orNull(r.request.Content), true
	case "submitted":
		return encode(proto.Time{Time: r.submitted}), true
	case "client_uuid":
		return encode(r.request.Header.Session), true
	case "engine_uuid":
		if r.engine == "" {
			return orNull(nil), true
		}
		return encode(r.engine), true
	case "started":
		return encode(r.started()), true
	case "completed":
		return encode(r.completed()), true
	case "received":
		return encode(proto.Time{Time: r.received}), true
	case "resubmitted":
		if r.resubmitted == "" {
			return orNull(nil), true
		}
		return encode(r.resubmitted), true
	case "result_header":
		return orNull(reply.RawHeader), true
	case "result_metadata":
		return orNull(reply.Metadata), true
	case "result_content":
		return orNull(reply.Content), true
	case "queue":
		return encode(r.queue), true
	case "execute_input":
		return orNull(r.executeInput), true
	case "execute_result":
		return orNull(r.executeResult), true
	case "error":
		return orNull(r.failure), true
	case "stdout":
		return encode(r.stdout.String()), true
	case "stderr":
		return encode(r.stderr.String()), true
	case "label":
		return r.label(), true
	}
	return nil, false
}
