//go:build !unix

package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/go-logr/logr"
)

// errNotHere says that this system has no local launcher.
var errNotHere = fmt.Errorf("local clusters: %w on this system; engines can be started by hand: gopar engine --file=FILE", errors.ErrUnsupported)

// Local is not available on this system: its methods say so.
type Local struct{}

// NewLocal returns a launcher that starts nothing.
func NewLocal(logr.Logger) *Local { return new(Local) }

// Close does nothing.
func (*Local) Close() error { return nil }

// Traits describe a launcher without jobs.
func (*Local) Traits() Traits { return Traits{Kind: "local", PollEvery: time.Second} }

// Render fails.
func (*Local) Render(Job) (string, error) { return "", errNotHere }

// Start fails.
func (*Local) Start(context.Context, Job) (*Record, error) { return nil, errNotHere }

// Poll knows nothing.
func (*Local) Poll(context.Context, ...*Record) ([]Task, error) { return nil, errNotHere }

// Signal fails.
func (*Local) Signal(context.Context, *Record, Signal, ...int) error { return errNotHere }

// Tail reads the end of the task's log file.
func (*Local) Tail(_ context.Context, rec *Record, task, n int) ([]string, error) {
	return TailFile(rec.LogFile(task), n)
}

// Signal fails.
func (p Proc) Signal(syscall.Signal) error { return errNotHere }

func bootID() string { return "" }

// startTime knows only whether the process is there.
func startTime(pid int) (string, error) {
	h, err := os.FindProcess(pid)
	if err != nil {
		return "", ErrGone
	}
	return "", h.Release()
}
