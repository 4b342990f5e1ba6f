//go:build unix

package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/proto"
)

func TestMain(m *testing.M) {
	if program() {
		return
	}
	// The race detector delays the exit of every process by a second.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	for _, v := range []string{proto.EnvProfileDir, proto.EnvClusterID, proto.EnvIPythonDir} {
		os.Unsetenv(v)
	}
	goleak.VerifyTestMain(m)
}

// site is an empty IPython directory with one profile.
type site struct {
	t   *testing.T
	dir string // of the profile
}

func newSite(t *testing.T) *site {
	base := filepath.Join(t.TempDir(), "dir with blanks")
	s := &site{t: t, dir: filepath.Join(base, "profile_default")}
	t.Cleanup(s.nothingLeft)
	return s
}

func (s *site) options(id string, n int) cluster.Options {
	exe, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	return cluster.Options{N: n, ID: id, ProfileDir: s.dir, Exe: exe, Timeout: 30 * time.Second}
}

func (s *site) start(o cluster.Options) *cluster.Cluster {
	s.t.Helper()
	c, err := cluster.Start(s.t.Context(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.stop(c) })
	return c
}

func (s *site) stop(c *cluster.Cluster) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := c.Stop(ctx); err != nil {
		s.t.Error(err)
	}
}

func (s *site) status(c *cluster.Cluster) cluster.Status {
	s.t.Helper()
	st, err := c.Status(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return st
}

// until waits until the status is as ok wants it.
func (s *site) until(c *cluster.Cluster, what string, ok func(cluster.Status) bool) cluster.Status {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		st, err := c.Status(s.t.Context())
		if err == nil && ok(st) {
			return st
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("never %s; status %+v, %v", what, st, err)
		}
		time.Sleep(5 * time.Millisecond) // a deadline-bound poll: Status has no events
	}
}

