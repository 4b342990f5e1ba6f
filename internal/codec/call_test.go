package codec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

func mul(a, b int) int                              { return a * b }
func scale(xs []float64, by float64) []float64      { return []float64{xs[0] * by, float64(len(xs))} }
func sum(first int, more ...int) int                { return first + len(more) }
func fails(n int) (int, error)                      { return 0, fmt.Errorf("n is %d: %w", n, io.EOF) }
func panics(n int) int                              { return []int{}[n] }
func two(n int) (int, string)                       { return n, "s" }
func waits(ctx context.Context, n int) (int, error) { return n, ctx.Err() }
func describes(v any, m map[string]any) string      { return fmt.Sprintf("%T %v", v, m["k"]) }
func divides(a, b int) int                          { return a / b }
func (n node) value() int                           { return n.v }
func generic[T any](v T) T                          { return v }

// call packs, sends over JSON and runs f.
func call(t *testing.T, ctx context.Context, f any, args ...any) ([]any, error) {
	t.Helper()
	fn, err := FuncOf(f)
	if err != nil {
		return nil, err
	}
	c, err := fn.Pack(args)
	if err != nil {
		return nil, err
	}
	return run(t, ctx, fn, c, false)
}

func run(t *testing.T, ctx context.Context, fn *Func, c *Call, asMap bool) ([]any, error) {
	t.Helper()
	content, err := c.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	if failure := guarded(func() { out, err = Invoke(ctx, content, c.Buffers) }); failure != nil {
		return nil, failure
	}
	if err != nil {
		return nil, err
	}
	if failure, value := FailureOf(out); failure != nil {
		failure.Err = ErrorOf(value)
		return nil, failure
	}
	return fn.Results(out, asMap)
}

