package unit

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// ErrInterrupted is what a cell's code panics with when Stop is set.
var ErrInterrupted = errors.New("interrupted")

// ExitError is what a cell's code panics with in place of ending the process
// (os.Exit, log.Fatal).
type ExitError struct {
	Code    int
	Message string // what log.Fatal was given; empty for os.Exit
}

// Error implements error.
func (e *ExitError) Error() string {
	if e.Message != "" {
		return e.Message
	}
	return fmt.Sprintf("os.Exit(%d)", e.Code)
}

// Stop makes, when it is not zero, every loop iteration and function entry of compiled
// cells panic with ErrInterrupted. The check that lowering puts there is
//
//	if unit.Stop.Load() != 0 { unit.Interrupted() }
var Stop atomic.Uint32

// Interrupted panics with ErrInterrupted if the calling goroutine is meant: the
// Stop flag is one for all goroutines, the interrupt is for one cell or task.
func Interrupted() {
	if h := hooks.Load(); h != nil && h.Stopped != nil && !h.Stopped() {
		return
	}
	panic(ErrInterrupted)
}

// Context returns the context of the cell or task that the calling goroutine
// belongs to; an interrupt cancels it. Elsewhere it is context.Background().
func Context() context.Context {
	if h := hooks.Load(); h != nil && h.Context != nil {
		return h.Context()
	}
	return context.Background() // no runner in this process
}

// Hooks connect this process's units to the runner that executes them. The
// runner sets them before it opens the first unit; the zero value is inert.
type Hooks struct {
	// Show receives the values of a cell's last expression.
	Show func(values []any)
	// Panicked receives what a goroutine that a cell started panicked with; it is
	// called in that goroutine, while its stack is still there.
	Panicked func(value any)
	// Started is called in the cell's goroutine before a go statement runs; what
	// it returns is called in the new goroutine when that ends. May be nil.
	Started func() (ended func())
	// Stopped tells whether the cell or task that the calling goroutine belongs to
	// was interrupted; nil: all are meant when Stop is set.
	Stopped func() bool
	// Context returns the context of the cell or task that the calling goroutine
	// belongs to. May be nil.
	Context func() context.Context
}

var hooks atomic.Pointer[Hooks]

// SetHooks installs h for the whole process.
func SetHooks(h *Hooks) { hooks.Store(h) }

// Show hands the values of a cell's last expression to the runner.
func Show(values ...any) {
	if h := hooks.Load(); h != nil && h.Show != nil {
		h.Show(values)
	}
}

// ShowResults is Show for the results of a call whose last is an error: a nil
// error is not shown.
func ShowResults(values ...any) {
	if n := len(values); n > 0 && values[n-1] == nil {
		values = values[:n-1]
	}
	if len(values) > 0 {
		Show(values...)
	}
}

// Go starts f in a goroutine whose panic is reported instead of ending the
// process. Lowering turns every go statement of a cell into a call of Go.
func Go(f func()) {
	var ended func()
	h := hooks.Load()
	if h != nil && h.Started != nil {
		ended = h.Started()
	}
	go func() {
		if ended != nil {
			defer ended()
		}
		defer func() {
			if v := recover(); v != nil && h != nil && h.Panicked != nil {
				h.Panicked(v)
			}
		}()
		f()
	}()
}

// Exit is what os.Exit means in a cell: it ends the cell with an *ExitError.
func Exit(code int) { panic(&ExitError{Code: code}) }

// Fatal is what log.Fatal means in a cell: it ends the cell with an *ExitError
// that carries the message. Fatalf and Fatalln are its siblings.
func Fatal(v ...any) { panic(&ExitError{Code: 1, Message: fmt.Sprint(v...)}) }

// Fatalf is Fatal with a format.
func Fatalf(format string, v ...any) {
	panic(&ExitError{Code: 1, Message: fmt.Sprintf(format, v...)})
}

// Fatalln is Fatal in the manner of fmt.Sprintln.
func Fatalln(v ...any) {
	s := fmt.Sprintln(v...)
	panic(&ExitError{Code: 1, Message: s[:len(s)-1]})
}
