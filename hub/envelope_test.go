package hub

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
)

func TestOpenAgreesWithTheFullDecoder(t *testing.T) {
	s := jupyter.NewSession([]byte("key"))
	o := newOpener("key")
	m, err := s.New("apply_request", nil, map[string]string{"a": "b"})
	if err != nil {
		t.Fatal(err)
	}
	m.Idents = [][]byte{[]byte("engine")}
	m.Buffers = [][]byte{[]byte("x"), {}}
	frames := s.Encode(m)
	full, err := s.Decode(frames)
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.open(frames)
	if err != nil {
		t.Fatal(err)
	}
	if got.Header.MsgID != full.Header.MsgID || got.Header.MsgType != full.Header.MsgType || got.Header.Session != full.Header.Session ||
		got.Header.Date != full.Header.Date || len(got.Buffers) != 2 || !bytes.Equal(got.Content, full.Content) {
		t.Errorf("%+v\n%+v", got, full)
	}
	if _, err := newOpener("other").open(frames); !errors.Is(err, jupyter.ErrSignature) {
		t.Errorf("other key: %v", err)
	}
	for n := range frames[:len(frames)-len(m.Buffers)] {
		if _, err := o.open(frames[:n]); !errors.Is(err, jupyter.ErrMalformed) {
			t.Errorf("%d frames: %v", n, err)
		}
	}
}

// FuzzMembers checks the scanner against encoding/json: what that takes for an
// object, the scanner reads the same.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1}`, ` { "a" : "x\"}" , "b":[{"c":"]"}] } `, `{"a":{"b":null},"c":true,"a":2.5e3}`, `[`, `{"a"`, `{"a":}`, `{"msg_id":"\u0041"}`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := map[string]string{}
		ok := members(b, func(k, v []byte) {
			var key string
			if json.Unmarshal(append(append([]byte(`"`), k...), '"'), &key) != nil {
				key = string(k)
			}
			got[key] = string(v)
		})
		var want map[string]json.RawMessage
		if json.Unmarshal(b, &want) != nil || want == nil {
			return
		}
		if !ok || len(got) != len(want) {
			t.Fatalf("%q: %v %v, want %v", b, ok, got, want)
		}
		for k, v := range want {
			if got[k] != string(v) {
				t.Errorf("%q: %q is %q, want %q", b, k, got[k], v)
			}
		}
	})
}

// FuzzDispatch feeds every handler of every channel: it must not panic, and the
// hub must still answer.
func FuzzDispatch(f *testing.F) {
	channels := []channel{query, muxClients, muxEngines, taskClients, taskEngines, bcastClients, bcastEngines, controlClients, controlEngines, iopub}
	add := func(ch byte, msgType, metadata, content, parent, ident string) {
		f.Add(ch, msgType, []byte(metadata), []byte(content), []byte(parent), []byte(ident))
	}
	for i := range channels {
		for _, rows := range (&Hub{}).table() {
			for msgType := range rows {
				add(byte(i), msgType, `{"targets":[["e",0]],"after":["x"],"status":"ok"}`, `{"msg_ids":["x"],"targets":[0],"query":{"msg_id":{"$gt":1}}}`, `{"msg_id":"x"}`, "e")
			}
		}
	}
	f.Fuzz(func(t *testing.T, ch byte, msgType string, metadata, content, parent, ident []byte) {
		h, err := New(Config{ProfileDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		h.stop = func() {}
		h.session, h.opener = jupyter.NewSession(nil), newOpener("")
		h.makeSockets()
		defer func() { _ = h.close() }()
		h.registry.enter(proto.RegistrationRequest{UUID: "e"}, h.started).registered = true
		h.sched.Join(0, sched.Engine{ID: "e", Slots: 1})
		header := encode(map[string]string{"msg_id": "x", "msg_type": msgType, "session": "e"})
		for range 2 {
			frames := [][]byte{ident, delimiter, nil, header, parent, metadata, content, []byte("buffer")}
			_ = h.dispatch(channels[int(ch)%len(channels)], "e", frames)
			_ = h.dispatch(channels[int(ch)%len(channels)], "e", frames[1:])
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if err := h.sched.Validate(); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	s := jupyter.NewSession([]byte("key"))
	o := newOpener("key")
	m, err := s.New(proto.ApplyRequestType, nil, struct{}{})
	if err != nil {
		b.Fatal(err)
	}
	m.Metadata = encode(proto.TaskMetadata{})
	frames := s.Encode(m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.open(frames); err != nil {
			b.Fatal(err)
		}
	}
}