func TestFunctionsAreCalled(t *testing.T) {
	for name, c := range map[string]struct {
		f    any
		args []any
		want []any
	}{
		"ints":              {mul, []any{5, 6}, []any{30}},
		"large slice":       {scale, []any{make([]float64, 5000), 2}, []any{[]float64{0, 5000}}},
		"variadic":          {sum, []any{1, 2, 3}, []any{3}},
		"two results":       {two, []any{4}, []any{4, "s"}},
		"context":           {waits, []any{4}, []any{4}},
		"any":               {describes, []any{celsius(1), map[string]any{"k": 2}}, []any{"codec.celsius 2"}},
		"library function":  {strings.ToUpper, []any{"abc"}, []any{"ABC"}},
		"method expression": {node.value, []any{node{v: 3}}, []any{3}},
		"no captures":       {func(s string) string { return s + "!" }, []any{"a"}, []any{"a!"}},
		"generic":           {generic[inner], []any{inner{1, "b"}}, []any{inner{1, "b"}}},
		"nil for a map":     {describes, []any{nil, nil}, []any{"<nil> <nil>"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := call(t, t.Context(), c.f, c.args...)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestMisuseNamesTheSignature(t *testing.T) {
	x := 1
	n := node{}
	for name, c := range map[string]struct {
		f    any
		args []any
		want string
	}{
		"type":         {mul, []any{1, "x"}, "codec.mul(int, int): argument 2 is string, want int"},
		"count":        {mul, []any{1}, "codec.mul(int, int): 1 argument, want 2"},
		"not exact":    {mul, []any{1, 2.5}, "codec.mul(int, int): argument 2 is float64(2.5), want int"},
		"nil":          {mul, []any{1, nil}, "argument 2 is nil, want int"},
		"variadic":     {sum, nil, "codec.sum(int, ...int): 0 arguments, want at least 1"},
		"no function":  {7, nil, "int is not a function"},
		"nil function": {(func())(nil), nil, "the function is nil"},
		"closure":      {func() int { return x }, nil, "captured variables"},
		"bound method": {n.value, nil, "is bound to a value"},
		"context":      {waits, []any{t.Context(), 1}, "codec.waits(context.Context, int): 2 arguments, want 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := call(t, t.Context(), c.f, c.args...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	var failure *Failure
	_, err := call(t, t.Context(), fails, 3)
	if !errors.As(err, &failure) || failure.Name != "error" || failure.Value != "n is 3: EOF" || !errors.Is(err, io.EOF) {
		t.Errorf("returned: %#v", err)
	}
	_, err = call(t, t.Context(), panics, 3)
	if !errors.As(err, &failure) || failure.Name != "runtime error" || failure.Value != "index out of range [3] with length 0" {
		t.Errorf("panicked: %v", err)
	}
	if len(failure.Frames) == 0 || failure.Frames[0].Func != "codec.panics" && !strings.HasSuffix(failure.Frames[0].Func, "panics") {
		t.Errorf("frames %v", failure.Frames)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = call(t, ctx, waits, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func mapped(t *testing.T, f any, slices ...any) ([]any, error) {
	t.Helper()
	fn, err := FuncOf(f)
	if err != nil {
		return nil, err
	}
	m, err := fn.Mapping(slices)
	if err != nil {
		return nil, err
	}
	c, err := m.Pack(1, m.Len())
	if err != nil {
		return nil, err
	}
	c.Content.First = 1
	return run(t, t.Context(), fn, c, true)
}

func TestMapAppliesToEachIndex(t *testing.T) {
	got, err := mapped(t, mul, []int{1, 2, 3}, []float64{4, 5, 6})
	if err != nil || !reflect.DeepEqual(got, []any{[]int{10, 18}}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err = mapped(t, waits, []any{1, 2}); err != nil || !reflect.DeepEqual(got, []any{[]int{2}}) {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = mapped(t, divides, []int{1, 2, 3}, []int{1, 1, 0})
	if err == nil || err.Error() != "integer divide by zero" {
		t.Errorf("got %v", err)
	}
	for want, args := range map[string][]any{
		"slice 2 has 1 elements, slice 1 has 2": {[]int{1, 2}, []int{1}},
		"1 slices, want 2":                      {[]int{1}},
		"slice 1 is int, want []int":            {1, []int{1}},
		"slice 1 is []string, want []int":       {[]string{"a"}, []int{1}},
		"slice 2[0] is string, want int":        {[]int{1}, []any{"a"}},
	} {
		if _, err := mapped(t, mul, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestStoreAndFetch(t *testing.T) {
	c, err := Store([]string{"a", "b", "c"}, []any{1, &node{v: 2}, nil})
	if err != nil {
		t.Fatal(err)
	}
	content, _ := c.JSON()
	if _, err := Invoke(t.Context(), content, c.Buffers); err == nil {
		t.Error("stored without variables")
	}
	a, b, n := 0, (*node)(nil), any(7)
	Bind("a", &a)
	Bind("b", &b)
	Bind("c", &n)
	if _, err := Invoke(t.Context(), content, c.Buffers); err != nil || a != 1 || b.v != 2 || n != nil {
		t.Fatal(err, a, b, n)
	}
	SetSlot("a", a)
	SetSlot("b", b)
	f := Fetch([]string{"b", "a"})
	content, _ = f.JSON()
	frames, err := Invoke(t.Context(), content, f.Buffers)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Values(frames)
	if err != nil || got[0].(*node).v != 2 || got[1] != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err = Invoke(t.Context(), content, nil); err == nil {
		t.Error("fetched twice")
	}
}

func TestForeignTasksAreRefused(t *testing.T) {
	for _, content := range []string{`{}`, `{"codec":"x"}`, `{"codec":"gopar/1","func":null}`, `{"codec":"gopar/1","func":{"symbol":"codec.mul","exec":"other"},"args":0}`,
		`{"codec":"gopar/1","func":{"unit":"nope","symbol":"f"}}`, `[]`} {
		frames, _ := Encode(nil, nil)
		if _, err := Invoke(t.Context(), json.RawMessage(content), frames); err == nil {
			t.Errorf("%s ran", content)
		}
	}
}

func BenchmarkSmallCall(b *testing.B) {
	fn, err := FuncOf(mul)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c, err := fn.Pack([]any{5, 6})
		if err != nil {
			b.Fatal(err)
		}
		content, _ := c.JSON()
		out, err := Invoke(b.Context(), content, c.Buffers)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := fn.Results(out, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTenMegabytes(b *testing.B) {
	data := []reflect.Value{reflect.ValueOf(make([]float64, 10<<20/8))}
	b.SetBytes(10 << 20)
	b.ReportAllocs()
	for b.Loop() {
		frames, err := Encode(data, []string{"v"})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Decode(frames); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStructs(b *testing.B) {
	var list []everything
	for i := range 100 {
		list = append(list, everything{Exported: i, ptr: &inner{i, "x"}, byName: map[string]*inner{"a": {1, "b"}}, any: i})
	}
	data := []reflect.Value{reflect.ValueOf(list)}
	b.ReportAllocs()
	for b.Loop() {
		frames, err := Encode(data, []string{"v"})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Decode(frames); err != nil {
			b.Fatal(err)
		}
	}
}