// nothingLeft fails the test if processes or files of the site's clusters are
// left, the logs apart.
func (s *site) nothingLeft() {
	s.t.Helper()
	files, err := os.ReadDir(filepath.Join(s.dir, "security"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Error(err)
	}
	for _, f := range files {
		s.t.Errorf("left behind: %s", f.Name())
	}
	for _, pid := range s.processes() {
		s.t.Errorf("left behind: process %d", pid)
	}
}

// processes returns the processes that work for the site: its clusters' hubs
// and engines name it in their environment.
func (s *site) processes() []int {
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		s.t.Fatal(err)
	}
	var pids []int
	for _, f := range environs {
		b, err := os.ReadFile(f)
		var pid int
		fmt.Sscanf(f, "/proc/%d/", &pid)
		if err == nil && pid != os.Getpid() && strings.Contains(string(b), proto.EnvProfileDir+"="+s.dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestStartedClusterRunsAndStopLeavesNothing(t *testing.T) {
	s := newSite(t)
	var seen []cluster.Status
	o := s.options("demo", 3)
	o.Progress = func(st cluster.Status) { seen = append(seen, st) }
	c := s.start(o)
	if _, err := proto.ReadClientInfo(c.ConnectionFile()); err != nil {
		t.Error(err)
	}
	st := s.status(c)
	if st.State != cluster.Running || st.Problem != "" || fmt.Sprint(st.Registered) != "[0 1 2]" || st.Want != 3 {
		t.Errorf("status %+v, want three engines and no problem", st)
	}
	if len(st.Engines) != 3 || st.Alive() != 3 || st.Hub == nil || st.Hub.State != launch.Running || st.Supervisor.State != launch.Running {
		t.Errorf("processes %+v", st)
	}
	for _, p := range append([]cluster.Process{*st.Hub}, st.Engines...) {
		if b, err := os.ReadFile(p.Log); err != nil || !strings.Contains(string(b), "ready") {
			t.Errorf("log %s: %q, %v", p.Log, b, err)
		}
	}
	if len(seen) == 0 || seen[0].State != cluster.Starting || seen[0].Want != 3 {
		t.Errorf("progress %+v", seen)
	}
	for _, f := range []string{c.ConnectionFile(), filepath.Join(s.dir, "security", "gopar-cluster-demo.json"), filepath.Join(s.dir, "security", "cluster-demo.json")} {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v: want mode 0600", f, info, err)
		}
	}
	s.stop(c)
	s.nothingLeft()
	if _, err := c.Status(t.Context()); !errors.Is(err, cluster.ErrNotFound) {
		t.Errorf("status of a stopped cluster: %v", err)
	}
}

func TestSecondStartOfTheSameClusterIsRefused(t *testing.T) {
	s := newSite(t)
	c := s.start(s.options("", 1))
	before := s.status(c)
	if _, err := cluster.Start(t.Context(), s.options("", 1)); !errors.Is(err, cluster.ErrRunning) {
		t.Errorf("%v, want ErrRunning", err)
	}
	if after := s.status(c); after.Hub.PID != before.Hub.PID || after.State != cluster.Running {
		t.Errorf("the running cluster is affected: %+v", after)
	}
}

func TestConcurrentStartsMakeOneCluster(t *testing.T) {
	s := newSite(t)
	errs := make(chan error)
	clusters := make(chan *cluster.Cluster, 4)
	for range 4 {
		go func() {
			c, err := cluster.Start(t.Context(), s.options("race", 1))
			if err == nil {
				clusters <- c
			}
			errs <- err
		}()
	}
	started := 0
	for range 4 {
		switch err := <-errs; {
		case err == nil:
			started++
		case !errors.Is(err, cluster.ErrRunning):
			t.Error(err)
		}
	}
	if started != 1 {
		t.Errorf("%d clusters started, want 1", started)
	}
	for range started {
		s.stop(<-clusters)
	}
}

func TestFindFindsTheClusterThatIsMeant(t *testing.T) {
	s := newSite(t)
	find := func(id string) (*cluster.Cluster, error) {
		return cluster.Find(t.Context(), cluster.Query{ID: id, ProfileDir: s.dir})
	}
	if _, err := find(""); !errors.Is(err, cluster.ErrNotFound) || !strings.Contains(err.Error(), "gopar cluster start") {
		t.Errorf("nothing runs: %v", err)
	}
	a := s.start(s.options("a", 1))
	if c, err := find(""); err != nil || c.ID() != "a" {
		t.Errorf("the only one: %v, %v", c, err)
	}
	s.start(s.options("b", 1))
	if c, err := find(""); err == nil || !strings.Contains(err.Error(), "a, b") {
		t.Errorf("two run: %v, %v", c, err)
	}
	if c, err := find("b"); err != nil || c.ID() != "b" {
		t.Errorf("by id: %v, %v", c, err)
	}
	if _, err := find("c"); !errors.Is(err, cluster.ErrNotFound) {
		t.Errorf("by unknown id: %v", err)
	}
	s.start(s.options("", 1))
	if c, err := find(""); err != nil || c.ID() != "" {
		t.Errorf("the default one wins: %v, %v", c, err)
	}
	t.Setenv(proto.EnvClusterID, "a")
	if c, err := find(""); err != nil || c.ID() != "a" {
		t.Errorf("$IPP_CLUSTER_ID: %v, %v", c, err)
	}
	s.stop(a)
}

func TestListShowsRunningClustersOfAllProfiles(t *testing.T) {
	s := newSite(t)
	t.Setenv(proto.EnvIPythonDir, filepath.Dir(s.dir))
	other := &site{t: t, dir: filepath.Join(filepath.Dir(s.dir), "profile_other")}
	t.Cleanup(other.nothingLeft)
	s.start(s.options("x", 1))
	s.start(s.options("", 1))
	other.start(other.options("y", 1))
	all, err := cluster.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range all {
		got = append(got, filepath.Base(c.ProfileDir())+":"+c.ID())
	}
	want := []string{"profile_default:", "profile_default:x", "profile_other:y"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestEngineThatDiesDuringStartFailsItWithItsLog(t *testing.T) {
	s := newSite(t)
	o := s.options("", 3)
	o.Env = []string{"TEST_ENGINE=die"}
	_, err := cluster.Start(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "engine has no licence") || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("%v, want the engine's last words", err)
	}
	s.nothingLeft()
}

func TestHubThatDiesDuringStartFailsItWithItsLog(t *testing.T) {
	s := newSite(t)
	o := s.options("", 2)
	o.Env = []string{"TEST_HUB=die"}
	_, err := cluster.Start(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "hub has no licence") {
		t.Errorf("%v, want the hub's last words", err)
	}
	s.nothingLeft()
}

func TestStartTimesOutAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]string{"hub": "TEST_HUB=stubborn", "engines": "TEST_ENGINE=mute"} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			o := s.options("", 2)
			o.Timeout = 500 * time.Millisecond
			o.Env = []string{env}
			if name == "hub" {
				o.Env = []string{"TEST_HUB=hang"}
			}
			if _, err := cluster.Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "within 500ms") {
				t.Errorf("%v, want a time-out", err)
			}
			s.nothingLeft()
		})
	}
}

