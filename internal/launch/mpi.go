//go:build unix

package launch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// MPI runs the tasks of a job as ranks that mpiexec starts together, of Open MPI
// or MPICH. An mpiexec ends all ranks when one fails; the shell above each rank
// keeps a failure from it, so that the others go on. Files have to be shared by
// the machines that mpiexec uses. A rank of another machine cannot be signalled
// alone.
type MPI struct {
	o     Options
	log   logr.Logger
	local *Local
	ranks ranks

	mu    sync.Mutex
	flags []string // guarded by mu: what this mpiexec needs; nil until it was asked
}

// NewMPI returns a launcher for the mpiexec of this machine. It must be closed.
func NewMPI(o Options, log logr.Logger) (*MPI, error) {
	if err := o.check("mpi", "hosts", "command", "prologue", "epilogue"); err != nil {
		return nil, err
	}
	if _, err := expandHosts(o.Hosts); err != nil {
		return nil, err
	}
	if len(o.Command) == 0 {
		o.Command = []string{"mpiexec"}
	}
	return &MPI{o: o, log: log.WithName("mpi"), local: NewLocal(log)}, nil
}

// Traits says that ranks are polled: they tell by files.
func (m *MPI) Traits() Traits {
	return Traits{Kind: "mpi", PollEvery: 200 * time.Millisecond, Elsewhere: len(m.o.Hosts) > 0}
}

// Close ends the launcher. Its jobs run on.
func (m *MPI) Close() error { return m.local.Close() }

// Render returns the script of a rank below the command that starts it.
func (m *MPI) Render(j Job) (string, error) {
	if err := j.check(); err != nil {
		return "", err
	}
	setup, err := j.shellSetup(&m.o)
	if err != nil {
		return "", err
	}
	rec := m.record(&j, "MARK")
	return "# " + strings.Join(append(m.o.Command, "-n", fmt.Sprint(j.N), "sh", rec.script()), " ") + "\n" + rec.rankScript(&j, &m.o, setup, true), nil
}

func (m *MPI) record(j *Job, mark string) *Record {
	return &Record{Launcher: "mpi", ID: mark, Mark: mark, Name: j.Name, First: j.First, N: j.N, LogDir: j.LogDir}
}

// script is the file of the ranks' script: what is in it is in no process list.
func (r *Record) script() string { return filepath.Join(r.LogDir, "."+r.Name+"."+r.Mark+".sh") }

// implementation returns the arguments that make an mpiexec behave, by what it
// says it is.
func (m *MPI) implementation(ctx context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.flags != nil {
		return m.flags, nil
	}
	out, err := command(ctx, "", m.o.Command[0], "--version")
	if err != nil {
		return nil, fmt.Errorf("mpi: %w", err)
	}
	switch {
	case strings.Contains(out, "Open MPI"), strings.Contains(out, "OpenRTE"), strings.Contains(out, "PRRTE"):
		// More ranks than processors are the user's business; so is being root. A rank
		// that a signal ends takes the shell above it with it only if both are hit.
		m.flags = []string{"--oversubscribe", "--enable-recovery", "--mca", "orte_abort_on_non_zero_status", "0"}
		if os.Getuid() == 0 {
			m.flags = append(m.flags, "--allow-run-as-root")
		}
	case strings.Contains(out, "HYDRA"), strings.Contains(out, "MPICH"):
		m.flags = []string{"-disable-auto-cleanup"}
	default:
		m.flags = []string{}
	}
	return m.flags, nil
}

