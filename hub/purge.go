package hub

import (
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/store"
)

// purge drops finished tasks.
func (h *Hub) purge(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.PurgeRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	if err := h.purgeRecords(&q); err != nil {
		h.answer(from, m, proto.PurgeReplyType, remote(err))
		return nil
	}
	h.answer(from, m, proto.PurgeReplyType, proto.OK{Status: proto.StatusOK})
	return nil
}

// purgeRecords drops everything asked for, or nothing. It waits for the store.
func (h *Hub) purgeRecords(q *proto.PurgeRequest) error {
	h.storing.Lock() // or what is on its way into the store would come back
	defer h.storing.Unlock()
	queries, err := h.purgeHere(q)
	for _, query := range queries {
		if err == nil {
			err = h.store.Delete(h.life, query)
		}
	}
	return err
}

// purgeHere drops those that are not in the store, and returns what is to be dropped from it.
func (h *Hub) purgeHere(q *proto.PurgeRequest) (queries []store.Query, err error) {
	h.under(func() {
		for _, id := range q.MsgIDs.IDs {
			if r := h.records.byID[id]; r != nil && r.pending() {
				err = proto.NewRemoteError("IndexError", "msg pending: '%s'", id)
				return
			}
		}
		var engines []*engine
		if engines, err = h.targets(&q.EngineIDs); err != nil {
			return
		}
		if q.MsgIDs.All {
			queries = []store.Query{nil}
		} else {
			queries = purgeQueries(q.MsgIDs.IDs, engines)
		}
		for _, query := range queries {
			h.note(jPurged, encode(query))
			for _, found := range h.records.match(query) {
				if r := h.records.byID[found.ID]; !r.pending() {
					h.records.drop(r)
				}
			}
		}
	})
	return queries, err
}

func purgeQueries(ids []string, engines []*engine) (queries []store.Query) {
	one := func(column string, values []any) {
		if len(values) > 0 {
			queries = append(queries, store.Query{{Column: column, Op: "$in", Value: values}})
		}
	}
	var tasks, uuids []any
	for _, id := range ids {
		tasks = append(tasks, id)
	}
	for _, e := range engines {
		uuids = append(uuids, e.uuid)
	}
	one("msg_id", tasks)
	one("engine_uuid", uuids)
	return queries
}
