package runner

import (
	"context"
	"errors"
)

// ErrGone says that the child process has ended.
var ErrGone = errors.New("runner is gone")

// Start starts a child and waits until it is ready.
func Start(ctx context.Context, c Config) (*Runner, error) { return nil, ErrGone }

// Main is the child: it serves the parent over the inherited descriptors until the parent closes them.
func Main(ctx context.Context) error { return ErrGone }

// SetSink replaces the sink from the next output on.
func (r *Runner) SetSink(s Sink) {}

// Run runs one job and returns when it has ended and all its output is delivered. The error is ErrGone; a crash of user code
// is in the result.
func (r *Runner) Run(ctx context.Context, j Job) (Result, error) { return Result{}, ErrGone }

// Call runs one task; tasks may run concurrently with each other and with a job.
func (r *Runner) Call(ctx context.Context, t Task) (TaskResult, error) { return TaskResult{}, ErrGone }

// Interrupt stops what runs: loops and calls of cells end at their next check, contexts are cancelled, and what blocks is
// abandoned after a grace period. It does not wait.
func (r *Runner) Interrupt() {}

// Kill ends the child at once.
func (r *Runner) Kill() {}

// Done is closed when the child has ended.
func (r *Runner) Done() <-chan struct{} { return r.done }

// Close asks the child to end, kills it when ctx ends first, and waits for it. It may be called more than once.
func (r *Runner) Close(ctx context.Context) error { return nil }
