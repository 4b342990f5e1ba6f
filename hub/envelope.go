package hub

import (
	"encoding/json"
	"fmt"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// parentID returns the msg_id that m answers; "" when there is none.
func parentID(m *jupyter.Message) string {
	var p struct {
		MsgID string `json:"msg_id"`
	}
	if json.Unmarshal(m.Parent, &p) != nil {
		return ""
	}
	return p.MsgID
}

// encode is json.Marshal for the hub's own structs, which always encode.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("{}")
	}
	return b
}

// with returns a JSON object with some of its keys set to other values.
func with(object json.RawMessage, set map[string]any) (json.RawMessage, error) {
	m := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &m); err != nil {
		return nil, err
	}
	for k, v := range set {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		m[k] = b
	}
	return json.Marshal(m)
}

// renamed returns a copy of m under another msg_id, for which it has to be
// signed again.
func renamed(m *jupyter.Message, id string) (*jupyter.Message, error) {
	h, err := with(m.RawHeader, map[string]any{"msg_id": id})
	if err != nil {
		return nil, fmt.Errorf("header of %s: %w", m.Header.MsgID, err)
	}
	c := *m
	c.RawHeader, c.Header.MsgID, c.Idents = h, id, nil
	return &c, nil
}
