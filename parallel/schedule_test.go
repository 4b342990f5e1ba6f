package parallel_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/parallel"
)

func untilCancelled(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func stuckForever() { select {} } // does not look at a context

func processID() int { return os.Getpid() }

// dieOnce ends its engine's process the first time, and counts in a file.
func dieOnce(file string) int {
	if _, err := os.Stat(file); err == nil {
		return 42
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return -1
	}
	_ = syscall.Kill(os.Getppid(), syscall.SIGKILL)
	select {}
}

// note appends a name to a file.
func note(file, name string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(name)
	return errors.Join(err, f.Close())
}

// open waits until a file exists.
func open(ctx context.Context, file string) error {
	for {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func TestTimeoutCancelsWhatRuns(t *testing.T) {
	rc := connect(t, ownCluster(t, 1), 1)
	view := rc.LoadBalancedView(parallel.TaskTimeout(100 * time.Millisecond))
	for name, f := range map[string]any{"looks at its context": untilCancelled, "does not": stuckForever} {
		var remote *parallel.RemoteError
		if _, err := view.Apply(f).Get(); !errors.As(err, &remote) || remote.Name != proto.TaskTimeout {
			t.Errorf("a task that %s: %v", name, err)
		}
	}
	if n, err := parallel.Get[int](rc.LoadBalancedView().Apply(square, 5)); err != nil || n != 25 { // the engine is free again
		t.Errorf("%v, %v", n, err)
	}
}

func TestTheHigherPriorityRunsFirst(t *testing.T) {
	rc := connect(t, ownCluster(t, 1), 1)
	dir := t.TempDir()
	gate, file := filepath.Join(dir, "gate"), filepath.Join(dir, "order")
	first := rc.LoadBalancedView().Apply(open, gate)
	var all []*parallel.AsyncResult
	for _, n := range []int{-1, 0, 3, 1} {
		all = append(all, rc.LoadBalancedView(parallel.Priority(n)).Apply(note, file, fmt.Sprint(n)))
	}
	for end := time.Now().Add(deadline); ; {
		_, waiting, err := rc.QueueStatus()
		if err != nil || time.Now().After(end) {
			t.Fatal(waiting, err)
		}
		if waiting == len(all) {
			break
		}
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range append(all, first) {
		if _, err := r.Get(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != "310-1" {
		t.Errorf("order %q, %v", got, err)
	}
}

func TestWhatDiesWithItsEngineRunsAgainUnlessToldOtherwise(t *testing.T) {
	p := ownCluster(t, 2)
	rc := connect(t, p, 2)
	n, err := parallel.Get[int](rc.LoadBalancedView().Apply(dieOnce, filepath.Join(t.TempDir(), "died")))
	if err != nil || n != 42 {
		t.Errorf("%v, %v", n, err)
	}
	var remote *parallel.RemoteError
	_, err = rc.LoadBalancedView(parallel.AtMostOnce()).Apply(dieOnce, filepath.Join(t.TempDir(), "died")).Get()
	if !errors.As(err, &remote) || remote.Name != proto.EngineError {
		t.Errorf("at most once: %v", err)
	}
}

func TestNearTasksMeet(t *testing.T) {
	rc := cluster(t)
	view := rc.LoadBalancedView(parallel.Near("the data"))
	first, err := parallel.Get[int](view.Apply(processID))
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		if p, err := parallel.Get[int](view.Apply(processID)); err != nil || p != first {
			t.Errorf("ran in process %d, %v; its data is in %d", p, err, first)
		}
	}
}

func ExamplePriority() {
	rc, err := exampleCluster()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rc.Close()
	view := rc.LoadBalancedView(parallel.Retries(2), parallel.Label("squares"))
	urgent := view.With(parallel.Priority(10), parallel.TaskTimeout(time.Minute))
	all, many := view.Map(square, []int{1, 2, 3}), urgent.Apply(square, 9)
	n, err := parallel.Get[int](many)
	fmt.Println(n, err)
	list, err := parallel.Get[[]int](all)
	fmt.Println(list, err)
	// Output:
	// 81 <nil>
	// [1 4 9] <nil>
}
