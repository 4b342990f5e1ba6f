//go:build unix

// Package launchtest is the conformance suite of launch.Launcher: what every
// launcher must do, over the real system. The jobs it starts are the test
// binary itself: TestMain calls Main first.
//
// It is not a test of package cluster, and starts no hub.
package launchtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/launch"
)

// System is what the suite needs to know about a launcher.
type System struct {
	New      func(t *testing.T) launch.Launcher // a launcher; called several times for reconnecting
	Dir      func(t *testing.T) string          // an empty directory that the jobs can see
	Deadline time.Duration                      // for one wait. Default: 20 s
	NoPIDs   bool                               // the system does not tell processes' ids
}

// suite is one run of the suite's tests.
type suite struct {
	System
	exe string
}

// Run runs the suite.
func Run(t *testing.T, sys System) {
	if sys.Deadline == 0 {
		sys.Deadline = 20 * time.Second
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := suite{System: sys, exe: exe}
	for _, test := range []struct {
		name string
		f    func(t *testing.T)
	}{
		{"EveryTaskRunsAndLogsToItsOwnFile", s.everyTaskRuns},
		{"ArgumentsEnvironmentAndDirectoryArriveUnchanged", s.argumentsArrive},
		{"StandardInputIsEmpty", s.stdinIsEmpty},
		{"ExitCodeIsReported", s.exitCode},
		{"OneTaskCanBeSignalled", s.signalOne},
		{"StopAsksFirst", s.stopAsks},
		{"StopForcesWhatDoesNotObey", s.stopForces},
		{"StopTakesDescendantsToo", s.stopTakesDescendants},
		{"StopOfStoppedJobIsNoError", s.stopTwice},
		{"AnotherLauncherTakesOverByTheRecord", s.takeOver},
		{"RestartedTaskKeepsItsIndexAndLog", s.restart},
		{"SeveralJobsArePolledInOrder", s.pollOrder},
		{"JobThatCannotStartIsAnErrorAndLeavesNothing", s.cannotStart},
		{"CanceledContextStartsNothing", s.canceled},
		{"RenderShowsProgramAndArguments", s.render},
	} {
		t.Run(test.name, test.f)
	}
}

func (s *suite) context(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), s.Deadline)
	t.Cleanup(cancel)
	return ctx
}

func (s *suite) launcher(t *testing.T) launch.Launcher {
	l := s.New(t)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error("close the launcher:", err)
		}
	})
	return l
}

func (s *suite) job(t *testing.T, n int, mode string, args ...string) launch.Job {
	return launch.Job{
		Name: "gopar-launchtest", Exe: s.exe, Args: append([]string{command, mode}, args...), LogDir: s.Dir(t), N: n,
	}
}

// start starts a job and stops it when the test ends.
func (s *suite) start(t *testing.T, l launch.Launcher, j launch.Job) *launch.Record {
	t.Helper()
	rec, err := l.Start(s.context(t), j)
	if err != nil {
		t.Fatal("start:", err)
	}
	t.Cleanup(func() {
		// The launcher of the test may be closed by now.
		l := s.New(t)
		defer l.Close()
		ctx, cancel := context.WithTimeout(context.Background(), s.Deadline)
		defer cancel()
		if err := launch.Stop(ctx, l, 0, rec); err != nil {
			t.Error("stop after the test:", err)
		}
	})
	return rec
}

func (s *suite) wait(t *testing.T, l launch.Launcher, what string, ok func([]launch.Task) bool, recs ...*launch.Record) []launch.Task {
	t.Helper()
	tasks, err := launch.Wait(s.context(t), l, ok, recs...)
	if err != nil {
		t.Fatalf("waiting for %s: %v; tasks: %+v", what, err, tasks)
	}
	return tasks
}

// waitLog waits until a task has logged line.
func (s *suite) waitLog(t *testing.T, l launch.Launcher, rec *launch.Record, task int, line string) []string {
	t.Helper()
	ctx := s.context(t)
	for {
		lines, err := l.Tail(ctx, rec, task, 100)
		for _, got := range lines {
			if got == line {
				return lines
			}
		}
		select {
		case <-ctx.Done():
			t.Fatalf("task %d never logged %q; log: %q, %v", task, line, lines, err)
		case <-time.After(5 * time.Millisecond): // files have no events
		}
	}
}

func all(state launch.State) func([]launch.Task) bool {
	return func(tasks []launch.Task) bool {
		for _, t := range tasks {
			if t.State != state {
				return false
			}
		}
		return len(tasks) > 0
	}
}

