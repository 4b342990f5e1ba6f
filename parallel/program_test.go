package parallel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopar-project/gopar/parallel"
)

type vec struct{ x, y float64 }

func mul(a, b int) int      { return a * b }
func pid() int              { return os.Getpid() }
func length(v *vec) float64 { return v.x*v.x + v.y*v.y }
func mean(xs []float64) (s float64) {
	for _, x := range xs {
		s += x
	}
	return s / float64(len(xs))
}
func fail(n int) (int, error)        { return 0, fmt.Errorf("n is %d: %w", n, io.ErrUnexpectedEOF) }
func crash(n int) int                { return []int{1}[n] }
func die() int                       { go func() { panic("in a goroutine") }(); select {} }
func say(s string)                   { fmt.Println(s); fmt.Fprintln(os.Stderr, "err", s) }
func wait(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
func spin() int {
	for i := 0; ; i++ {
		spun = i
	}
}
func echo(v any) any          { return v }
func summary() map[string]any { return map[string]any{"pid": os.Getpid(), "when": time.Second} }
func odd(n int) (int, error) {
	if n%2 == 0 {
		return 0, errors.New("even")
	}
	return n, nil
}
func nap(ms int) int { time.Sleep(time.Duration(ms) * time.Millisecond); return ms }

var spun int

func TestApplyOnOneAndOnAll(t *testing.T) {
	rc := cluster(t)
	if !slices.Equal(rc.IDs(), []int{0, 1, 2, 3}) {
		t.Fatalf("ids %v", rc.IDs())
	}
	if v, err := parallel.Get[int](rc[0].Apply(mul, 5, 6)); err != nil || v != 30 {
		t.Errorf("one: %v, %v", v, err)
	}
	if v, err := parallel.Get[[]int](rc[:].Apply(mul, 5, 6)); err != nil || !slices.Equal(v, []int{30, 30, 30, 30}) {
		t.Errorf("all: %v, %v", v, err)
	}
	pids, err := parallel.All[int](rc[1:3].Apply(pid))
	if err != nil || len(pids) != 2 || pids[0] == pids[1] || pids[0] == os.Getpid() {
		t.Errorf("pids %v, %v", pids, err)
	}
	if v, err := parallel.Get[float64](rc[1].Apply(length, &vec{3, 4})); err != nil || v != 25 {
		t.Errorf("struct: %v, %v", v, err)
	}
	if v, err := parallel.Get[any](rc[1].Apply(echo, []any{vec{1, 2}, nil, "x"})); err != nil || !reflect.DeepEqual(v, []any{vec{1, 2}, nil, "x"}) {
		t.Errorf("any: %v, %v", v, err)
	}
	if v, err := parallel.Get[float64](rc[2].Apply(mean, make([]float64, 1<<20))); err != nil || v != 0 {
		t.Errorf("8 MB: %v, %v", v, err)
	}
}

func TestShowIsWhatACellShows(t *testing.T) {
	rc := cluster(t)
	for want, r := range map[string]*parallel.AsyncResult{
		"30":            rc[0].Apply(mul, 5, 6),
		"[30 30 30 30]": rc[:].Apply(mul, 5, 6),
		"[2 6 12]":      rc.LoadBalancedView().Map(mul, []int{1, 2, 3}, []int{2, 3, 4}),
		"done":          rc[0].Apply(say, "x"),
	} {
		b, err := r.Show(t.Context())
		if err != nil || b.Text() != want {
			t.Errorf("got %q, %v, want %q", b.Text(), err, want)
		}
	}
	b, err := rc[1:3].Apply(summary).Show(t.Context())
	if err != nil || strings.Count(b.Text(), "\n") != 1 || !strings.HasPrefix(b.Text(), "[map[pid:") {
		t.Errorf("got %q, %v", b.Text(), err)
	}
}

func TestMapKeepsTheOrder(t *testing.T) {
	rc := cluster(t)
	n := 10_000
	a, b := make([]int, n), make([]int, n)
	for i := range a {
		a[i], b[i] = i, i+1
	}
	views := map[string]*parallel.AsyncResult{
		"balanced": rc.LoadBalancedView().Map(mul, a, b),
		"chunks":   rc.LoadBalancedView(parallel.Chunk(7)).Map(mul, a, b),
		"direct":   rc.Map(mul, a, b),
		"some":     rc[1:3].LoadBalancedView().Map(mul, a, b),
	}
	for name, r := range views {
		v, err := parallel.Get[[]int](r)
		if err != nil || len(v) != n {
			t.Errorf("%s: %d values, %v", name, len(v), err)
			continue
		}
		for i := range v {
			if v[i] != i*(i+1) {
				t.Errorf("%s: element %d is %d", name, i, v[i])
				break
			}
		}
		if done, total := r.Progress(); done != n || total != n {
			t.Errorf("%s: progress %d of %d", name, done, total)
		}
	}
	if v, err := parallel.Get[[]int](rc.LoadBalancedView().Map(mul, []int{}, []int{})); err != nil || len(v) != 0 {
		t.Errorf("empty: %v, %v", v, err)
	}
}

func TestRemoteErrors(t *testing.T) {
	rc := cluster(t)
	_, err := rc[2].Apply(fail, 7).Get()
	var remote *parallel.RemoteError
	if !errors.As(err, &remote) || remote.Engine != 2 || !errors.Is(err, io.ErrUnexpectedEOF) || err.Error() != "engine 2: n is 7: unexpected EOF" {
		t.Errorf("returned: %v", err)
	}
	_, err = rc[:].Apply(crash, 3).Get()
	if err == nil || !strings.HasPrefix(err.Error(), "4 engines: same runtime error: index out of range [3] with length 1 (engines 0, 1, 2, 3)") ||
		!strings.Contains(err.Error(), "program_test.go:") {
		t.Errorf("grouped: %v", err)
	}
	_, err = rc.LoadBalancedView(parallel.Chunk(2)).Map(odd, []int{1, 3, 5, 6}).Get()
	if err == nil || !strings.Contains(err.Error(), "even (element 3)") {
		t.Errorf("element: %v", err)
	}
	_, err = rc[3].Apply(die).Get()
	if err == nil || !strings.Contains(err.Error(), "engine 3: crash") {
		t.Errorf("crash: %v", err)
	}
	if v, err := parallel.Get[int](rc[3].Apply(mul, 2, 3)); err != nil || v != 6 {
		t.Errorf("after the crash: %v, %v", v, err)
	}
}

func TestMisuse(t *testing.T) {
	rc := cluster(t)
	view := rc.LoadBalancedView()
	for want, r := range map[string]*parallel.AsyncResult{
		"mul(int, int): argument 2 is string, want int":           rc[0].Apply(mul, 1, "x"),
		"mul(int, int): 1 argument, want 2":                       rc[:].Apply(mul, 1),
		"int is not a function":                                   view.Apply(3),
		"slice 2 has 1 elements, slice 1 has 2":                   view.Map(mul, []int{1, 2}, []int{1}),
		"args[0]: chan int cannot travel":                         rc[0].Apply(echo, make(chan int)),
		"no engine 9; there are [0 1 2 3]":                        parallel.Px(parallel.PxOptions{Targets: "9", Client: rc}, "1"),
		`"1x" is not the name of a variable`:                      rc.Push(map[string]any{"1x": 1}),
		"this list holds no engines":                              rc[:0].Apply(mul, 1, 2),
		"outputs are grouped by type, engine or order, not \"x\"": parallel.Px(parallel.PxOptions{GroupOutputs: "x", Client: rc}, "1"),
	} {
		if _, err := r.Get(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := rc.Engine(7); err == nil || err.Error() != "there is no engine 7; there are [0 1 2 3]" {
		t.Errorf("engine 7: %v", err)
	}
	if e, err := rc.Engine(2); err != nil || e.ID() != 2 {
		t.Errorf("engine 2: %v, %v", e, err)
	}
}

// lockedBuffer is a buffer that the relay writes to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestOutputIsRelayedWithLabels(t *testing.T) {
	var out, err lockedBuffer
	rc := cluster(t, parallel.Output(&out, &err))
	if _, err := rc[1:3].Apply(say, "hello").Show(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(lines)
	if !slices.Equal(lines, []string{"[stdout:1] hello", "[stdout:2] hello"}) {
		t.Errorf("stdout %q", lines)
	}
	if !strings.Contains(err.String(), "[stderr:2] err hello\n") {
		t.Errorf("stderr %q", err.String())
	}
}

func TestCancelMeansCancel(t *testing.T) {
	rc := cluster(t)
	for name, f := range map[string]any{"context": wait, "loop": spin} {
		r := rc[0].Apply(f)
		next := rc[0].Apply(mul, 1, 1)
		if r.Wait(100 * time.Millisecond) {
			t.Fatalf("%s ended by itself: %v", name, r)
		}
		if err := r.Cancel(); err != nil {
			t.Fatal(err)
		}
		if !r.Wait(deadline) || !errors.Is(r.Err(), parallel.ErrAborted) {
			t.Errorf("%s: %v", name, r)
		}
		if v, err := parallel.Get[int](next); err != nil || v != 1 {
			t.Errorf("after %s: %v, %v", name, v, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := rc[:].ApplyContext(ctx, wait)
	waiting := rc[0].Apply(mul, 2, 2)
	cancel()
	if !r.Wait(deadline) || !errors.Is(r.Err(), parallel.ErrAborted) {
		t.Errorf("ApplyContext: %v", r)
	}
	if _, err := waiting.Get(); err != nil {
		t.Error(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := rc[0].Apply(wait).Show(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Show: %v", err)
	}
}

func TestQueueStatusAndDependencies(t *testing.T) {
	rc := cluster(t)
	first := rc.LoadBalancedView().Apply(nap, 50)
	second := rc.LoadBalancedView(parallel.After(first), parallel.Label("second")).Apply(pid)
	if _, err := second.Get(); err != nil || !first.Ready() {
		t.Errorf("second came first: %v", err)
	}
	queues, waiting, err := rc.QueueStatus()
	if err != nil || len(queues) != 4 || waiting != 0 {
		t.Errorf("queues %v, %d, %v", queues, waiting, err)
	}
}

func TestSelect(t *testing.T) {
	rc := cluster(t)
	for targets, want := range map[string][]int{
		"": {0, 1, 2, 3}, "all": {0, 1, 2, 3}, "0": {0}, "-1": {3}, "0:2": {0, 1}, "::2": {0, 2}, "1::2": {1, 3}, "[0,2]": {0, 2}, "0, 2": {0, 2},
		"::-1": {3, 2, 1, 0}, "2:": {2, 3}, ":-1": {0, 1, 2}, "0,2:4": {0, 2, 3},
	} {
		c, err := rc.Select(targets)
		if err != nil || !slices.Equal(c.IDs(), want) {
			t.Errorf("%q: %v, %v", targets, c.IDs(), err)
		}
	}
	for _, targets := range []string{"4", "x", "1:2:0", "a:b", "5:9", "1:2:3:4"} {
		if c, err := rc.Select(targets); err == nil {
			t.Errorf("%q: %v", targets, c.IDs())
		}
	}
}
