package launch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// Systems looks after jobs of any launchers: it hands each record to a launcher
// of the kind that started it. It is what somebody needs who finds records in a
// file. Its methods may be called concurrently.
type Systems struct {
	log logr.Logger

	mu   sync.Mutex
	kind map[string]Launcher
}

// NewSystems returns a Systems, which must be closed.
func NewSystems(log logr.Logger) *Systems {
	return &Systems{log: log, kind: make(map[string]Launcher)}
}

// Launcher returns the launcher of a kind, with no options.
func (s *Systems) Launcher(kind string) (Launcher, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.kind[kind]; l != nil {
		return l, nil
	}
	l, err := New(kind, Options{}, s.log)
	if err != nil {
		return nil, err
	}
	s.kind[kind] = l
	return l, nil
}

// Adopt makes l the launcher of its kind. It is closed with s. One that has
// started jobs may know more about them than another of its kind.
func (s *Systems) Adopt(l Launcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kind[l.Traits().Kind] = l
}

// Poll returns the tasks of all jobs in order. Tasks of a system that does not
// answer are Unknown, for the reason that is given; the systems are asked at the
// same time, so that one of them keeps no other waiting.
func (s *Systems) Poll(ctx context.Context, recs ...*Record) []Task {
	byKind := make(map[string][]int)
	for i, r := range recs {
		byKind[r.Launcher] = append(byKind[r.Launcher], i)
	}
	answers := make([][]Task, len(recs))
	var wg sync.WaitGroup
	for kind, of := range byKind {
		wg.Go(func() {
			mine := make([]*Record, len(of))
			for k, i := range of {
				mine[k] = recs[i]
			}
			tasks, err := s.pollKind(ctx, kind, mine)
			for k, i := range of {
				n := mine[k].N
				if err == nil && len(tasks) < n {
					err = fmt.Errorf("the launcher does not tell of all tasks of job %s", mine[k].Name)
				}
				if err != nil {
					answers[i] = unknown(mine[k], err)
					continue
				}
				answers[i], tasks = tasks[:n:n], tasks[n:]
			}
		})
	}
	wg.Wait()
	var all []Task
	for _, a := range answers {
		all = append(all, a...)
	}
	return all
}

func (s *Systems) pollKind(ctx context.Context, kind string, recs []*Record) ([]Task, error) {
	l, err := s.Launcher(kind)
	if err != nil {
		return nil, err
	}
	return l.Poll(ctx, recs...)
}

func unknown(r *Record, err error) []Task {
	tasks := make([]Task, 0, r.N)
	for i := r.First; i < r.First+r.N; i++ {
		tasks = append(tasks, Task{Job: r.Name, Index: i, State: Unknown, Reason: err.Error()})
	}
	return tasks
}

// Signal sends a signal to tasks of a job; see Launcher.
func (s *Systems) Signal(ctx context.Context, rec *Record, sig Signal, tasks ...int) error {
	l, err := s.Launcher(rec.Launcher)
	if err != nil {
		return err
	}
	return l.Signal(ctx, rec, sig, tasks...)
}

// Tail returns the last lines of a task's output; see Launcher.
func (s *Systems) Tail(ctx context.Context, rec *Record, task, n int) ([]string, error) {
	l, err := s.Launcher(rec.Launcher)
	if err != nil {
		return nil, err
	}
	return l.Tail(ctx, rec, task, n)
}

// Stop stops jobs of any kinds at once; see the function Stop.
func (s *Systems) Stop(ctx context.Context, grace time.Duration, recs ...*Record) error {
	byKind := make(map[string][]*Record)
	for _, r := range recs {
		byKind[r.Launcher] = append(byKind[r.Launcher], r)
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for kind, mine := range byKind {
		wg.Go(func() {
			l, err := s.Launcher(kind)
			if err == nil {
				err = Stop(ctx, l, grace, mine...)
			}
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Close closes the launchers. Their jobs run on.
func (s *Systems) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, l := range s.kind {
		errs = append(errs, l.Close())
	}
	s.kind = make(map[string]Launcher)
	return errors.Join(errs...)
}
