package launch

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Stop ends jobs: it asks, gives them grace, ends by force those that remain,
// and returns nil when all tasks are known to be gone and nothing they started
// is left. Jobs that have ended are no error.
func Stop(ctx context.Context, l Launcher, grace time.Duration, recs ...*Record) error {
	if len(recs) == 0 {
		return nil
	}
	var errs []error
	for _, r := range recs {
		// A system that refuses to ask may still obey force.
		if err := l.Signal(ctx, r, Terminate); err != nil {
			errs = append(errs, err)
		}
	}
	soft, cancel := context.WithTimeout(ctx, grace)
	_, err := Wait(soft, l, AllDone, recs...)
	cancel()
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("stop: %w", errors.Join(append(errs, ctx.Err())...))
	}
	for _, r := range recs {
		if err := l.Signal(ctx, r, Kill); err != nil {
			return fmt.Errorf("stop: %w", errors.Join(append(errs, err)...))
		}
	}
	if _, err := Wait(ctx, l, AllDone, recs...); err != nil {
		return fmt.Errorf("stop: %w", errors.Join(append(errs, err)...))
	}
	for _, r := range recs {
		// What the first Kill could not take while the tasks were alive, such as
		// files that tell how they end.
		if err := l.Signal(ctx, r, Kill); err != nil {
			return fmt.Errorf("stop: %w", err)
		}
	}
	return nil
}

// AllDone reports whether every task is gone.
func AllDone(tasks []Task) bool {
	for _, t := range tasks {
		if t.State != Done {
			return false
		}
	}
	return true
}

// Wait polls until ok is true of the tasks, and returns them. When ctx ends it
// returns what it saw last and ctx's error; that the system does not answer
// meanwhile is not the end.
func Wait(ctx context.Context, l Launcher, ok func([]Task) bool, recs ...*Record) ([]Task, error) {
	tr := l.Traits()
	tick := time.NewTicker(tr.PollEvery)
	defer tick.Stop()
	var last []Task
	var polling error
	for {
		tasks, err := l.Poll(ctx, recs...)
		if err == nil {
			last = tasks
			if ok(tasks) {
				return tasks, nil
			}
		}
		polling = err
		select {
		case <-ctx.Done():
			if polling != nil && !errors.Is(polling, ctx.Err()) {
				return last, fmt.Errorf("%w (last answer: %w)", ctx.Err(), polling)
			}
			return last, ctx.Err()
		case <-tr.Changed:
		case <-tick.C:
		}
	}
}
