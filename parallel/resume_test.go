package parallel_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/gopar-project/gopar/parallel"
)

// restartHub kills the hub and starts it again with what its journal tells.
func (p *processes) restartHub(t *testing.T) {
	t.Helper()
	if err := p.hub.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.hub.Wait() // it was killed
	p.hub = p.command("hub", "--profile-dir="+p.profile, "--ping=1000", "--restore")
	if err := p.hub.Start(); err != nil {
		t.Fatal(err)
	}
}

// TestTasksSurviveTheirHub kills the hub over and over, at any moment, while balanced and direct tasks run on real engines. Every
// task has its own result, once, and nobody notices but by the clock.
func TestTasksSurviveTheirHub(t *testing.T) {
	p := ownCluster(t, 2)
	rc := connect(t, p, 2)
	ids := rc.IDs()
	var xs, ys, want []int
	for i := range 3000 {
		xs, ys, want = append(xs, i), append(ys, i+1), append(want, i*(i+1))
	}
	napping := rc.Apply(nap, 1500) // runs through the first restart
	mapped := rc.LoadBalancedView(parallel.Chunk(1)).Map(mul, xs, ys)
	for round := range 4 {
		for done, _ := mapped.Progress(); done < 600*round; done, _ = mapped.Progress() {
			if mapped.Wait(time.Millisecond) {
				break
			}
		}
		p.restartHub(t)
		if round == 1 {
			if v, err := rc[0].Apply(mul, 6, 7).Get(); err != nil || v[0] != 42 { // sent while there may be no hub
				t.Errorf("%v, %v", v, err)
			}
		}
	}
	if !mapped.Wait(time.Minute) {
		for _, log := range []string{"hub.log", "engine.log"} {
			text, _ := os.ReadFile(filepath.Join(p.dir, log)) // only for the message
			t.Logf("%s:\n%s", log, text)
		}
		t.Fatalf("%v", mapped)
	}
	got, err := parallel.All[int](mapped)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%d results, %v", len(got), err)
	}
	if v, err := napping.Get(); err != nil || len(v) != 2 {
		t.Errorf("direct tasks: %v, %v", v, err)
	}
	now, err := rc.Refresh()
	if err != nil || !slices.Equal(now.IDs(), ids) {
		t.Errorf("engines %v, were %v: %v", now.IDs(), ids, err)
	}
	if v, err := now.Apply(mul, 2, 3).Get(); err != nil || len(v) != 2 {
		t.Errorf("%v, %v", v, err)
	}
}

// TestAHubThatEndsInOrderIsNotWaitedFor: its connection file is gone, so it does not come back.
func TestAHubThatEndsInOrderIsNotWaitedFor(t *testing.T) {
	p := ownCluster(t, 1)
	rc := connect(t, p, 1)
	r := rc.Apply(wait)
	if r.Wait(50 * time.Millisecond) {
		t.Fatal(r)
	}
	if err := p.hub.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if !r.Wait(deadline) || !errors.Is(r.Err(), parallel.ErrHubGone) && !errors.Is(r.Err(), parallel.ErrEngineLost) {
		t.Errorf("%v", r)
	}
}
