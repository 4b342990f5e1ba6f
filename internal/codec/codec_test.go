package codec

import (
	"bytes"
	"container/list"
	"container/ring"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type celsius float64

type inner struct {
	a int
	b string
}

type everything struct {
	Exported int
	hidden   inner
	ptr      *inner
	list     []inner
	byName   map[string]*inner
	any      any
	when     time.Time
	took     time.Duration
	z        complex128
	data     []float64
	temps    []celsius
	err      error
	arr      [3]bool
	_        [8]byte
	nested   struct{ x, y float32 }
	empty    []int
}

type node struct {
	v    int
	next *node
}

type stamped struct { // embeds a BinaryMarshaler that knows nothing of N
	time.Time
	N int
}

type pair[K comparable, V any] struct {
	key K
	val V
}

type enum int

func (e enum) String() string { return fmt.Sprintf("enum(%d)", int(e)) }

// travel encodes and decodes v as an any.
func travel(t *testing.T, v any) any {
	t.Helper()
	frames, err := Encode([]reflect.Value{reflect.ValueOf(v)}, []string{"v"})
	if err != nil {
		t.Fatalf("encode %T: %v", v, err)
	}
	out, err := Values(frames)
	if err != nil {
		t.Fatalf("decode %T: %v", v, err)
	}
	return out[0]
}

func TestValuesTravel(t *testing.T) {
	utc := time.Date(2026, 11, 22, 1, 2, 3, 4, time.UTC)
	type local struct{ A, b int }
	large := make([]float64, 10_000)
	for i := range large {
		large[i] = float64(i) / 3
	}
	for name, v := range map[string]any{
		"nil": nil, "true": true, "int": 42, "int8": int8(-3), "uint64": uint64(math.MaxUint64), "float32": float32(1.5),
		"negative zero": math.Copysign(0, -1), "inf": math.Inf(1), "complex64": complex64(1 + 2i), "string": "hélló", "empty string": "",
		"long string": strings.Repeat("x", 200_000), "named float": celsius(3.5), "enum": enum(7),
		"[]byte": []byte("abc"), "large []float64": large, "large []int": make([]int, 5000), "large []byte": bytes.Repeat([]byte{1, 2}, 9000),
		"nil slice": []int(nil), "empty slice": []int{}, "[][]float64": [][]float64{{1}, nil, {}, large},
		"array": [2]string{"a", "b"}, "array of structs": [2]struct{ x, y float64 }{{1, 2}, {3, 4}},
		"[]any": []any{1, "a", nil, 2.5, []any{int8(1)}, map[string]any{"k": celsius(1)}},
		"map":   map[string]int{"a": 1, "b": 2}, "nil map": map[string]int(nil), "map with struct keys": map[inner]bool{{1, "x"}: true},
		"map of any": map[any]any{1: "a", "b": 2, 3.5: nil}, "struct": inner{1, "x"}, "local type": local{1, 2}, "pointer": &inner{2, "y"},
		"nil pointer": (*inner)(nil), "pointer to pointer": ptr(ptr(3)), "anonymous struct": struct{ A int }{1},
		"generic": pair[string, inner]{"k", inner{1, "v"}}, "time": utc, "zero time": time.Time{}, "duration": time.Minute,
		"month": time.March, "embedded time": stamped{utc, 5}, "big.Int": big.NewInt(-1 << 62), "big.Float": big.NewFloat(1.25), "big.Rat": big.NewRat(1, 3),
		"url": &url.URL{Scheme: "https", Host: "h", Path: "/p"}, "addr": netip.MustParseAddr("10.0.0.1"),
		"everything": everything{Exported: 1, hidden: inner{2, "h"}, ptr: &inner{3, "p"}, list: []inner{{4, "l"}}, byName: map[string]*inner{"n": {5, "m"}},
			any: []any{celsius(1)}, when: utc, took: time.Second, z: 1i, data: large, temps: []celsius{1, 2}, err: io.EOF, arr: [3]bool{true, false, true},
			nested: struct{ x, y float32 }{1, 2}, empty: []int{}},
		"struct slice": make([]struct{}, 5), "uintptr": uintptr(7), "type with text": regexp.MustCompile("a+b").String(),
	} {
		t.Run(name, func(t *testing.T) {
			if got := travel(t, v); !reflect.DeepEqual(got, v) {
				t.Errorf("got %#v, want %#v", got, v)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestZonesTravel(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, zone := range []*time.Location{paris, time.FixedZone("X", 3600), time.Local} {
		v := time.Date(2026, 7, 1, 12, 0, 0, 5, zone)
		got := travel(t, v).(time.Time)
		if !got.Equal(v) || got.Format(time.RFC1123Z+" MST") != v.Format(time.RFC1123Z+" MST") {
			t.Errorf("got %v, want %v", got, v)
		}
	}
	if got := travel(t, paris).(*time.Location); got.String() != "Europe/Paris" {
		t.Errorf("location %v", got)
	}
}

func TestRegexpAndBuilderTravel(t *testing.T) {
	if got := travel(t, regexp.MustCompile("a+b")).(*regexp.Regexp); !got.MatchString("aab") {
		t.Errorf("got %v", got)
	}
	var b strings.Builder
	b.WriteString("abc")
	got := travel(t, &b).(*strings.Builder)
	got.WriteString("d")
	if got.String() != "abcd" {
		t.Errorf("got %q", got.String())
	}
	var n atomic.Int64
	n.Store(5)
	if got := travel(t, &n).(*atomic.Int64); got.Load() != 5 {
		t.Errorf("got %d", got.Load())
	}
}

func TestSharingAndCyclesAreKept(t *testing.T) {
	n := &node{v: 1}
	n.next = &node{2, n}
	got := travel(t, n).(*node)
	if got.next.next != got || got.next.v != 2 {
		t.Error("pointer cycle")
	}
	two := travel(t, []*node{n, n}).([]*node)
	if two[0] != two[1] {
		t.Error("shared pointer")
	}
	s := []any{1, nil}
	s[1] = s
	gs := travel(t, s).([]any)
	if &gs[1].([]any)[0] != &gs[0] {
		t.Error("slice cycle")
	}
	m := map[string]any{}
	m["self"] = m
	gm := travel(t, m).(map[string]any)
	gm["x"] = 1
	if gm["self"].(map[string]any)["x"] != 1 {
		t.Error("map cycle")
	}
	type inside struct {
		all   []inner
		one   *inner
		field *string
		part  []inner
	}
	in := inside{all: []inner{{1, "a"}, {2, "b"}, {3, "c"}}}
	in.one, in.field, in.part = &in.all[1], &in.all[2].b, in.all[1:]
	gi := travel(t, in).(inside)
	if gi.one != &gi.all[1] || gi.field != &gi.all[2].b || &gi.part[0] != &gi.all[1] || len(gi.part) != 2 {
		t.Error("pointers to parts")
	}
	r := ring.New(3)
	if gr := travel(t, r).(*ring.Ring); gr.Len() != 3 {
		t.Error("ring")
	}
	l := list.New()
	l.PushBack(1)
	l.PushBack("two")
	gl := travel(t, l).(*list.List)
	if gl.Len() != 2 || gl.Front().Next().Value != "two" || gl.Front().Next().Next() != nil {
		t.Error("list")
	}
}

func TestLongListTravels(t *testing.T) {
	var head *node
	for i := range 50_000 {
		head = &node{i, head}
	}
	got := travel(t, head).(*node)
	n := 0
	for ; got != nil; got = got.next {
		n++
	}
	if n != 50_000 {
		t.Errorf("%d nodes", n)
	}
	for range 100_000 {
		head = &node{0, head}
	}
	if _, err := Encode([]reflect.Value{reflect.ValueOf(head)}, []string{"v"}); err == nil {
		t.Error("150,000 levels were encoded")
	}
}

type myErr struct{ code int }

func (e *myErr) Error() string { return fmt.Sprintf("code %d", e.code) }

type chanErr struct{ c chan int }

func (e chanErr) Error() string { return "has a channel" }

func TestErrorsTravel(t *testing.T) {
	_, notExist := os.Open("/does/not/exist")
	got := travel(t, fmt.Errorf("outer: %w", errors.Join(&myErr{7}, notExist, io.ErrUnexpectedEOF))).(error)
	var mine *myErr
	if !errors.As(got, &mine) || mine.code != 7 {
		t.Errorf("errors.As: %v", got)
	}
	if !errors.Is(got, fs.ErrNotExist) || !errors.Is(got, io.ErrUnexpectedEOF) {
		t.Errorf("errors.Is: %v", got)
	}
	if !strings.HasPrefix(got.Error(), "outer: code 7") {
		t.Errorf("message %q", got)
	}
	if travel(t, io.EOF) != io.EOF || travel(t, context.DeadlineExceeded) != context.DeadlineExceeded {
		t.Error("sentinels")
	}
	got = travel(t, fmt.Errorf("w: %w", chanErr{make(chan int)})).(error)
	var generic *Error
	if got.Error() != "w: has a channel" || !errors.As(got, &generic) || generic.Type != "codec.chanErr" {
		t.Errorf("generic: %#v", got)
	}
}

type conn struct{ conn *os.File }

func TestRefusalsNameThePath(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	x := 1
	for name, c := range map[string]struct {
		v    any
		want string
	}{
		"file":    {conn{os.Stdout}, "args[0].conn: *os.File cannot travel: it is a handle"},
		"channel": {map[string]any{"k": []any{1, make(chan int)}}, `args[0]["k"][1]: chan int cannot travel`},
		"mutex":   {&struct{ mu sync.Mutex }{}, "args[0].mu: sync.Mutex cannot travel: it synchronises"},
		"context": {[]any{ctx}, "args[0][0]: *context.cancelCtx cannot travel: a context belongs"},
		"closure": {func() int { return x }, "args[0]: func() int cannot travel: "},
		"pointer": {struct{ p *sync.WaitGroup }{new(sync.WaitGroup)}, "args[0].p: *sync.WaitGroup cannot travel"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Encode([]reflect.Value{reflect.ValueOf(c.v)}, []string{"args[0]"})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestLargeSlicesAreNotCopied(t *testing.T) {
	data := make([]float64, 1000)
	frames, err := Encode([]reflect.Value{reflect.ValueOf(struct{ d []float64 }{data})}, []string{"v"})
	if err != nil || len(frames) != 2 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	if &frames[1][0] != (*byte)(reflect.ValueOf(data).UnsafePointer()) {
		t.Error("the frame is a copy")
	}
}

func TestMalformedInputIsAnError(t *testing.T) {
	for name, frames := range map[string][][]byte{
		"none":          {},
		"empty":         {{}},
		"magic":         {{'x', 1, 8, 0}},
		"many values":   {{'g', 1, 8, 0xff, 0xff, 0xff, 0xff, 0x0f}},
		"huge string":   {{'g', 1, 8, 1, 24, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
		"huge slice":    {{'g', 1, 8, 1, 23, 2, 0xff, 0xff, 0xff, 0xff, 0x7f}},
		"huge array":    {{'g', 1, 8, 1, 17, 0xff, 0xff, 0xff, 0xff, 0x7f, 2}},
		"missing frame": {{'g', 1, 8, 1, 23, 8, 0x90, 0x4e}},
		"extra frame":   {{'g', 1, 8, 0}, {1}},
		"function key":  {{'g', 1, 8, 1, 21, 23, 2, 2, 3, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			if v, err := Decode(frames); err == nil {
				t.Errorf("decoded %v", v)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range []any{1, "x", []any{1, nil, map[string]any{"a": 1.5}}, everything{err: &myErr{1}}, &node{1, nil}, time.Now(), make([]float64, 300),
		map[inner][]*inner{{1, "a"}: {nil}}, fmt.Errorf("x: %w", io.EOF)} {
		frames, err := Encode([]reflect.Value{reflect.ValueOf(v)}, []string{"v"})
		if err != nil {
			f.Fatal(err)
		}
		var second []byte
		if len(frames) > 1 {
			second = frames[1]
		}
		f.Add(frames[0], second)
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		frames := [][]byte{a}
		if len(b) > 0 {
			frames = append(frames, b)
		}
		values, err := Decode(frames)
		if err != nil {
			return
		}
		names := make([]string, len(values))
		again, err := Encode(values, names)
		if err != nil {
			return // a decoded value may hold a type that cannot travel, as nil
		}
		if _, err := Decode(again); err != nil {
			t.Errorf("what was decoded and encoded again does not decode: %v", err)
		}
	})
}
