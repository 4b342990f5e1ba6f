//go:build unix

package launch_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/launch/launchtest"
)

func TestMain(m *testing.M) {
	if code, isJob := launchtest.Main(); isJob {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

func newLocal(t *testing.T) *launch.Local {
	l := launch.NewLocal(logr.Discard())
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestLocalConforms(t *testing.T) {
	launchtest.Run(t, launchtest.System{
		New: func(*testing.T) launch.Launcher { return launch.NewLocal(logr.Discard()) },
		Dir: func(t *testing.T) string { return t.TempDir() },
	})
}

// bystander is a process that is none of the launcher's business.
func bystander(t *testing.T) (launch.Proc, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	p, err := launch.Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return p, cmd
}

func TestRecycledPidIsNeverSignalled(t *testing.T) {
	p, cmd := bystander(t)
	if err := p.Check(); err != nil {
		t.Fatal("the identity of a living process:", err)
	}
	stolen := p
	stolen.Start = "1"
	otherBoot := p
	otherBoot.Boot = "another"
	l := newLocal(t)
	for _, p := range []launch.Proc{stolen, otherBoot} {
		rec := &launch.Record{Launcher: "local", ID: "mark", Name: "old", N: 1, Procs: []launch.Proc{p}}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := launch.Stop(ctx, l, time.Second, rec); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
			t.Fatalf("the process that has got the pid of %v was killed: %v", p, err)
		}
		if tasks, err := l.Poll(ctx, rec); err != nil || tasks[0].State != launch.Done {
			t.Errorf("tasks %+v, %v: want done", tasks, err)
		}
	}
}

func TestProcessOfAnotherMachineIsUnknownAndStopSaysSo(t *testing.T) {
	p, _ := bystander(t)
	p.Host += "-other"
	l := newLocal(t)
	rec := &launch.Record{Launcher: "local", ID: "mark", Name: "far", N: 1, Procs: []launch.Proc{p}}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if tasks, err := l.Poll(ctx, rec); err != nil || tasks[0].State != launch.Unknown {
		t.Errorf("tasks %+v, %v: want unknown", tasks, err)
	}
	if err := launch.Stop(ctx, l, 10*time.Millisecond, rec); !errors.Is(err, launch.ErrElsewhere) {
		t.Errorf("stop: %v, want ErrElsewhere", err)
	}
}

func TestZombieIsGone(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	p, err := launch.Identify(cmd.Process.Pid)
	for deadline := time.Now().Add(10 * time.Second); err == nil && time.Now().Before(deadline); {
		err = p.Check()
	}
	if !errors.Is(err, launch.ErrGone) {
		t.Errorf("a process that has ended but is not reaped: %v, want ErrGone", err)
	}
}

func TestTasksLeadTheirOwnSessions(t *testing.T) {
	l := newLocal(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rec, err := l.Start(t.Context(), launch.Job{Name: "session", Exe: exe, Args: []string{"launchtest", "stay"}, LogDir: t.TempDir(), N: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer launch.Stop(context.Background(), l, 0, rec)
	for _, p := range rec.Procs {
		out, err := exec.Command("ps", "-o", "pgid=,sess=", "-p", strconv.Itoa(p.PID)).Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strconv.Itoa(p.PID)
		if f := strings.Fields(string(out)); len(f) != 2 || f[0] != want || f[1] != want {
			t.Errorf("process %d has group and session %q", p.PID, f)
		}
	}
}

func TestDeathOfAChildIsToldAtOnce(t *testing.T) {
	l := newLocal(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rec, err := l.Start(t.Context(), launch.Job{Name: "dies", Exe: exe, Args: []string{"launchtest", "stay"}, LogDir: t.TempDir(), N: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(rec.Procs[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(10 * time.Second)
	for {
		select {
		case <-l.Traits().Changed:
		case <-deadline:
			t.Fatal("nobody told")
		}
		tasks, err := l.Poll(t.Context(), rec)
		if err != nil {
			t.Fatal(err)
		}
		if tasks[0].State == launch.Done {
			if tasks[0].Signal != launch.Kill || tasks[0].Reason != "killed by signal SIGKILL" {
				t.Errorf("task %+v, want the signal named", tasks[0])
			}
			return
		}
	}
}

func TestStateNamesRoundTrip(t *testing.T) {
	for s := launch.Unknown; s <= launch.Done; s++ {
		b, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		got := launch.State(99)
		if err := got.UnmarshalText(b); err != nil || got != s {
			t.Errorf("%s: %v, %v", b, got, err)
		}
	}
}

func TestTailFileReadsOnlyTheEnd(t *testing.T) {
	path := t.TempDir() + "/log"
	text := strings.Repeat("x", 1<<20) + "\none\ntwo\nthree\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lines, err := launch.TailFile(path, 2)
	if err != nil || strings.Join(lines, " ") != "two three" {
		t.Errorf("%q, %v", lines, err)
	}
}
