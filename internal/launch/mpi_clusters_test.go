//go:build clusters

// Tests over real Open MPI and MPICH, which make test-clusters installs.

package launch_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/launch/launchtest"
)

// mpis are the commands of the implementations, by the names that Debian gives them.
var mpis = map[string]string{"OpenMPI": "mpiexec.openmpi", "MPICH": "mpiexec.hydra"}

func newMPI(t *testing.T, command string) *launch.MPI {
	t.Helper()
	l, err := launch.NewMPI(launch.Options{Command: []string{command}}, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestMPIConforms(t *testing.T) {
	for name, command := range mpis {
		t.Run(name, func(t *testing.T) {
			launchtest.Run(t, launchtest.System{
				New:      func(t *testing.T) launch.Launcher { return newMPI(t, command) },
				Dir:      func(t *testing.T) string { return t.TempDir() },
				Deadline: 60 * time.Second,
			})
		})
	}
}

// A rank that fails, or is killed, does not take the others.
func TestMPIRankThatDiesLeavesTheOthersAlone(t *testing.T) {
	for name, command := range mpis {
		t.Run(name, func(t *testing.T) {
			l := newMPI(t, command)
			rec, err := l.Start(deadline(t), stay(t, 4))
			if err != nil {
				t.Fatal(err)
			}
			stopAfter(t, l, rec)
			tasks, err := launch.Wait(deadline(t), l, func(ts []launch.Task) bool {
				n := 0
				for _, task := range ts {
					if task.State == launch.Running {
						n++
					}
				}
				return n == 4
			}, rec)
			if err != nil {
				t.Fatalf("%+v, %v", tasks, err)
			}
			if err := syscall.Kill(tasks[2].PID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			after, err := launch.Wait(deadline(t), l, func(ts []launch.Task) bool { return ts[2].State == launch.Done }, rec)
			if err != nil || after[2].Signal != launch.Kill {
				t.Errorf("%+v, %v: want rank 2 killed", after, err)
			}
			for i := 0; i < 10; i++ { // the others would be ended within moments
				if after, err = l.Poll(deadline(t), rec); err != nil {
					t.Fatal(err)
				}
				for _, k := range []int{0, 1, 3} {
					if after[k].State != launch.Running || after[k].PID != tasks[k].PID {
						t.Fatalf("%+v: rank %d is gone, too", after, k)
					}
				}
				<-time.After(100 * time.Millisecond)
			}
		})
	}
}

// Rank and size are in the environment, whatever the implementation calls them.
func TestMPITasksKnowRankAndSize(t *testing.T) {
	for name, command := range mpis {
		t.Run(name, func(t *testing.T) {
			l := newMPI(t, command)
			j := stay(t, 3)
			j.Exe, j.Args, j.First = "/bin/sh", []string{"-c", "echo $GOPAR_RANK of $GOPAR_SIZE"}, 5
			rec, err := l.Start(deadline(t), j)
			if err != nil {
				t.Fatal(err)
			}
			stopAfter(t, l, rec)
			if tasks, err := launch.Wait(deadline(t), l, launch.AllDone, rec); err != nil {
				t.Fatalf("%+v, %v", tasks, err)
			}
			for i, want := range []string{"0 of 3", "1 of 3", "2 of 3"} {
				if lines, err := l.Tail(deadline(t), rec, 5+i, 5); err != nil || strings.Join(lines, "|") != want {
					t.Errorf("task %d says %q, %v; want %q", 5+i, lines, err, want)
				}
			}
		})
	}
}
