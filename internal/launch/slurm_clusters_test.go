//go:build clusters

// Tests over a real Slurm, which make test-clusters starts; $SLURM_CONF is its
// configuration.

package launch_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/launch/launchtest"
)

func newSlurm(t *testing.T, o launch.Options) *launch.Slurm {
	t.Helper()
	l, err := launch.NewSlurm(o, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestSlurmConforms(t *testing.T) {
	for _, mode := range []string{launch.ModeArray, launch.ModeAllocation} {
		t.Run(mode, func(t *testing.T) {
			launchtest.Run(t, launchtest.System{
				New:      func(t *testing.T) launch.Launcher { return newSlurm(t, launch.Options{Mode: mode}) },
				Dir:      func(t *testing.T) string { return t.TempDir() },
				Deadline: 60 * time.Second,
				NoPIDs:   mode == launch.ModeArray,
			})
		})
	}
}

// A task is asked to end before its time is over. Slurm counts minutes, and
// warns up to a minute early.
func TestSlurmWarnsOfTheWalltime(t *testing.T) {
	t.Parallel() // the others run meanwhile
	for _, mode := range []string{launch.ModeArray, launch.ModeAllocation} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			l := newSlurm(t, launch.Options{Mode: mode, Walltime: 61 * time.Second})
			j := sleeper(t, 1)
			j.Name += "-" + mode
			j.Exe, j.Args = "/bin/sh", []string{"-c", "trap 'echo asked; exit 7' TERM; sleep 600 & wait"}
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			rec, err := l.Start(ctx, j)
			if err != nil {
				t.Fatal(err)
			}
			stopAfter(t, l, rec)
			tasks, err := launch.Wait(ctx, l, launch.AllDone, rec)
			if err != nil || tasks[0].Exit == nil || *tasks[0].Exit != 7 {
				t.Fatalf("%+v, %v: want a task that ended by itself", tasks, err)
			}
			if lines, err := l.Tail(ctx, rec, 0, 5); err != nil || !strings.HasSuffix(strings.Join(lines, "|"), "asked") {
				t.Errorf("log %q, %v", lines, err)
			}
		})
	}
}

// sleeper is a job of n tasks that run until they are ended.
func sleeper(t *testing.T, n int) launch.Job {
	exe, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	return launch.Job{Name: "gopar-sleeper", Exe: exe, Args: []string{"600"}, LogDir: t.TempDir(), N: n}
}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func stopAfter(t *testing.T, l launch.Launcher, rec *launch.Record) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
		defer cancel()
		if err := launch.Stop(ctx, l, 0, rec); err != nil {
			t.Error(err)
		}
	})
}

func TestSlurmShowsWhyATaskWaitsAndCancelsIt(t *testing.T) {
	// More than the partition allows: Slurm accepts the job and never runs it.
	l := newSlurm(t, launch.Options{Queue: "short", Walltime: 10 * time.Minute})
	rec, err := l.Start(deadline(t), sleeper(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	stopAfter(t, l, rec)
	tasks, err := launch.Wait(deadline(t), l, func(ts []launch.Task) bool {
		return ts[0].State == launch.Pending && ts[1].State == launch.Pending && ts[1].Reason == "PartitionTimeLimit"
	}, rec)
	if err != nil {
		t.Fatalf("%+v, %v: want the reason PartitionTimeLimit", tasks, err)
	}
	if err := launch.Stop(deadline(t), l, 30*time.Second, rec); err != nil {
		t.Fatal(err)
	}
}

func TestSlurmRunsThrottledTasksOneByOne(t *testing.T) {
	l := newSlurm(t, launch.Options{Throttle: 1})
	rec, err := l.Start(deadline(t), sleeper(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	stopAfter(t, l, rec)
	_, err = launch.Wait(deadline(t), l, func(ts []launch.Task) bool {
		return ts[0].State == launch.Running && ts[1].State == launch.Pending && ts[1].Reason == "JobArrayTaskLimit"
	}, rec)
	if err != nil {
		t.Fatal(err)
	}
}

func TestSlurmRefusesAnUnknownPartitionAtOnce(t *testing.T) {
	l := newSlurm(t, launch.Options{Queue: "nowhere"})
	if _, err := l.Start(deadline(t), sleeper(t, 1)); err == nil || !strings.Contains(err.Error(), "nvalid partition") {
		t.Errorf("%v, want sbatch's complaint", err)
	}
}

func TestSlurmUsesTheUsersTemplate(t *testing.T) {
	l := newSlurm(t, launch.Options{
		CPUs: 2, Template: "#!/bin/sh\n#SBATCH --comment=mine\necho from the template\n{{command}}\n",
	})
	j := sleeper(t, 1)
	j.Exe, j.Args = "/bin/sh", []string{"-c", "echo $SLURM_CPUS_PER_TASK"}
	rec, err := l.Start(deadline(t), j)
	if err != nil {
		t.Fatal(err)
	}
	stopAfter(t, l, rec)
	if _, err := launch.Wait(deadline(t), l, launch.AllDone, rec); err != nil {
		t.Fatal(err)
	}
	if lines, err := l.Tail(deadline(t), rec, 0, 5); err != nil || strings.Join(lines, "|") != "from the template|2" {
		t.Errorf("log %q, %v", lines, err)
	}
}

// TestSlurmThatDoesNotAnswerIsNotTheEndOfAJob stops the controller: nothing is
// known then, and the job is found again when it is back.
func TestSlurmThatDoesNotAnswerIsNotTheEndOfAJob(t *testing.T) {
	l := newSlurm(t, launch.Options{})
	rec, err := l.Start(deadline(t), sleeper(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	stopAfter(t, l, rec)
	running := func(ts []launch.Task) bool { return ts[0].State == launch.Running }
	if _, err := launch.Wait(deadline(t), l, running, rec); err != nil {
		t.Fatal(err)
	}
	conf := os.Getenv("SLURM_CONF")
	pid, err := os.ReadFile(filepath.Join(filepath.Dir(conf), "slurmctld.pid"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("kill", strings.TrimSpace(string(pid))).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for ctx := deadline(t); ; {
		began := time.Now()
		tasks, err := l.Poll(ctx, rec)
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("the query took %v", took)
		}
		if err != nil {
			break
		}
		if tasks[0].State != launch.Running {
			t.Fatalf("while the controller goes away: %+v", tasks)
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Fatal("the controller does not end")
		}
	}
	if out, err := exec.Command("slurmctld", "-f", conf).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if tasks, err := launch.Wait(deadline(t), l, running, rec); err != nil {
		t.Fatalf("after the controller's restart: %+v, %v", tasks, err)
	}
}
