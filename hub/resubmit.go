package hub

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// resubmit runs tasks again, load-balanced, under ids of their own. They keep
// targets, retries, timeout and label; what they depended on is over.
func (h *Hub) resubmit(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.ResubmitRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	reply := proto.ResubmitReply{Status: proto.StatusOK, Resubmitted: map[string]string{}}
	var err error
	h.under(func() {
		found, missing := h.store.pick(q.MsgIDs.IDs)
		if len(missing) > 0 {
			err = proto.NewRemoteError("KeyError", "No such msg(s): %q", missing)
			return
		}
		for _, r := range found {
			if _, done := reply.Resubmitted[r.id]; done {
				continue
			}
			var id string
			if id, err = h.again(r); err != nil {
				return
			}
			reply.Resubmitted[r.id] = id
		}
	})
	if err != nil {
		h.answer(from, m, proto.ResubmitReplyType, remote(err))
		return nil
	}
	h.answer(from, m, proto.ResubmitReplyType, reply)
	return nil
}

// again submits a copy of a task and returns its id. Nobody waits for its
// reply: clients ask for the result. Call it under mu.
func (h *Hub) again(r *record) (string, error) {
	id, err := uuid.NewV4()
	if err != nil {
		return "", err
	}
	c, err := renamed(r.request, id.String())
	if err != nil {
		return "", err
	}
	date := proto.Time{Time: time.Now()}
	if c.RawHeader, err = with(c.RawHeader, map[string]any{"date": date}); err != nil {
		return "", err
	}
	c.Header.Date = date.String()
	if r.queue == viaTask {
		if c.Metadata, err = with(c.Metadata, map[string]any{"after": []string{}, "follow": []string{}}); err != nil {
			return "", err
		}
	}
	if err := h.submit("", c, h.session.Encode(c)); err != nil {
		return "", err
	}
	r.resubmitted = c.Header.MsgID
	return c.Header.MsgID, nil
}
