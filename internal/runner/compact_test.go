package runner

import (
	"bufio"
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/native"
)

func TestFramesComeBackAsTheyWent(t *testing.T) {
	at := time.Unix(1_800_000_000, 123_456_789)
	for name, f := range map[string]*frame{
		"call": {Kind: kindCall, Seq: 7, Task: &Task{ID: "é|x", Load: []native.Object{{Hash: "ab", Path: "/x/ab.so"}, {Hash: "cd"}},
			Content: []byte(`{"codec":"<&>"}`)}, Buffers: [][]byte{[]byte("one"), {}, bytes.Repeat([]byte("x"), 1<<20)}},
		"call without arguments": {Kind: kindCall, Seq: 1 << 40, Task: &Task{Content: []byte("{}")}, Buffers: [][]byte{}},
		"result":                 {Kind: kindResult, Seq: 3, Result: &outcome{Started: at, Ended: at.Add(time.Second)}, Buffers: [][]byte{[]byte("r")}},
		"error":                  {Kind: kindResult, Seq: 4, Result: &outcome{Error: &Exception{Name: "panic", Value: "no"}, Started: at, Ended: at}},
	} {
		var pipe bytes.Buffer
		w := newFrameWriter(&pipe)
		for range 2 { // the second follows the first without a gap
			if err := w.send(f); err != nil {
				t.Fatal(name, err)
			}
		}
		in := bufio.NewReader(&pipe)
		for range 2 {
			g, err := readFrame(in)
			if err != nil {
				t.Fatal(name, err)
			}
			if f.Result != nil && (!g.Result.Started.Equal(f.Result.Started) || !g.Result.Ended.Equal(f.Result.Ended)) {
				t.Errorf("%s: times %v, %v", name, g.Result.Started, g.Result.Ended)
			}
			if f.Result != nil {
				g.Result.Started, g.Result.Ended = f.Result.Started, f.Result.Ended // locations differ
			}
			if !reflect.DeepEqual(f, g) {
				t.Errorf("%s: sent %+v, got %+v", name, f, g)
			}
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	for _, g := range []*frame{
		{Kind: kindCall, Seq: 7, Task: &Task{ID: "x", Load: []native.Object{{Hash: "ab", Path: "/x"}}, Content: []byte("{}")}},
		{Kind: kindQueue, Seq: 8, Task: &Task{ID: "x", Content: []byte("{}")}},
		{Kind: kindResult, Seq: 7, Result: &outcome{}},
		{Kind: kindInterrupt},
	} {
		var pipe bytes.Buffer
		if err := newFrameWriter(&pipe).send(g); err != nil {
			f.Fatal(err)
		}
		f.Add(pipe.Bytes())
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = readFrame(bufio.NewReader(bytes.NewReader(b))) // nothing but an error may come of it
	})
}