func TestCanceledStartLeavesNothing(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := s.options("", 2)
	o.Env = []string{"TEST_ENGINE=mute"}
	o.Progress = func(cluster.Status) { cancel() }
	if _, err := cluster.Start(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
	s.nothingLeft()
}

func TestSupervisorKilledMidwayFailsTheStartAndLeavesNothing(t *testing.T) {
	s := newSite(t)
	o := s.options("", 2)
	o.Env = []string{"TEST_ENGINE=mute"}
	o.Progress = func(st cluster.Status) { syscall.Kill(st.Supervisor.PID, syscall.SIGKILL) }
	if _, err := cluster.Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "supervisor ended early") {
		t.Errorf("%v, want the supervisor's end", err)
	}
	s.nothingLeft()
}

func TestClusterOutlivesItsStarter(t *testing.T) {
	s := newSite(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperStarts$", "-test.v")
	cmd.Env = append(os.Environ(), "TEST_START="+s.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c, err := cluster.Find(t.Context(), cluster.Query{ProfileDir: s.dir})
	if err != nil {
		t.Fatal(err)
	}
	if st := s.status(c); st.State != cluster.Running || len(st.Registered) != 2 {
		t.Errorf("status %+v", st)
	}
	s.stop(c)
}

// TestHelperStarts is the starter of TestClusterOutlivesItsStarter and of
// TestStarterKilledMidwayLeavesNothing.
func TestHelperStarts(t *testing.T) {
	dir := os.Getenv("TEST_START")
	if dir == "" {
		return
	}
	s := &site{t: t, dir: dir}
	o := s.options("", 2)
	if pipe := os.Getenv("TEST_PROGRESS"); pipe != "" {
		o.Env = []string{"TEST_ENGINE=mute"}
		o.Progress = func(cluster.Status) { fmt.Println("progress") }
	}
	if _, err := cluster.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

func TestStarterKilledMidwayLeavesNothing(t *testing.T) {
	s := newSite(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestHelperStarts$", "-test.v")
	cmd.Env = append(os.Environ(), "TEST_START="+s.dir, "TEST_PROGRESS=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for text := ""; !strings.Contains(text, "progress"); {
		n, err := out.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		text += string(buf[:n])
	}
	cmd.Process.Kill()
	cmd.Wait()
	deadline := time.Now().Add(20 * time.Second)
	for {
		files, err := os.ReadDir(filepath.Join(s.dir, "security"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 && len(s.processes()) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left: %v, %v", files, s.processes())
		}
		time.Sleep(5 * time.Millisecond) // a deadline-bound poll: the supervisor has no witness left
	}
}

func TestDeadEngineIsNoticedAndShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := s.options("", 3)
	o.Restarts = -1
	c := s.start(o)
	victim := s.status(c).Engines[1]
	if err := syscall.Kill(victim.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	st := s.until(c, "degraded", func(st cluster.Status) bool {
		return st.State == cluster.Degraded && len(st.Registered) == 2 && strings.Contains(st.Problem, "SIGKILL")
	})
	dead := st.Engines[1]
	if dead.State != launch.Done || dead.PID != victim.PID || !strings.Contains(dead.Reason, "SIGKILL") || dead.Ended.IsZero() {
		t.Errorf("dead engine %+v", dead)
	}
	if st.Alive() != 2 {
		t.Errorf("%d engines alive, want 2", st.Alive())
	}
}

func TestDeadHubIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := s.start(s.options("", 1))
	for range 2 {
		before := s.status(c).Hub.PID
		if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.until(c, "running again", func(st cluster.Status) bool { // engines of these tests register only once
			return st.State != cluster.Broken && st.Hub.PID != before && st.Alive() == 1
		})
	}
	s.stop(c)
	s.nothingLeft()
}

func TestDeadHubIsShownAndStopCleansUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := s.options("", 2)
	o.Restarts = -1
	c := s.start(o)
	if err := syscall.Kill(s.status(c).Hub.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.until(c, "broken", func(st cluster.Status) bool {
		return st.State == cluster.Broken && strings.Contains(st.Problem, "SIGKILL")
	})
	s.stop(c)
	s.nothingLeft()
}

func TestHubThatIsShutDownTakesTheClusterDown(t *testing.T) {
	s := newSite(t)
	c := s.start(s.options("", 2))
	if err := syscall.Kill(s.status(c).Hub.PID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		if _, err := c.Status(t.Context()); errors.Is(err, cluster.ErrNotFound) && len(s.processes()) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the cluster goes on without its hub")
		}
		time.Sleep(5 * time.Millisecond) // a deadline-bound poll: Status has no events
	}
	s.stop(c)
}

func TestClusterGoesOnWithoutItsSupervisorAndCanBeStopped(t *testing.T) {
	s := newSite(t)
	c := s.start(s.options("", 2))
	if err := syscall.Kill(s.status(c).Supervisor.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	st := s.until(c, "degraded", func(st cluster.Status) bool { return st.State == cluster.Degraded })
	if len(st.Registered) != 2 || !strings.Contains(st.Problem, "supervisor") {
		t.Errorf("status %+v", st)
	}
	if _, err := cluster.Start(t.Context(), s.options("", 2)); !errors.Is(err, cluster.ErrRunning) {
		t.Errorf("start while it runs: %v", err)
	}
	s.stop(c)
	s.nothingLeft()
}

func TestStubbornProcessesAreKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := s.options("", 2)
	o.Env = []string{"TEST_ENGINE=stubborn", "TEST_HUB=stubborn"}
	c := s.start(o)
	s.stop(c)
	s.nothingLeft()
}

func TestFilesOfDeadClustersAreRemovedAndDoNotHinderAStart(t *testing.T) {
	s := newSite(t)
	t.Setenv(proto.EnvIPythonDir, filepath.Dir(s.dir))
	kill := func(c *cluster.Cluster) {
		st := s.status(c)
		for _, pid := range []int{st.Supervisor.PID, st.Hub.PID, st.Engines[0].PID} {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		s.until(c, "broken", func(st cluster.Status) bool {
			return st.State == cluster.Broken && st.Supervisor.State == launch.Done
		})
	}
	kill(s.start(s.options("", 1)))
	s.start(s.options("", 1)) // over the remains
	kill(s.start(s.options("other", 2)))
	all, err := cluster.List(t.Context())
	if err != nil || len(all) != 1 || all[0].ID() != "" {
		t.Errorf("list %v, %v", all, err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "security", "*other*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func TestHubStartedByOtherMeansIsFoundAndStopped(t *testing.T) {
	s := newSite(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "hub", "--profile-dir="+s.dir, "--cluster-id=alien")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	var c *cluster.Cluster
	for deadline := time.Now().Add(20 * time.Second); c == nil; {
		c, err = cluster.Find(t.Context(), cluster.Query{ProfileDir: s.dir})
		if err != nil && time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if st := s.status(c); c.ID() != "alien" || st.State != cluster.Running {
		t.Errorf("status %+v", st)
	}
	if _, err := cluster.Start(t.Context(), s.options("alien", 1)); !errors.Is(err, cluster.ErrRunning) {
		t.Errorf("start beside it: %v", err)
	}
	s.stop(c)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWrongOptionsAreRefusedClearly(t *testing.T) {
	s := newSite(t)
	for name, c := range map[string]struct {
		change func(*cluster.Options)
		want   string
	}{
		"id with a slash": {func(o *cluster.Options) { o.ID = "../x" }, "use letters"},
		"long id":         {func(o *cluster.Options) { o.ID = strings.Repeat("x", 65) }, "longer than 64"},
		"negative n":      {func(o *cluster.Options) { o.N = -1 }, "-1 engines"},
		"no program":      {func(o *cluster.Options) { o.Exe = "/nothing/here" }, "/nothing/here"},
		"no variable":     {func(o *cluster.Options) { o.Env = []string{"x"} }, "NAME=value"},
		"no directory":    {func(o *cluster.Options) { o.Dir = "/nothing/here" }, "working directory"},
	} {
		o := s.options("", 1)
		c.change(&o)
		if _, err := cluster.Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	t.Setenv("PATH", "")
	t.Setenv("GOPAR", "")
	o := s.options("", 1)
	o.Exe = ""
	if _, err := cluster.Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "install.sh") {
		t.Errorf("no gopar anywhere: %v", err)
	}
}
