package jupyter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync/atomic"
)

// ProtocolVersion is the version of the messaging specification that messages
// made here announce in their header.
const ProtocolVersion = "5.5"

// Header is the envelope of a message: who sent what, in which session.
type Header struct {
	MsgID    string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"` // ISO 8601 with time zone
	MsgType  string `json:"msg_type"`
	Version  string `json:"version"`
	// SubshellID names the subshell a request is for; empty: the main shell.
	SubshellID string `json:"subshell_id,omitempty"`
}

// Message is one Jupyter message. Its JSON parts stay raw: what is only passed
// on is never decoded, and a parent header is returned byte for byte.
//
// A Message is not modified after it was decoded or sent, so it may be shared
// by goroutines.
type Message struct {
	// Idents are the routing frames before the delimiter: the requester's
	// identity on a ROUTER, the topic on iopub. Nil on a plain DEALER.
	Idents [][]byte
	Header Header
	// RawHeader is the exact header as received or as it will be sent. Whoever
	// changes Header sets it to nil, so that Encode writes the header anew.
	RawHeader json.RawMessage
	// Parent, Metadata and Content are raw JSON objects, "{}" when empty.
	Parent, Metadata, Content json.RawMessage
	// Buffers are the binary frames after the content; they are not signed.
	Buffers [][]byte

	channel string // of a Conn's request: where its reply goes
	shown   uint32 // atomic: 1 when something was published as shown by this request
}

// Shown reports whether something other than a status was published with m as its
// parent.
func (m *Message) Shown() bool { return atomic.LoadUint32(&m.shown) != 0 }

var emptyObject = json.RawMessage("{}")

// Bind decodes the content into v, as json.Unmarshal does. Fields that v does
// not have are ignored.
func (m *Message) Bind(v any) error {
	if err := json.Unmarshal(object(m.Content), v); err != nil {
		return fmt.Errorf("content of %s: %w", m.Header.MsgType, err)
	}
	return nil
}

// ParentHeader decodes the parent header. A message without a parent has the
// zero Header.
func (m *Message) ParentHeader() (Header, error) {
	var h Header
	if err := json.Unmarshal(object(m.Parent), &h); err != nil {
		return Header{}, fmt.Errorf("parent header of %s: %w", m.Header.MsgType, err)
	}
	return h, nil
}

// header returns the header's bytes: the raw ones, or Header encoded.
func (m *Message) header() json.RawMessage {
	if len(m.RawHeader) > 0 {
		return m.RawHeader
	}
	b, err := encodeJSON(m.Header)
	if err != nil { // a struct of strings always encodes
		return emptyObject
	}
	return b
}

// object returns raw, or "{}" for nothing and for null.
func object(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return emptyObject
	}
	return raw
}

// encodeJSON is json.Marshal without HTML escaping: cell sources and HTML
// outputs are full of <, > and &, and nothing here ends up inside a script
// element.
func encodeJSON(v any) (json.RawMessage, error) {
	switch v := v.(type) {
	case nil:
		return emptyObject, nil
	case json.RawMessage:
		return object(v), nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return object(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}
