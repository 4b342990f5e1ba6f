package unit

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
)

// ErrInterrupted is what a cell's code panics with when Stop is set.
var ErrInterrupted = errors.New("interrupted")

// ErrStackOverflow is what a cell's code panics with whose recursion is about to
// exceed the largest stack there may be; Go itself would end the process.
var ErrStackOverflow = errors.New("stack overflow")

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

// Interrupted ends the calling goroutine's work if it is meant: the Stop flag is one
// for all goroutines, the interrupt is for one cell or task. It panics, or, in a
// goroutine that a library started and in which nothing would recover, calls
// runtime.Goexit.
func Interrupted() {
	err := ErrInterrupted
	if h := hooks.Load(); h != nil && h.Stopped != nil {
		if err = h.Stopped(); err == nil {
			return
		}
	}
	if !recovers() {
		runtime.Goexit()
	}
	panic(err)
}

// recovers reports whether a panic of the calling goroutine is recovered: whether
// gopar started it, or it is a coroutine, whose panic goes to the caller.
func recovers() bool {
	pcs := make([]uintptr, 1024)
	n := runtime.Callers(0, pcs)
	for n == len(pcs) { // a recursion may have millions
		pcs = make([]uintptr, 8*len(pcs))
		n = runtime.Callers(0, pcs)
	}
	if n < 2 {
		return true
	}
	entry := pcs[n-2] // below it is only the runtime's own
	frames := runtime.CallersFrames([]uintptr{entry})
	f, _ := frames.Next()
	return strings.HasPrefix(f.Function, "github.com/gopar-project/gopar/") || strings.HasPrefix(f.Function, "runtime.") || strings.HasPrefix(f.Function, "testing.")
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
	// Stopped tells why the calling goroutine must end: ErrInterrupted when the cell
	// or task that it belongs to was interrupted, ErrStackOverflow when it recurses
	// too deep, nil when it is not meant. A nil function: all are meant when Stop is
	// set.
	Stopped func() error
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
//
//go:noinline
func Go(f func()) {
	var ended func()
	h := hooks.Load()
	if h != nil && h.Started != nil {
		ended = h.Started()
	}
	go run(f, ended, h)
}

// Async returns what a library function is given in place of f that runs f in a
// goroutine of its own (sync.WaitGroup.Go, time.AfterFunc): a panic is reported as
// in Go.
func Async(f func()) func() {
	if f == nil {
		return nil // the library says what it thinks of that
	}
	h := hooks.Load()
	return func() {
		var ended func()
		if h != nil && h.Started != nil {
			ended = h.Started()
		}
		run(f, ended, h)
	}
}

// AsyncErr is Async for functions that return an error.
func AsyncErr(f func() error) func() error {
	if f == nil {
		return nil
	}
	return func() (err error) {
		Async(func() { err = f() })()
		return err
	}
}

// run is the body of a goroutine of a cell.
func run(f, ended func(), h *Hooks) {
	if ended != nil {
		defer ended()
	}
	defer func() {
		if v := recover(); v != nil && h != nil && h.Panicked != nil {
			h.Panicked(v)
		}
	}()
	f()
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
