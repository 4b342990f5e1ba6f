package hub

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"sync"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// opener opens the envelopes of messages: it checks signatures and reads the
// few fields the hub routes by. A message passes the hub twice, as request and
// as reply, and decoding all of its JSON would be most of what it costs
// (BenchmarkDecode against BenchmarkOpen), so nothing else is looked at.
type opener struct {
	signed bool
	macs   sync.Pool // of hash.Hash with the key
}

// Bounds of what open believes.
const (
	maxIdents = 8
	maxIdent  = 4 << 10 // an iopub topic is the longest
	maxHeader = 64 << 10
	parts     = 4 // header, parent header, metadata, content
)

var delimiter = []byte("<IDS|MSG>")

func newOpener(key string) *opener {
	o := &opener{signed: key != ""}
	o.macs.New = func() any { return hmac.New(sha256.New, []byte(key)) }
	return o
}

// open checks a message and returns it; it shares the frames' memory. Of the
// header only MsgID, MsgType, Session and Date are set. That the other parts
// are JSON is not checked: whoever decodes them does.
func (o *opener) open(frames [][]byte) (*jupyter.Message, error) {
	n := 0
	for n < len(frames) && !bytes.Equal(frames[n], delimiter) {
		if n >= maxIdents || len(frames[n]) > maxIdent {
			return nil, fmt.Errorf("%w: no delimiter", jupyter.ErrMalformed)
		}
		n++
	}
	if len(frames) < n+2+parts {
		return nil, fmt.Errorf("%w: %d frames", jupyter.ErrMalformed, len(frames))
	}
	signature, p := frames[n+1], frames[n+2:]
	if !o.verify(signature, p[:parts]) {
		return nil, jupyter.ErrSignature
	}
	if len(p[0]) > maxHeader || len(p[1]) > maxHeader {
		return nil, fmt.Errorf("%w: headers of %d and %d bytes", jupyter.ErrMalformed, len(p[0]), len(p[1]))
	}
	m := &jupyter.Message{Idents: frames[:n:n], RawHeader: p[0], Parent: p[1], Metadata: p[2], Content: p[3], Buffers: p[parts:]}
	ok := members(p[0], func(key, value []byte) {
		switch string(key) {
		case "msg_id":
			m.Header.MsgID = text(value)
		case "msg_type":
			m.Header.MsgType = text(value)
		case "session":
			m.Header.Session = text(value)
		case "date":
			m.Header.Date = text(value)
		}
	})
	if !ok || m.Header.MsgID == "" || m.Header.MsgType == "" {
		return nil, fmt.Errorf("%w: header", jupyter.ErrMalformed)
	}
	return m, nil
}

// verify compares the signature in constant time.
func (o *opener) verify(signature []byte, signed [][]byte) bool {
	if !o.signed {
		return true
	}
	mac := o.macs.Get().(hash.Hash)
	defer o.macs.Put(mac)
	mac.Reset()
	for _, p := range signed {
		mac.Write(p) // a hash never fails
	}
	var sum [sha256.Size]byte
	var want [2 * sha256.Size]byte
	hex.Encode(want[:], mac.Sum(sum[:0]))
	return hmac.Equal(signature, want[:])
}

// members calls f for each member of a JSON object, with the key without its
// quotes and the value as it is written. It returns false for what is no
// object. Strings and brackets are followed exactly; numbers and words are not
// checked.
func members(b []byte, f func(key, value []byte)) bool {
	i := space(b, 0)
	if i >= len(b) || b[i] != '{' {
		return false
	}
	i = space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return true
	}
	for {
		keyEnd := quoted(b, i)
		if keyEnd < 0 {
			return false
		}
		key := b[i+1 : keyEnd-1]
		i = space(b, keyEnd)
		if i >= len(b) || b[i] != ':' {
			return false
		}
		i = space(b, i+1)
		end := value(b, i)
		if end <= i {
			return false
		}
		last := end
		for b[last-1] <= ' ' {
			last--
		}
		f(key, b[i:last])
		i = space(b, end)
		switch {
		case i < len(b) && b[i] == ',':
			i = space(b, i+1)
		default:
			return i < len(b) && b[i] == '}'
		}
	}
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// quoted returns the index after the string that begins at i; -1 when there is
// none.
func quoted(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// value returns the index after the value that begins at i; -1 when it does
// not end.
func value(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			if i = quoted(b, i); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return -1
}

// text returns the string a JSON value is; "" for anything else.
func text(value []byte) string {
	n := len(value)
	if n < 2 || value[0] != '"' {
		return ""
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : n-1])
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

// parentID returns the msg_id that m answers; "" when there is none.
func parentID(m *jupyter.Message) (id string) {
	members(m.Parent, func(key, value []byte) {
		if string(key) == "msg_id" {
			id = text(value)
		}
	})
	return id
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