func (s *suite) everyTaskRuns(t *testing.T) {
	l := s.launcher(t)
	rec := s.start(t, l, s.job(t, 3, modeStay))
	if rec.Launcher != l.Traits().Kind || rec.Name != "gopar-launchtest" || rec.N != 3 || rec.ID == "" {
		t.Errorf("record %+v does not describe the job", rec)
	}
	tasks := s.wait(t, l, "three running tasks", all(launch.Running), rec)
	if len(tasks) != 3 {
		t.Fatalf("%d tasks, want 3", len(tasks))
	}
	pids := make(map[int]bool)
	for i, task := range tasks {
		if task.Index != i || task.Job != rec.Name {
			t.Errorf("task %d is described as %+v", i, task)
		}
		pids[task.PID] = true
		s.waitLog(t, l, rec, i, readyLine)
	}
	if len(pids) != 3 && !s.NoPIDs {
		t.Errorf("pids %v, want three different ones", pids)
	}
}

func (s *suite) argumentsArrive(t *testing.T) {
	l := s.launcher(t)
	j := s.job(t, 1, modeShow, "two words", `quo"te's`, "$HOME", "*", "", `back\slash`, "ünïcode")
	j.Env = []string{"LAUNCHTEST=a 'b' \"c\" $HOME \\"}
	j.Dir = filepath.Join(s.Dir(t), "dir with blanks")
	if err := os.Mkdir(j.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	rec := s.start(t, l, j)
	s.wait(t, l, "its end", launch.AllDone, rec)
	lines, err := l.Tail(s.context(t), rec, 0, 1)
	if err != nil || len(lines) != 1 {
		t.Fatalf("log: %q, %v", lines, err)
	}
	var got shown
	if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
		t.Fatalf("%q: %v", lines[0], err)
	}
	if fmt.Sprintf("%q", got.Args) != fmt.Sprintf("%q", j.Args[2:]) {
		t.Errorf("arguments %q, want %q", got.Args, j.Args[2:])
	}
	if "LAUNCHTEST="+got.Env != j.Env[0] {
		t.Errorf("environment %q, want %q", got.Env, j.Env[0])
	}
	if want, _ := filepath.EvalSymlinks(j.Dir); got.Dir != want {
		t.Errorf("directory %q, want %q", got.Dir, want)
	}
}

func (s *suite) stdinIsEmpty(t *testing.T) {
	l := s.launcher(t)
	rec := s.start(t, l, s.job(t, 1, modeRead))
	s.waitLog(t, l, rec, 0, "read 0 bytes")
}

func (s *suite) exitCode(t *testing.T) {
	l := s.launcher(t)
	rec := s.start(t, l, s.job(t, 1, modeExit, "3"))
	tasks := s.wait(t, l, "its end", launch.AllDone, rec)
	if tasks[0].Exit == nil || *tasks[0].Exit != 3 || tasks[0].Reason == "" || tasks[0].Ended.IsZero() {
		t.Errorf("ended task %+v, want exit code 3, a reason and a time", tasks[0])
	}
}

func (s *suite) signalOne(t *testing.T) {
	l := s.launcher(t)
	rec := s.start(t, l, s.job(t, 3, modeStay))
	for i := range 3 {
		s.waitLog(t, l, rec, i, readyLine)
	}
	if err := l.Signal(s.context(t), rec, launch.Terminate, 1); err != nil {
		t.Fatal(err)
	}
	s.waitLog(t, l, rec, 1, askedLine)
	tasks := s.wait(t, l, "the end of task 1", func(ts []launch.Task) bool { return ts[1].State == launch.Done }, rec)
	if tasks[0].State != launch.Running || tasks[2].State != launch.Running {
		t.Errorf("the others are affected: %+v", tasks)
	}
	if err := l.Signal(s.context(t), rec, launch.Terminate, 1); err != nil {
		t.Errorf("signal to a task that is gone: %v", err)
	}
}

func (s *suite) stopAsks(t *testing.T) {
	l := s.launcher(t)
	rec := s.start(t, l, s.job(t, 2, modeStay))
	for i := range 2 {
		s.waitLog(t, l, rec, i, readyLine)
	}
	if err := launch.Stop(s.context(t), l, s.Deadline, rec); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		s.waitLog(t, l, rec, i, askedLine)
	}
	for _, task := range s.wait(t, l, "the end", launch.AllDone, rec) {
		if task.Exit == nil || *task.Exit != 0 {
			t.Errorf("task %+v, want exit code 0: it had time", task)
		}
	}
}

func (s *suite) stopForces(t *testing.T) {
	l := s.launcher(t)
	rec := s.start(t, l, s.job(t, 2, modeStubborn))
	for i := range 2 {
		s.waitLog(t, l, rec, i, readyLine)
	}
	if err := launch.Stop(s.context(t), l, 10*time.Millisecond, rec); err != nil {
		t.Fatal(err)
	}
	s.wait(t, l, "the end", launch.AllDone, rec)
}

