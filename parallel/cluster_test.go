//go:build unix

package parallel_test

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gopar-project/gopar/parallel"
)

// TestClusterIsChangedFromAProgram scales a cluster of real engines, restarts, signals and kills some.
func TestClusterIsChangedFromAProgram(t *testing.T) {
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	c, err := parallel.Start(parallel.N(2), parallel.Exe(binary), parallel.ProfileDir(filepath.Join(t.TempDir(), "profile")), parallel.Restarts(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	status := func() parallel.ClusterStatus {
		t.Helper()
		st, err := c.Status()
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	if err := c.Scale(3); err != nil {
		t.Fatal(err)
	}
	if n := len(c.Client()); n != 3 {
		t.Errorf("%d engines, want 3", n)
	}
	if st := status(); st.String() != "running: 3 of 3 engines" || len(st.Engines) != 3 {
		t.Errorf("status %+v", st)
	}
	if err := c.Scale(2); err != nil {
		t.Fatal(err)
	}
	before := status()
	if err := c.Restart(1); err != nil {
		t.Fatal(err)
	}
	after := status()
	if len(after.Engines) != 2 || after.Engines[0].PID != before.Engines[0].PID || after.Engines[1].PID == before.Engines[1].PID {
		t.Errorf("engine processes %+v, were %+v: want the second one renewed", after.Engines, before.Engines)
	}
	if err := c.Signal("INT"); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(after.Engines[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(deadline); ; time.Sleep(10 * time.Millisecond) { // Status has no events
		st := status()
		if st.State == "running" && len(st.Registered) == 2 && st.Engines[0].Restarts+st.Engines[1].Restarts == 2 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the killed engine does not come back: %+v", st)
		}
	}
	if logs, err := c.Logs(5); err != nil || strings.Count(logs, "==> ") != 4 {
		t.Errorf("logs %q, %v: want four", logs, err)
	}
}

// TestClusterFollowsTheWorkAndEndsWhenThereIsNone gives one engine more to do than it can, and then nothing.
func TestClusterFollowsTheWorkAndEndsWhenThereIsNone(t *testing.T) {
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	profile := filepath.Join(t.TempDir(), "profile")
	c, err := parallel.Start(parallel.Adapt(1, 3, time.Second), parallel.StopIdle(8*time.Second), parallel.Exe(binary), parallel.ProfileDir(profile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if n := len(c.Client()); n != 1 {
		t.Fatalf("%d engines, want 1 to begin with", n)
	}
	// Whoever has a file of the cluster has the cluster.
	file := filepath.Join(profile, "security", "cluster-.json")
	same, err := parallel.FromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(same.Client()); n != 1 || same.ProfileDir() != profile {
		t.Errorf("the cluster of %s has %d engines and profile %s", file, n, same.ProfileDir())
	}
	if err := same.Client().Close(); err != nil {
		t.Error(err)
	}
	registered := func(n int) {
		t.Helper()
		for end := time.Now().Add(deadline); ; time.Sleep(20 * time.Millisecond) { // Status has no events
			st, err := c.Status()
			if err == nil && len(st.Registered) == n && st.Want == n {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("never %d engines: %+v, %v", n, st, err)
			}
		}
	}
	r := c.Client().LoadBalancedView().Map(func(d time.Duration) bool { time.Sleep(d); return true }, []time.Duration{
		2 * time.Second, 2 * time.Second, 2 * time.Second, 2 * time.Second, 2 * time.Second, 2 * time.Second,
	})
	registered(3)
	if _, err := r.Get(); err != nil {
		t.Fatal(err)
	}
	registered(1)
	for end := time.Now().Add(deadline); ; time.Sleep(50 * time.Millisecond) { // a cluster that ends has no events
		if _, err := parallel.FromFile(file); errors.Is(err, parallel.ErrNoCluster) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the idle cluster goes on")
		}
	}
	for _, name := range []string{"cluster.txt", "other-x.json", "clusterx.json"} {
		if _, err := parallel.FromFile(filepath.Join(profile, "security", name)); err == nil || errors.Is(err, parallel.ErrNoCluster) {
			t.Errorf("%s: %v, want that it is no file of a cluster", name, err)
		}
	}
}
