package hub

import (
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// purge drops finished tasks from the store.
func (h *Hub) purge(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.PurgeRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	var err error
	h.under(func() { err = h.purgeRecords(&q) })
	if err != nil {
		h.answer(from, m, proto.PurgeReplyType, remote(err))
		return nil
	}
	h.answer(from, m, proto.PurgeReplyType, proto.OK{Status: proto.StatusOK})
	return nil
}

// purgeRecords drops everything asked for, or nothing. Call it under mu.
func (h *Hub) purgeRecords(q *proto.PurgeRequest) error {
	found, _ := h.store.pick(q.MsgIDs.IDs)
	for _, r := range found {
		if r.pending() {
			return proto.NewRemoteError("IndexError", "msg pending: '%s'", r.id)
		}
	}
	engines, err := h.targets(&q.EngineIDs)
	if err != nil {
		return err
	}
	uuids := map[string]bool{}
	for _, e := range engines {
		uuids[e.uuid] = true
	}
	if q.MsgIDs.All || len(uuids) > 0 {
		for _, r := range h.store.byID {
			if !r.pending() && (q.MsgIDs.All || uuids[r.engine]) {
				found = append(found, r)
			}
		}
	}
	for _, r := range found {
		h.store.drop(r)
	}
	return nil
}
