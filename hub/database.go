package hub

import (
	"encoding/json"
	"slices"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/store"
)

// database answers a query over the task records. It does not hold up the tasks.
func (h *Hub) database(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.DBRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	reply, buffers, err := h.search(&q)
	if err != nil {
		h.answer(from, m, proto.DBReplyType, remote(err))
		return nil
	}
	h.answer(from, m, proto.DBReplyType, reply, buffers...)
	return nil
}

// search finds records and makes them rows of a reply.
func (h *Hub) search(q *proto.DBRequest) (*proto.DBReply, [][]byte, error) {
	query, err := store.ParseQuery(q.Query)
	if err != nil {
		return nil, nil, err
	}
	keys := q.Keys
	if keys == nil {
		keys = store.Columns[:]
	}
	for _, k := range keys {
		if _, ok := new(store.Record).Field(k); !ok && k != store.Buffers && k != store.ResultBuffers {
			return nil, nil, proto.NewRemoteError("KeyError", "'%s'", k)
		}
	}
	list, err := h.find(h.life, query, keys)
	if err != nil {
		return nil, nil, err
	}
	reply := &proto.DBReply{Status: proto.StatusOK, Records: make([]map[string]json.RawMessage, 0, len(list))}
	var buffers [][]byte
	for _, r := range list {
		row := map[string]json.RawMessage{"msg_id": encode(r.ID)}
		for _, k := range keys {
			if v, ok := r.Field(k); ok {
				row[k] = v
			}
		}
		reply.Records = append(reply.Records, row)
		if slices.Contains(q.Keys, store.Buffers) {
			reply.BufferLens = append(reply.BufferLens, len(r.Buffers))
			buffers = append(buffers, r.Buffers...)
		}
		if slices.Contains(q.Keys, store.ResultBuffers) {
			reply.ResultBufferLens = append(reply.ResultBufferLens, len(r.ResultBuffers))
			buffers = append(buffers, r.ResultBuffers...)
		}
	}
	return reply, buffers, nil
}

func sortBySubmission(list []*store.Record) { slices.SortStableFunc(list, store.BySubmission) }