func (s *suite) stopTakesDescendants(t *testing.T) {
	l := s.launcher(t)
	j := s.job(t, 1, modeFamily, filepath.Join(s.Dir(t), "fifo"))
	fifo := j.Args[2]
	alive := watchDescendant(t, fifo)
	rec := s.start(t, l, j)
	s.waitLog(t, l, rec, 0, readyLine)
	if err := launch.Stop(s.context(t), l, s.Deadline, rec); err != nil {
		t.Fatal(err)
	}
	// The descendant holds the fifo open for writing: its end is its death.
	select {
	case <-alive:
	case <-s.context(t).Done():
		t.Error("a child of the task survived Stop")
	}
}

func (s *suite) stopTwice(t *testing.T) {
	l := s.launcher(t)
	rec := s.start(t, l, s.job(t, 1, modeExit, "0"))
	s.wait(t, l, "its end", launch.AllDone, rec)
	for range 2 {
		if err := launch.Stop(s.context(t), l, time.Second, rec); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *suite) takeOver(t *testing.T) {
	first := s.launcher(t)
	rec := s.start(t, first, s.job(t, 2, modeStay))
	for i := range 2 {
		s.waitLog(t, first, rec, i, readyLine)
	}
	b, err := json.Marshal(rec)
	if err != nil {
		t.Fatal(err)
	}
	var copied launch.Record
	if err := json.Unmarshal(b, &copied); err != nil {
		t.Fatal(err)
	}
	second := s.launcher(t)
	s.wait(t, second, "running tasks", all(launch.Running), &copied)
	if err := launch.Stop(s.context(t), second, s.Deadline, &copied); err != nil {
		t.Fatal(err)
	}
	s.waitLog(t, second, &copied, 0, askedLine)
	s.wait(t, first, "the end", launch.AllDone, rec)
}

func (s *suite) restart(t *testing.T) {
	l := s.launcher(t)
	j := s.job(t, 3, modeStay)
	rec := s.start(t, l, j)
	s.waitLog(t, l, rec, 2, readyLine)
	if err := l.Signal(s.context(t), rec, launch.Kill, 2); err != nil {
		t.Fatal(err)
	}
	s.wait(t, l, "the end of task 2", func(ts []launch.Task) bool { return ts[2].State == launch.Done }, rec)
	j.First, j.N = 2, 1
	again := s.start(t, l, j)
	tasks := s.wait(t, l, "the new task", all(launch.Running), again)
	if len(tasks) != 1 || tasks[0].Index != 2 {
		t.Errorf("tasks %+v, want one with index 2", tasks)
	}
	if again.LogFile(2) != rec.LogFile(2) {
		t.Errorf("log file %s, want %s as before", again.LogFile(2), rec.LogFile(2))
	}
	ctx := s.context(t)
	for {
		lines, err := l.Tail(ctx, again, 2, 100)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(strings.Join(lines, "\n"), readyLine) == 2 {
			return // what the first one logged is kept
		}
		select {
		case <-ctx.Done():
			t.Fatalf("log %q, want the lines of both", lines)
		case <-time.After(5 * time.Millisecond): // files have no events
		}
	}
}

func (s *suite) pollOrder(t *testing.T) {
	l := s.launcher(t)
	j := s.job(t, 2, modeStay)
	a := s.start(t, l, j)
	j.Name += "-b"
	b := s.start(t, l, j)
	var got []string
	for _, task := range s.wait(t, l, "all to run", all(launch.Running), b, a) {
		got = append(got, task.Job+strconv.Itoa(task.Index))
	}
	want := []string{b.Name + "0", b.Name + "1", a.Name + "0", a.Name + "1"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("tasks %v, want %v", got, want)
	}
	if tasks, err := l.Poll(s.context(t)); err != nil || len(tasks) != 0 {
		t.Errorf("poll of nothing: %v, %v", tasks, err)
	}
}

func (s *suite) cannotStart(t *testing.T) {
	l := s.launcher(t)
	for name, change := range map[string]func(*launch.Job){
		"missing program":  func(j *launch.Job) { j.Exe = filepath.Join(j.LogDir, "nothing here") },
		"relative program": func(j *launch.Job) { j.Exe = "gopar" },
		"no tasks":         func(j *launch.Job) { j.N = 0 },
		"no name":          func(j *launch.Job) { j.Name = "" },
	} {
		j := s.job(t, 2, modeStay)
		change(&j)
		if rec, err := l.Start(s.context(t), j); err == nil {
			t.Errorf("%s: started as %+v", name, rec)
		}
	}
}

func (s *suite) canceled(t *testing.T) {
	l := s.launcher(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rec, err := l.Start(ctx, s.job(t, 1, modeStay)); err == nil {
		t.Errorf("started as %+v", rec)
	}
}

func (s *suite) render(t *testing.T) {
	l := s.launcher(t)
	j := s.job(t, 2, modeShow, "some-argument")
	j.Env = []string{"SOME_VARIABLE=1"}
	script, err := l.Render(j)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{j.Exe, "some-argument", "SOME_VARIABLE=1"} {
		if !bytes.Contains([]byte(script), []byte(want)) {
			t.Errorf("script lacks %q:\n%s", want, script)
		}
	}
}
