package panel

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/launch"
)

// loaded is the load of a cluster of one engine.
func loaded(unassigned, tasks, completed int, cpu float64) cluster.Load {
	return cluster.Load{Unassigned: unassigned, Engines: []cluster.EngineLoad{
		{ID: 0, Tasks: tasks, Completed: completed, Usage: &cluster.Usage{CPU: cpu, Memory: 100}},
		{ID: 7, Queue: 1},
	}}
}

func TestTheTrendFollowsTheLoad(t *testing.T) {
	t.Parallel()
	var g gauge
	at := time.Unix(1000, 0)
	step := func(after time.Duration, load cluster.Load) trend {
		at = at.Add(after)
		return g.add(at, load)
	}
	if got := step(0, loaded(8, 1, 50, 10)); len(got.Rate) != 0 || got.Done != 0 || got.Total != 10 || got.Memory != 100 {
		t.Errorf("first: %+v, want tasks that were finished before left out", got)
	}
	step(300*time.Millisecond, loaded(6, 1, 52, 20))
	got := step(700*time.Millisecond, loaded(3, 1, 55, 30.4))
	if !slices.Equal(got.Rate, []float64{5}) || !slices.Equal(got.CPU, []float64{30}) || got.Done != 5 || got.Total != 10 {
		t.Errorf("after a second: %+v, want 5 tasks a second and 5 of 10 done", got)
	}
	// An engine that is started again counts from 0; nothing is undone.
	got = step(time.Second, loaded(0, 1, 0, 0))
	if got.Rate[1] != 0 || got.Done != 5 || got.Total != 7 {
		t.Errorf("after a restart: %+v", got)
	}
	idle := cluster.Load{Engines: []cluster.EngineLoad{{ID: 0, Completed: 2}}}
	if got = step(2*time.Second, idle); got.Rate[2] != 1 || got.Done != 7 || got.Total != 7 {
		t.Errorf("at the end: %+v, want all done", got)
	}
	if got = step(time.Second, loaded(4, 0, 2, 0)); got.Done != 0 || got.Total != 5 {
		t.Errorf("with new tasks: %+v, want progress to begin anew", got)
	}
	for range 2 * trendPoints {
		got = step(time.Second, idle)
	}
	if len(got.Rate) != trendPoints || len(got.CPU) != trendPoints {
		t.Errorf("%d and %d points", len(got.Rate), len(got.CPU))
	}
}

func TestOnlyLogsOfTheClusterCanBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"supervisor.log", "hub.log", "secret"} {
		f := filepath.Join(dir, name)
		if err := os.WriteFile(f, []byte("line of "+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	files = append(files[:2], filepath.Join(dir, "not-there.log"))
	for name, want := range map[string]string{
		"": "line of supervisor.log", "hub.log": "line of hub.log", "secret": "", "../" + filepath.Base(dir) + "/secret": "",
		"not-there.log": "(open ",
	} {
		var got tail
		if err := json.Unmarshal(tailOf("k", name, files), &got); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(got.Lines, "\n"); !strings.HasPrefix(text, want) || want == "" && text != "" {
			t.Errorf("%q: %+v, want %q", name, got, want)
		}
	}
}

func TestEnginesAndProcessesAreJoined(t *testing.T) {
	t.Parallel()
	var d details
	d.registered(cluster.Load{Engines: []cluster.EngineLoad{
		{ID: 0, PID: 10, Queue: 1, Running: &cluster.RunningTask{Name: "Mul"}},
		{ID: 1, PID: 11},
	}})
	d.join(cluster.Status{Want: 5, Engines: []cluster.Process{
		{Index: 0, PID: 10, State: launch.Running, Restarts: 2, Last: "killed"},
		{Index: 1, PID: 11, State: launch.Running, Leaving: true},
		{Index: 2, PID: 12, State: launch.Running},
		{Index: 3, PID: 13, State: launch.Done, Reason: "exit status 3"},
		{Index: 4, State: launch.Pending, Reason: "Resources"},
	}})
	var got []string
	for _, e := range d.Engines {
		got = append(got, strings.Join(strings.Fields(e.State+" "+e.Task+" "+e.Reason), " "))
	}
	want := []string{"busy Mul killed", "leaving", "starting", "ended exit status 3", "pending Resources"}
	if !slices.Equal(got, want) || d.Engines[0].Again != 2 || d.Engines[2].ID != -1 {
		t.Errorf("%q, want %q", got, want)
	}
	if got := pending(cluster.Status{Engines: []cluster.Process{
		{State: launch.Pending, Reason: "Resources"}, {State: launch.Pending, Reason: "Resources"}, {State: launch.Pending}, {State: launch.Running},
	}}); got != "1 engine waits; 2 engines wait (Resources)" {
		t.Errorf("pending: %q", got)
	}
}