// Start starts one mpiexec for all tasks.
func (m *MPI) Start(ctx context.Context, j Job) (*Record, error) {
	err := j.check()
	if err == nil {
		err = j.checkExe()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	rec := m.record(&j, rand.Text())
	setup, err := j.shellSetup(&m.o)
	if err != nil {
		return nil, err
	}
	args, err := m.implementation(ctx)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", j.Name, err)
	}
	args = append(append(append([]string{}, m.o.Command[1:]...), args...), "-n", fmt.Sprint(j.N))
	if hosts, err := expandHosts(m.o.Hosts); err == nil && len(hosts) > 0 {
		args = append(args, "--host", strings.Join(hosts, ","))
	}
	exe, err := exec.LookPath(m.o.Command[0])
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", j.Name, err)
	}
	if err := rec.createLogs(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(rec.script(), []byte(rec.rankScript(&j, &m.o, setup, true)), 0o600); err != nil {
		return nil, fmt.Errorf("start %s: %w", j.Name, err)
	}
	// Marked with the same id, so that what the ranks leave behind is known.
	mpiexec, err := m.local.Start(ctx, Job{
		Name: j.Name + "-mpiexec", Exe: exe, Args: append(args, "/bin/sh", rec.script()), LogDir: j.LogDir, First: j.First, N: 1,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", j.Name, err), os.Remove(rec.script()))
	}
	rec.ID, rec.Procs, rec.Submitted = mpiexec.ID, mpiexec.Procs, mpiexec.Submitted
	m.log.V(1).Info("job started", "job", j.Name, "tasks", j.N)
	return rec, nil
}

// mpiexec is the job of the mpiexec process.
func (r *Record) mpiexec() *Record {
	return &Record{Launcher: "local", ID: r.ID, Name: r.Name + "-mpiexec", First: r.First, N: 1, LogDir: r.LogDir, Submitted: r.Submitted, Procs: r.Procs}
}

// Poll looks at mpiexec and at what the ranks have written down.
func (m *MPI) Poll(ctx context.Context, recs ...*Record) ([]Task, error) {
	var tasks []Task
	for _, r := range recs {
		jobs, err := m.local.Poll(ctx, r.mpiexec())
		if err != nil {
			return nil, err
		}
		told, err := m.ranks.poll(r, m.job(r, jobs))
		if err != nil {
			return nil, err
		}
		for i, t := range told {
			// One whose process is gone although its shell did not say so.
			if t.State == Running {
				if p := m.proc(r, t.Index); errors.Is(p.Check(), ErrGone) && jobs[0].State == Done {
					told[i].State, told[i].Reason, told[i].Ended = Done, "its mpiexec has ended", time.Now()
				}
			}
		}
		tasks = append(tasks, told...)
	}
	return tasks, ctx.Err()
}

// job is the state of a job as its ranks see it: ranks whose mpiexec has ended
// may still run.
func (m *MPI) job(r *Record, jobs []Task) Task {
	job := jobs[0]
	job.PID, job.Host = 0, ""
	if job.State == Done {
		if lines, err := TailFile(r.mpiexec().LogFile(r.First), 3); err == nil && len(lines) > 0 {
			job.Reason += ": " + strings.Join(lines, " ")
		}
		for i := r.First; i < r.First+r.N; i++ {
			if p := m.proc(r, i); p.PID != 0 && p.Check() == nil {
				job.State = Running
			}
		}
	}
	return job
}

// proc is the process of a rank; without a pid if it has not begun or has ended.
func (m *MPI) proc(r *Record, index int) Proc {
	k, begun, err := readRank(r.rankFile(index))
	if err != nil || !begun || k.ended {
		return Proc{}
	}
	return k.proc
}

// Signal signals the ranks' processes. Terminate and Kill of a whole job reach
// ranks of other machines by mpiexec.
func (m *MPI) Signal(ctx context.Context, rec *Record, sig Signal, tasks ...int) error {
	whole := len(tasks) == 0 || len(tasks) >= rec.N
	if whole {
		tasks = nil
		for i := rec.First; i < rec.First+rec.N; i++ {
			tasks = append(tasks, i)
		}
	}
	// The ranks' sessions are theirs, the mark is the job's.
	reach := &Record{Launcher: "local", ID: rec.ID, Name: rec.Name, LogDir: rec.LogDir}
	far := false
	jobs, err := m.local.Poll(ctx, rec.mpiexec())
	if err != nil {
		return err
	}
	for _, i := range tasks {
		k, begun, err := readRank(rec.rankFile(i))
		if err == nil && !begun && jobs[0].State == Running && !whole {
			k, err = rec.awaitRank(ctx, i)
			begun = err == nil
		}
		if err != nil {
			return fmt.Errorf("signal %s task %d: %w", rec.Name, i, err)
		}
		if !begun {
			continue
		}
		if errors.Is(k.proc.Check(), ErrElsewhere) {
			if k.ended {
				continue
			}
			if !whole {
				return fmt.Errorf("signal %s task %d: it runs on %s: only all tasks of the job can be signalled", rec.Name, i, k.proc.Host)
			}
			far = true
			continue
		}
		reach.Procs = append(reach.Procs, k.proc)
	}
	reach.N = len(reach.Procs)
	errs := []error{m.local.Signal(ctx, reach, sig)}
	if whole && (far || sig == Kill || sig == Terminate && reach.N < rec.N) {
		errs = append(errs, m.local.Signal(ctx, rec.mpiexec(), sig))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("signal %s: %w", rec.Name, err)
	}
	if whole && sig == Kill {
		return m.forget(ctx, rec)
	}
	return nil
}

// forget removes the files of a job that is over.
func (m *MPI) forget(ctx context.Context, rec *Record) error {
	jobs, err := m.local.Poll(ctx, rec.mpiexec())
	if err != nil {
		return err
	}
	job := m.job(rec, jobs)
	if job.State != Done {
		return nil // it will be asked again
	}
	if err := m.ranks.forget(rec, job); err != nil {
		return err
	}
	if err := os.Remove(rec.script()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Tail reads the end of the task's log file.
func (*MPI) Tail(_ context.Context, rec *Record, task, n int) ([]string, error) {
	return TailFile(rec.LogFile(task), n)
}
