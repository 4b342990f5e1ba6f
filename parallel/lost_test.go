package parallel_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/parallel"
)

func TestNoCluster(t *testing.T) {
	dir := t.TempDir()
	_, err := parallel.Connect(parallel.ProfileDir(dir))
	if !errors.Is(err, parallel.ErrNoCluster) || err.Error() != "no cluster is running; start one: gopar cluster start -n 4" {
		t.Errorf("got %v", err)
	}
	_, err = parallel.Connect(parallel.File(filepath.Join(dir, "none.json")))
	if !errors.Is(err, parallel.ErrNoCluster) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bad.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = parallel.Connect(parallel.File(filepath.Join(dir, "bad.json"))); err == nil || !strings.Contains(err.Error(), "bad.json") {
		t.Errorf("got %v", err)
	}
}

func TestLostEngineAndHub(t *testing.T) {
	p := ownCluster(t, 2)
	rc := connect(t, p, 2, parallel.HubTimeout(time.Second))
	// An engine is killed while it has a direct task and the balanced ones.
	var victim parallel.Client
	busy := rc.Apply(wait)
	if busy.Wait(50 * time.Millisecond) {
		t.Fatal(busy)
	}
	if err := p.engines[0].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	now, err := rc.Refresh()
	for err == nil && len(now) == 2 && time.Since(start) < deadline {
		now, err = rc.Refresh()
	}
	if err != nil || len(now) != 1 {
		t.Fatalf("engines %v, %v", now, err)
	}
	t.Logf("death seen after %v", time.Since(start))
	for _, e := range rc {
		if !e.Alive() {
			victim = parallel.Client{e}
		}
	}
	if _, err := victim.Apply(mul, 1, 2).Get(); !errors.Is(err, parallel.ErrEngineLost) {
		t.Errorf("task for a lost engine: %v", err)
	}
	if err := busy.Cancel(); err != nil {
		t.Error(err)
	}
	if !busy.Wait(deadline) || !errors.Is(busy.Err(), parallel.ErrEngineLost) || !errors.Is(busy.Err(), parallel.ErrAborted) {
		t.Errorf("tasks: %v", busy.Err())
	}
	if v, err := parallel.All[int](rc.LoadBalancedView().Map(mul, []int{1, 2}, []int{3, 4})); err != nil || v[1] != 8 {
		t.Errorf("balanced: %v, %v", v, err)
	}
	// The hub is killed while a task runs.
	busy = now.Apply(wait)
	if err := p.hub.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if !busy.Wait(deadline) || !errors.Is(busy.Err(), parallel.ErrHubGone) {
		t.Errorf("after the hub: %v", busy)
	}
	if _, err := now.Apply(mul, 1, 2).Get(); !errors.Is(err, parallel.ErrHubGone) || !strings.Contains(err.Error(), "gopar cluster start") {
		t.Errorf("after the hub: %v", err)
	}
}

func TestClosedClient(t *testing.T) {
	rc := cluster(t)
	r := rc[0].Apply(nap, 300)
	if err := rc.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Get(); !errors.Is(err, parallel.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if _, err := rc[0].Apply(mul, 1, 2).Get(); !errors.Is(err, parallel.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
