package hub

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/store"
)

// resubmit runs tasks again, load-balanced, under ids of their own. They keep
// targets, retries, timeout and label; what they depended on is over.
func (h *Hub) resubmit(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.ResubmitRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	reply, err := h.againAll(q.MsgIDs.IDs)
	if err != nil {
		h.answer(from, m, proto.ResubmitReplyType, remote(err))
		return nil
	}
	h.answer(from, m, proto.ResubmitReplyType, reply)
	return nil
}

// againAll submits copies of tasks. It waits for the store.
func (h *Hub) againAll(ids []string) (*proto.ResubmitReply, error) {
	found, _, err := h.lookUp(ids)
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return found[id] != nil })
	if len(missing) > 0 {
		return nil, proto.NewRemoteError("KeyError", "No such msg(s): %q", missing)
	}
	reply := &proto.ResubmitReply{Status: proto.StatusOK, Resubmitted: map[string]string{}}
	h.under(func() {
		for _, id := range ids {
			if _, done := reply.Resubmitted[id]; done {
				continue
			}
			var copied string
			if copied, err = h.again(found[id]); err != nil {
				return
			}
			reply.Resubmitted[id] = copied
		}
	})
	return reply, err
}

// again submits a copy of a task and returns its id. Nobody waits for its
// reply: clients ask for the result. Call it under mu.
func (h *Hub) again(r *store.Record) (string, error) {
	id, err := uuid.NewV4()
	if err != nil {
		return "", err
	}
	m := &jupyter.Message{RawHeader: r.Header, Metadata: r.Metadata, Content: r.Content, Buffers: r.Buffers}
	if err := json.Unmarshal(r.Header, &m.Header); err != nil {
		return "", err
	}
	c, err := renamed(m, id.String())
	if err != nil {
		return "", err
	}
	date := proto.Time{Time: time.Now()}
	if c.RawHeader, err = with(c.RawHeader, map[string]any{"date": date}); err != nil {
		return "", err
	}
	c.Header.Date = date.String()
	if r.Queue == viaTask {
		if c.Metadata, err = with(c.Metadata, map[string]any{"after": []string{}, "follow": []string{}}); err != nil {
			return "", err
		}
	}
	if err := h.submit("", c, h.session.Encode(c)); err != nil {
		return "", err
	}
	if here := h.records.byID[r.ID]; here != nil {
		here.Resubmitted, here.touched = c.Header.MsgID, true
	} else {
		h.changed(r.ID, func(r *store.Record) { r.Resubmitted = c.Header.MsgID })
	}
	return c.Header.MsgID, nil
}
