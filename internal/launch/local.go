//go:build unix

package launch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sys/unix"
)

// markVar is the environment variable that marks every process of a local job,
// and what it starts, with the job's id.
const markVar = "GOPAR_JOB"

// Local runs jobs as daemons of this machine: each task leads a session and a
// process group of its own, reads nothing, writes to its log file, and outlives
// the process that started it. A Local knows at once when one of its own
// children ends, and how; about the jobs of another process it knows from their
// records whether they live.
type Local struct {
	log     logr.Logger
	changed chan struct{} // capacity 1: a hint that is pending need not be given twice
	sigs    chan os.Signal
	done    chan struct{}
	wg      sync.WaitGroup
	close   sync.Once

	mu       sync.Mutex
	children map[Proc]*child // of this process; an entry outlives its process
}

// child is how a process of ours ended.
type child struct {
	ended  time.Time // zero while it runs
	exit   *int
	signal Signal
	reason string
}

// NewLocal returns a launcher for this machine. It must be closed.
func NewLocal(log logr.Logger) *Local {
	l := &Local{
		log:      log,
		changed:  make(chan struct{}, 1),
		sigs:     make(chan os.Signal, 1), // one pending SIGCHLD stands for any number
		done:     make(chan struct{}),
		children: make(map[Proc]*child),
	}
	signal.Notify(l.sigs, syscall.SIGCHLD)
	l.wg.Go(l.watch)
	return l
}

// watch turns the death of any child into a hint; Poll finds out which.
func (l *Local) watch() {
	for {
		select {
		case <-l.done:
			return
		case <-l.sigs:
			l.hint()
		}
	}
}

func (l *Local) hint() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// Close ends the launcher. Its jobs run on.
func (l *Local) Close() error {
	l.close.Do(func() {
		signal.Stop(l.sigs)
		close(l.done)
	})
	l.wg.Wait()
	return nil
}

// Traits says that children are watched, others polled.
func (l *Local) Traits() Traits {
	return Traits{Kind: "local", PollEvery: 20 * time.Millisecond, Changed: l.changed}
}

// Render returns one command line for each task.
func (l *Local) Render(j Job) (string, error) {
	if err := j.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	if j.Dir != "" {
		fmt.Fprintf(&b, "cd %s\n", shellQuote(j.Dir))
	}
	for i := j.First; i < j.First+j.N; i++ {
		b.WriteString("setsid")
		if len(j.Env) > 0 {
			b.WriteString(" env")
		}
		for _, w := range slices.Concat(j.Env, []string{j.Exe}, j.Args) {
			b.WriteString(" " + shellQuote(w))
		}
		fmt.Fprintf(&b, " </dev/null >>%s 2>&1 &\n", shellQuote(j.LogFile(i)))
	}
	return b.String(), nil
}

// Start starts all tasks at once.
func (l *Local) Start(ctx context.Context, j Job) (*Record, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	rec := &Record{
		Launcher: "local", ID: rand.Text(), Name: j.Name, First: j.First, N: j.N,
		LogDir: j.LogDir, Submitted: time.Now(), Procs: make([]Proc, 0, j.N),
	}
	for i := j.First; i < j.First+j.N; i++ {
		err := ctx.Err()
		var p Proc
		if err == nil {
			p, err = l.startTask(&j, rec.ID, i)
		}
		if err != nil {
			// The caller's ctx may be what failed: the clean-up has its own.
			kctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return nil, errors.Join(fmt.Errorf("start %s task %d: %w", j.Name, i, err), l.Signal(kctx, rec, Kill))
		}
		rec.Procs = append(rec.Procs, p)
	}
	l.hint() // the signal of a child that ended before it was noted is past
	l.log.V(1).Info("job started", "job", j.Name, "tasks", j.N)
	return rec, nil
}

func (l *Local) startTask(j *Job, mark string, i int) (Proc, error) {
	in, err := os.Open(os.DevNull)
	if err != nil {
		return Proc{}, err
	}
	defer in.Close()
	out, err := os.OpenFile(j.LogFile(i), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return Proc{}, err
	}
	defer out.Close()
	p, err := os.StartProcess(j.Exe, append([]string{filepath.Base(j.Exe)}, j.Args...), &os.ProcAttr{
		Dir:   j.Dir,
		Env:   environ(slices.Concat(j.Env, j.Secrets, []string{markVar + "=" + mark})),
		Files: []*os.File{in, out, out},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return Proc{}, err
	}
	pid := p.Pid
	if err := p.Release(); err != nil {
		return Proc{}, err
	}
	// A child that is not reaped yet keeps its pid, so this is it even if it
	// has ended already.
	id, err := identifyChild(pid)
	if err != nil {
		return Proc{}, err
	}
	l.mu.Lock()
	l.children[id] = new(child)
	l.mu.Unlock()
	return id, nil
}

// environ returns this process's environment with the given variables set.
func environ(set []string) []string {
	names := make(map[string]bool)
	for _, kv := range set {
		name, _, _ := strings.Cut(kv, "=")
		names[name] = true
	}
	return append(slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return names[name]
	}), set...)
}

