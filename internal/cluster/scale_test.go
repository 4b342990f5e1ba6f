//go:build unix

package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/launch"
)

func (s *site) context() context.Context {
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	s.t.Cleanup(cancel)
	return ctx
}

func indexes(st cluster.Status) []int {
	var got []int
	for _, e := range st.Engines {
		got = append(got, e.Index)
	}
	slices.Sort(got)
	return got
}

func TestScaleStartsAndEndsEngines(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.start(s.options("", 2))
	first := s.status(c)
	told := 0
	if err := c.Scale(s.context(), 4, func(cluster.Status) { told++ }); err != nil {
		t.Fatal(err)
	}
	st := s.status(c)
	if st.State != cluster.Running || st.Want != 4 || len(st.Registered) != 4 || !slices.Equal(indexes(st), []int{0, 1, 2, 3}) || told == 0 {
		t.Errorf("status %+v, want 4 engines; progress was told %d times", st, told)
	}
	if err := c.Scale(s.context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	st = s.status(c)
	if st.State != cluster.Running || len(st.Registered) != 1 || !slices.Equal(indexes(st), []int{0}) || st.Engines[0].PID != first.Engines[0].PID {
		t.Errorf("status %+v, want the oldest engine alone", st)
	}
	if err := c.Scale(s.context(), 0, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Scale(s.context(), 3, nil); err != nil {
		t.Fatal(err)
	}
	if st = s.status(c); len(st.Registered) != 3 || st.Alive() != 3 {
		t.Errorf("status %+v, want three engines again", st)
	}
	if err := c.Scale(s.context(), -1, nil); err == nil {
		t.Error("-1 engines are accepted")
	}
	s.stop(c)
	s.nothingLeft()
}

func TestRemoveEndsOneEngineForGood(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.start(s.options("", 3))
	if err := c.Remove(s.context(), nil, 1); err != nil {
		t.Fatal(err)
	}
	st := s.until(c, "running with two", func(st cluster.Status) bool { return st.State == cluster.Running && len(st.Registered) == 2 })
	if st.Want != 2 || !slices.Equal(indexes(st), []int{0, 2}) {
		t.Errorf("status %+v, want the engines 0 and 2", st)
	}
	if err := c.Remove(s.context(), nil, 1); err == nil || !strings.Contains(err.Error(), "no engine process 1") {
		t.Errorf("removed again: error %v", err)
	}
	s.stop(c)
	s.nothingLeft()
}

func TestScaleDownKillsEnginesThatDoNotObey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := s.options("", 2)
	o.Env = []string{"TEST_ENGINE=stubborn"}
	c := s.start(o)
	if err := c.Scale(s.context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	if st := s.status(c); st.Alive() != 1 || st.State != cluster.Running {
		t.Errorf("status %+v", st)
	}
}

func TestDeadEngineIsStartedAgainAndTheReasonKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.start(s.options("", 3))
	victim := s.status(c).Engines[1]
	if err := syscall.Kill(victim.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	st := s.until(c, "repaired", func(st cluster.Status) bool {
		return st.State == cluster.Running && len(st.Registered) == 3 && len(st.Engines) == 3 && st.Alive() == 3 && find(st, 1).Restarts == 1
	})
	e := find(st, 1)
	if e.PID == victim.PID || !strings.Contains(e.Last, "SIGKILL") || e.LastEnded.IsZero() || e.Log != victim.Log {
		t.Errorf("engine %+v, want another process with the reason of the first one's end", e)
	}
	b, err := os.ReadFile(e.Log)
	if err != nil || strings.Count(string(b), "ready") != 2 {
		t.Errorf("log %q, %v: want what both have logged", b, err)
	}
	s.stop(c)
	s.nothingLeft()
}

func find(st cluster.Status, index int) cluster.Process {
	for _, e := range st.Engines {
		if e.Index == index {
			return e
		}
	}
	return cluster.Process{}
}

func TestEngineThatKeepsFailingIsGivenUpUntilAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	fault := filepath.Join(t.TempDir(), "fault")
	o := s.options("", 2)
	o.Env = []string{"TEST_ENGINE_FAULT=" + fault}
	o.Restarts = 1
	c := s.start(o)
	if err := os.WriteFile(fault, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.status(c).Engines[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	st := s.until(c, "given up", func(st cluster.Status) bool { return find(st, 0).GaveUp })
	if e := find(st, 0); st.State != cluster.Degraded || !strings.Contains(st.Problem, "given up") || e.Failures != 2 || !strings.Contains(e.Reason, "exit status 1") {
		t.Errorf("status %+v", st)
	}
	if err := c.Restart(s.context(), nil, 0); err == nil || !strings.Contains(err.Error(), "the fault is there") {
		t.Errorf("restart: %v, want the engine's last words", err)
	}
	if err := os.Remove(fault); err != nil {
		t.Fatal(err)
	}
	if err := c.Restart(s.context(), nil, 0); err != nil {
		t.Fatal(err)
	}
	if st := s.status(c); st.State != cluster.Running || find(st, 0).GaveUp {
		t.Errorf("status %+v, want it well", st)
	}
}

func TestEngineThatWasAskedToEndStaysAwayUntilScale(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.start(s.options("", 2))
	if err := c.Signal(s.context(), "SIGTERM", 1); err != nil {
		t.Fatal(err)
	}
	s.until(c, "degraded", func(st cluster.Status) bool {
		return st.State == cluster.Degraded && find(st, 1).State == launch.Done && find(st, 1).Next.IsZero()
	})
	if err := c.Scale(s.context(), 2, nil); err != nil {
		t.Fatal(err)
	}
	if st := s.status(c); st.State != cluster.Running || !slices.Equal(indexes(st), []int{0, 2}) {
		t.Errorf("status %+v, want a new engine in place of the ended one", st)
	}
}

func TestRestartRenewsTheChosenEngines(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.start(s.options("", 3))
	before := s.status(c)
	if err := c.Restart(s.context(), nil, 0, 2); err != nil {
		t.Fatal(err)
	}
	after := s.status(c)
	for i, want := range []bool{true, false, true} {
		if renewed := find(before, i).PID != find(after, i).PID; renewed != want {
			t.Errorf("engine %d renewed: %v, want %v", i, renewed, want)
		}
	}
	if err := c.Restart(s.context(), nil); err != nil {
		t.Fatal(err)
	}
	st := s.status(c)
	if find(st, 1).PID == find(before, 1).PID || find(st, 0).Restarts != 2 || find(st, 0).Failures != 0 || st.State != cluster.Running {
		t.Errorf("status %+v, want all renewed without a failure", st)
	}
	if err := c.Restart(s.context(), nil, 7); err == nil || !strings.Contains(err.Error(), "no engine process 7") {
		t.Errorf("restart of an engine that is not there: %v", err)
	}
}

func TestSignalReachesTheChosenEngine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.start(s.options("", 2))
	if err := c.Signal(s.context(), "usr1", 1); err != nil {
		t.Fatal(err)
	}
	s.until(c, "signalled", func(st cluster.Status) bool {
		b, err := os.ReadFile(find(st, 1).Log)
		return err == nil && strings.Contains(string(b), "signal USR1")
	})
	if err := c.Signal(s.context(), "NONE"); err == nil || !strings.Contains(err.Error(), "unknown signal") {
		t.Errorf("%v, want an unknown signal", err)
	}
}

func TestOrdersNeedTheTokenAndALivingSupervisor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.start(s.options("", 1))
	b, err := os.ReadFile(filepath.Join(s.dir, "security", "gopar-cluster.json"))
	if err != nil {
		t.Fatal(err)
	}
	var st struct{ Orders int }
	if err := json.Unmarshal(b, &st); err != nil || st.Orders == 0 {
		t.Fatal(st, err)
	}
	for _, line := range []string{`{"what":"scale","n":5,"token":"guess"}`, `{"what":"scale","n":5}`, `nonsense`} {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", st.Orders))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(conn, line)
		var answer struct{ Error string }
		if err := json.NewDecoder(conn).Decode(&answer); err != nil || answer.Error == "" {
			t.Errorf("%s: answer %+v, %v", line, answer, err)
		}
		conn.Close()
	}
	if err := syscall.Kill(s.status(c).Supervisor.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.until(c, "unwatched", func(st cluster.Status) bool { return st.Supervisor.State == launch.Done })
}

// The supervisor may be killed: an order starts another one, which knows from
// the state file what there is to watch.
func TestClusterWithoutSupervisorGetsAnotherOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.start(s.options("", 2))
	first := s.status(c)
	if err := syscall.Kill(first.Supervisor.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.until(c, "unwatched", func(st cluster.Status) bool { return st.Supervisor.State == launch.Done })
	if err := c.Scale(s.context(), 3, nil); err != nil {
		t.Fatal(err)
	}
	st := s.status(c)
	if st.State != cluster.Running || st.Supervisor.PID == first.Supervisor.PID || st.Hub.PID != first.Hub.PID ||
		len(st.Engines) != 3 || st.Engines[0].PID != first.Engines[0].PID {
		t.Errorf("status %+v, want the same hub and engines, one engine more, and another supervisor", st)
	}
	if err := syscall.Kill(first.Engines[1].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.until(c, "whole again", func(st cluster.Status) bool {
		return st.State == cluster.Running && len(st.Registered) == 3 && st.Engines[0].Restarts+st.Engines[1].Restarts+st.Engines[2].Restarts == 1
	})
}

// A cluster may hold engines of several kinds, each of which is scaled by its
// name; engines of one machine share its memory.
func TestSetsOfEnginesAreScaledByName(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := s.options("", 1)
	o.Sets = []cluster.EngineSet{{Name: "more", N: 2, Env: []string{"TEST_SET=more"}}}
	c := s.start(o)
	if st := s.status(c); st.Want != 3 || len(st.Registered) != 3 || !slices.Equal(indexes(st), []int{0, 1, 2}) {
		t.Fatalf("status %+v, want three engines", st)
	}
	if err := c.ScaleSet(s.context(), "more", 1, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Scale(s.context(), 2, nil); err != nil {
		t.Fatal(err)
	}
	st := s.status(c)
	jobs := map[string]int{}
	for _, e := range st.Engines {
		jobs[e.Job]++
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", e.PID))
		if err != nil {
			t.Fatal(err)
		}
		if more := strings.Contains(string(env), "TEST_SET=more"); more != (e.Job == "gopar-engines-2") {
			t.Errorf("engine %+v, environment of the other set", e)
		}
		if !strings.Contains(string(env), "GOPAR_MEMORY_LIMIT=") {
			t.Errorf("engine %+v may take all the memory", e)
		}
	}
	if st.Want != 3 || jobs["gopar-engines-1"] != 2 || jobs["gopar-engines-2"] != 1 {
		t.Errorf("status %+v, want two engines of the first set and one of the second", st)
	}
	if err := c.ScaleSet(s.context(), "nothing", 1, nil); err == nil || !strings.Contains(err.Error(), `no set of engines "nothing"`) {
		t.Errorf("an unknown set: %v", err)
	}
	o = s.options("twice", 1)
	o.Sets = []cluster.EngineSet{{N: 1}}
	if _, err := cluster.Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "two sets") {
		t.Errorf("two sets of one name: %v", err)
	}
}

func TestCleanRemovesLogsOfStoppedClustersOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.start(s.options("stays", 1))
	c := s.start(s.options("", 2))
	s.stop(c)
	other := filepath.Join(s.dir, "log", "something.log")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cleaned, err := cluster.Clean(t.Context(), s.dir, logr.Discard())
	if err != nil || !slices.Equal(cleaned, []string{""}) {
		t.Errorf("cleaned %q, %v: want the default cluster", cleaned, err)
	}
	files, err := os.ReadDir(filepath.Join(s.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	want := []string{"gopar-stays-engines-1-0.log", "gopar-stays-hub-0.log", "gopar-stays-supervisor.log", "something.log"}
	if !slices.Equal(names, want) {
		t.Errorf("logs %q, want %q", names, want)
	}
}
