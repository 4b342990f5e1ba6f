package hub

import (
	"encoding/json"
	"slices"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// columns are those of a record when a query does not say which.
var columns = [...]string{
	"msg_id", "header", "metadata", "content", "submitted", "client_uuid", "engine_uuid", "started", "completed",
	"resubmitted", "received", "result_header", "result_metadata", "result_content", "queue", "execute_input",
	"execute_result", "error", "stdout", "stderr", "label",
}

// database answers a query over the task records.
func (h *Hub) database(from string, m *jupyter.Message, _ [][]byte) error {
	var q proto.DBRequest
	if err := bind(m, &q); err != nil {
		return err
	}
	match, err := parseQuery(q.Query)
	if err != nil {
		h.answer(from, m, proto.DBReplyType, remote(err))
		return nil
	}
	keys := q.Keys
	if keys == nil {
		keys = columns[:]
	}
	reply := proto.DBReply{Status: proto.StatusOK, Records: []map[string]json.RawMessage{}}
	var buffers [][]byte
	var list []*record
	h.under(func() { list = h.store.list() })
	for chunk := range slices.Chunk(list, 256) { // a query over many records must not hold up the tasks
		h.under(func() {
			for _, r := range chunk {
				if err != nil || !match.matches(r) {
					continue
				}
				var row map[string]json.RawMessage
				if row, err = r.row(keys); err != nil {
					return
				}
				reply.Records = append(reply.Records, row)
				buffers = appendBuffers(&reply, buffers, r, q.Keys)
			}
		})
	}
	if err != nil {
		h.answer(from, m, proto.DBReplyType, remote(err))
		return nil
	}
	h.answer(from, m, proto.DBReplyType, reply, buffers...)
	return nil
}

// row returns the named columns and always the msg_id.
func (r *record) row(keys []string) (map[string]json.RawMessage, error) {
	row := map[string]json.RawMessage{"msg_id": encode(r.id)}
	for _, k := range keys {
		if k == "buffers" || k == "result_buffers" {
			continue
		}
		v, ok := r.field(k)
		if !ok {
			return nil, proto.NewRemoteError("KeyError", "'%s'", k)
		}
		row[k] = v
	}
	return row, nil
}

// appendBuffers adds a record's buffers, as far as keys ask for them.
func appendBuffers(reply *proto.DBReply, buffers [][]byte, r *record, keys []string) [][]byte {
	for _, k := range keys {
		if k == "buffers" {
			reply.BufferLens = append(reply.BufferLens, len(r.request.Buffers))
			buffers = append(buffers, r.request.Buffers...)
		}
	}
	for _, k := range keys {
		if k != "result_buffers" {
			continue
		}
		var b [][]byte
		if r.reply != nil {
			b = r.reply.Buffers
		}
		reply.ResultBufferLens = append(reply.ResultBufferLens, len(b))
		buffers = append(buffers, b...)
	}
	return buffers
}