// identifyChild identifies a child that may be a zombie already.
func identifyChild(pid int) (Proc, error) {
	id, err := Identify(pid)
	if !errors.Is(err, ErrGone) {
		return id, err
	}
	m, err := machine()
	return Proc{PID: pid, Start: "zombie", Boot: m.boot, Host: m.host}, err
}

// Poll returns the state of each task; how it ended is known for children of
// this process only.
func (l *Local) Poll(ctx context.Context, recs ...*Record) ([]Task, error) {
	l.reap()
	var tasks []Task
	for _, rec := range recs {
		for k, p := range rec.Procs {
			t := l.look(p)
			t.Job, t.Index, t.PID, t.Host = rec.Name, rec.First+k, p.PID, p.Host
			tasks = append(tasks, t)
		}
	}
	return tasks, ctx.Err()
}

// reap collects children that have ended.
func (l *Local) reap() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, c := range l.children {
		if !c.ended.IsZero() {
			continue
		}
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(p.PID, &ws, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR) || err == nil && pid == 0:
			continue // it runs
		case err != nil:
			c.reason = "ended" // somebody else reaped it
		case ws.Signaled():
			name := unix.SignalName(ws.Signal())
			c.signal, c.reason = Signal(strings.TrimPrefix(name, "SIG")), "killed by signal "+name
			if ws.CoreDump() {
				c.reason += " (core dumped)"
			}
		default:
			code := ws.ExitStatus()
			c.exit, c.reason = &code, fmt.Sprintf("exit status %d", code)
		}
		c.ended = time.Now()
	}
}

func (l *Local) look(p Proc) Task {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.children[p]; c != nil {
		if c.ended.IsZero() {
			return Task{State: Running}
		}
		return Task{State: Done, Reason: c.reason, Exit: c.exit, Signal: c.signal, Ended: c.ended}
	}
	switch err := p.Check(); {
	case err == nil:
		return Task{State: Running}
	case errors.Is(err, ErrGone):
		return Task{State: Done, Reason: "gone"}
	default:
		return Task{State: Unknown, Reason: err.Error()}
	}
}

// Signal signals the processes that are proved to be the job's. Kill takes
// the whole session of each and returns when nothing of it is left.
func (l *Local) Signal(ctx context.Context, rec *Record, s Signal, tasks ...int) error {
	sig := unix.SignalNum("SIG" + string(s))
	if sig == 0 {
		return fmt.Errorf("signal %s: unknown signal %q", rec.Name, string(s))
	}
	var errs []error
	leaders := make(map[int]bool)
	var procs []Proc
	for k, p := range rec.Procs {
		if len(tasks) > 0 && !slices.Contains(tasks, rec.First+k) {
			continue
		}
		procs = append(procs, p)
		leaders[p.PID] = true
		if err := l.send(p, sig, s == Kill); err != nil {
			errs = append(errs, fmt.Errorf("signal %s task %d: %w", rec.Name, rec.First+k, err))
		}
	}
	if s == Kill && len(errs) == 0 {
		errs = append(errs, l.sweep(ctx, procs, leaders, rec.ID))
	}
	return errors.Join(errs...)
}

// send signals one process, or its group. A process that is gone is no error.
func (l *Local) send(p Proc, sig syscall.Signal, group bool) error {
	// Holding mu keeps reap from freeing a child's pid between the check and
	// the signal.
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.children[p]; c != nil && !c.ended.IsZero() {
		return nil
	}
	if group {
		return p.signalGroup(sig)
	}
	return p.Signal(sig)
}

// sweep kills what the sessions of killed processes still hold and waits until
// both are gone.
func (l *Local) sweep(ctx context.Context, procs []Proc, leaders map[int]bool, id string) error {
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		pids, err := leftovers(leaders, markVar+"="+id)
		if err != nil {
			return err
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("kill process %d: %w", pid, err)
			}
		}
		l.reap()
		alive := len(pids)
		for _, p := range procs {
			if l.look(p).State == Running {
				alive++
			}
		}
		if alive == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d processes do not die: %w", alive, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// Tail reads the end of the task's log file.
func (l *Local) Tail(_ context.Context, rec *Record, task, n int) ([]string, error) {
	return TailFile(rec.LogFile(task), n)
}
