package jupyter

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestDecodeReturnsWhatEncodeSent(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "secret"} {
		s := NewSession([]byte(key))
		request, err := s.New("execute_request", nil, map[string]string{"code": "a < b && c"})
		if err != nil {
			t.Fatal(err)
		}
		request.Idents = [][]byte{{0, 1, 2, 3, 4}, []byte("client")}
		request.Buffers = [][]byte{{1, 2}, {}}
		got, err := NewSession([]byte(key)).Decode(s.Encode(request))
		if err != nil {
			t.Fatalf("key %q: %v", key, err)
		}
		if got.Header != request.Header || !bytes.Equal(got.RawHeader, request.RawHeader) {
			t.Errorf("header %+v, want %+v", got.Header, request.Header)
		}
		if string(got.Content) != `{"code":"a < b && c"}` || string(got.Parent) != "{}" || string(got.Metadata) != "{}" {
			t.Errorf("content %s parent %s metadata %s", got.Content, got.Parent, got.Metadata)
		}
		if len(got.Idents) != 2 || len(got.Buffers) != 2 || !bytes.Equal(got.Buffers[0], []byte{1, 2}) {
			t.Errorf("idents %q buffers %v", got.Idents, got.Buffers)
		}
	}
}

func TestParentHeaderIsReturnedVerbatim(t *testing.T) {
	t.Parallel()
	s := NewSession([]byte("k"))
	raw := []byte(`{ "msg_id":"1" , "msg_type":"x","unknown":[1, 2] }`)
	parts := [][]byte{raw, []byte("{}"), []byte("{}"), []byte("{}")}
	request, err := s.Decode(slices.Concat([][]byte{[]byte("me"), delimiter, s.sign(parts)}, parts))
	if err != nil {
		t.Fatal(err)
	}
	reply, err := s.New("y", request, nil)
	if err != nil {
		t.Fatal(err)
	}
	frames := s.Encode(reply)
	if !bytes.Equal(frames[4], raw) {
		t.Errorf("parent header %s, want %s", frames[4], raw)
	}
	if !bytes.Equal(frames[0], []byte("me")) {
		t.Errorf("reply goes to %q", frames[0])
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	s := NewSession([]byte("secret"))
	sign := func(parts ...string) [][]byte {
		b := make([][]byte, len(parts))
		for i, p := range parts {
			b[i] = []byte(p)
		}
		return slices.Concat([][]byte{delimiter, s.sign(b)}, b)
	}
	good := sign(`{"msg_id":"1","msg_type":"x"}`, "{}", "{}", "{}")
	tampered := slices.Clone(good)
	tampered[5] = []byte(`{"a":1}`)
	unsigned := slices.Clone(good)
	unsigned[1] = nil
	for name, test := range map[string]struct {
		frames [][]byte
		want   error
	}{
		"nothing":               {nil, ErrMalformed},
		"no delimiter":          {good[1:], ErrMalformed},
		"too few frames":        {good[:5], ErrMalformed},
		"changed content":       {tampered, ErrSignature},
		"no signature":          {unsigned, ErrSignature},
		"header is not JSON":    {sign("{", "{}", "{}", "{}"), ErrMalformed},
		"header is a list":      {sign("[]", "{}", "{}", "{}"), ErrMalformed},
		"header of wrong types": {sign(`{"msg_id":1,"msg_type":"x"}`, "{}", "{}", "{}"), ErrMalformed},
		"header without type":   {sign(`{"msg_id":"1"}`, "{}", "{}", "{}"), ErrMalformed},
		"content is a number":   {sign(`{"msg_id":"1","msg_type":"x"}`, "{}", "{}", "1"), ErrMalformed},
		"header is huge":        {sign(`{"msg_id":"1","msg_type":"`+strings.Repeat("x", maxHeader)+`"}`, "{}", "{}", "{}"), ErrMalformed},
		"many idents":           {append(slices.Repeat([][]byte{{1}}, maxIdents+1), good...), ErrMalformed},
		"long ident":            {append([][]byte{{1}, make([]byte, maxIdent+1)}, good...), ErrMalformed},
	} {
		if _, err := s.Decode(test.frames); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if _, err := s.Decode(good); err != nil {
		t.Errorf("good message: %v", err)
	}
}

func TestReplaysAreRefusedWithinTheWindow(t *testing.T) {
	t.Parallel()
	client, server := NewSession([]byte("k")), NewSession([]byte("k"))
	server.RejectReplays(2)
	var sent [][][]byte
	for range 3 {
		m, err := client.New("x", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, client.Encode(m))
		if _, err := server.Decode(client.Encode(m)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := server.Decode(sent[2]); !errors.Is(err, ErrReplay) {
		t.Errorf("second time: %v", err)
	}
	if _, err := server.Decode(sent[0]); err != nil {
		t.Errorf("outside of the window: %v", err)
	}
}

func TestMessageIDsAreUniqueForOneSessionID(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		s := NewSessionID(nil, "engine-uuid")
		for range 3 {
			m, err := s.New("x", nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if seen[m.Header.MsgID] || m.Header.Session != "engine-uuid" {
				t.Errorf("header %+v", m.Header)
			}
			seen[m.Header.MsgID] = true
		}
	}
}

func TestChangedHeaderIsSentWhenRawHeaderIsNil(t *testing.T) {
	t.Parallel()
	s := NewSession(nil)
	m, err := s.New("x", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Header.MsgID, m.RawHeader = "other", nil
	got, err := s.Decode(s.Encode(m))
	if err != nil || got.Header.MsgID != "other" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestContentThatDoesNotEncodeIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := NewSession(nil).New("x", nil, make(chan int)); err == nil {
		t.Error("no error")
	}
}

func FuzzDecode(f *testing.F) {
	s := NewSession([]byte("k"))
	m, err := s.New("execute_request", nil, map[string]int{"a": 1})
	if err != nil {
		f.Fatal(err)
	}
	m.Idents = [][]byte{[]byte("i")}
	sep := []byte("\x00\xff\x00")
	f.Add(bytes.Join(s.Encode(m), sep))
	f.Add(bytes.Join([][]byte{delimiter, nil, []byte("{"), nil, nil, nil}, sep))
	unsigned := NewSession(nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		frames := bytes.Split(b, sep)
		for _, s := range []*Session{s, unsigned} {
			m, err := s.Decode(frames)
			if err != nil {
				continue
			}
			again, err := s.Decode(s.Encode(m))
			if err != nil {
				t.Fatalf("decoded message does not decode again: %v", err)
			}
			if again.Header != m.Header || !json.Valid(again.Content) {
				t.Fatalf("%+v became %+v", m, again)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	s := NewSession([]byte("0123456789abcdef"))
	m, err := s.New("apply_request", nil, map[string]string{"code": "x := 1"})
	if err != nil {
		b.Fatal(err)
	}
	frames := s.Encode(m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Decode(frames); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewEncode(b *testing.B) {
	s := NewSession([]byte("0123456789abcdef"))
	b.ReportAllocs()
	for b.Loop() {
		m, err := s.New("apply_reply", nil, map[string]string{"status": "ok"})
		if err != nil {
			b.Fatal(err)
		}
		s.Encode(m)
	}
}
