package codec

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"github.com/gopar-project/gopar/internal/unit"
)

// Failure is how a user's function failed: it panicked, or returned an error.
type Failure struct {
	Name   string  `json:"name"`   // "panic", "runtime error", "interrupted", "exit", "error", or the error's type
	Value  string  `json:"value"`  // Go's own text for it, without the leading "panic: "
	Frames []Frame `json:"frames"` // the user's frames at a panic, innermost first
	Err    error   `json:"-"`      // the error returned or panicked with; nil for a panic with another value
}

// Frame is one frame of the user's code.
type Frame struct {
	Func string `json:"func"` // as the user wrote it
	File string `json:"file"` // "cell 3", or a file's name
	Line int    `json:"line"`
}

// Error says how it failed, in one line.
func (f *Failure) Error() string { return f.Name + ": " + f.Value }

// Unwrap returns the error.
func (f *Failure) Unwrap() error { return f.Err }

// failed is the Failure of a returned error.
func failed(err error) *Failure {
	return &Failure{Name: errorName(err), Value: message(err), Err: err}
}

// errorName is "error" for errors that are only a message, the type of others.
func errorName(err error) string {
	switch t := reflect.TypeOf(err).String(); t {
	case "*errors.errorString", "*fmt.wrapError", "*fmt.wrapErrors", "*errors.joinError":
		return "error"
	default:
		return strings.TrimPrefix(strings.Replace(t, "main.", "", 1), "*")
	}
}

// guarded runs f in a goroutine of its own, so that runtime.Goexit does not end the caller's, and returns how it ended;
// nil if it returned.
func guarded(f func()) (failure *Failure) {
	done := make(chan *Failure, 1)
	go func() {
		finished := false
		defer func() {
			v := recover()
			switch {
			case v != nil:
				done <- panicked(v, callers())
			case !finished:
				done <- &Failure{Name: "exit", Value: "runtime.Goexit was called"}
			default:
				done <- nil
			}
		}()
		f()
		finished = true
	}()
	return <-done
}

// panicked is the Failure of a panic with v.
func panicked(v any, frames []Frame) *Failure {
	f := &Failure{Name: "panic", Frames: frames}
	switch v := v.(type) {
	case *unit.ExitError:
		f.Name, f.Value, f.Err = "exit", v.Error(), v
	case runtime.Error:
		f.Name, f.Value, f.Err = "runtime error", strings.TrimPrefix(v.Error(), "runtime error: "), v
	case error:
		f.Value, f.Err = message(v), v
		if errors.Is(v, unit.ErrInterrupted) {
			f.Name = "interrupted"
		}
	case string:
		f.Value = v
	default:
		f.Value = fmt.Sprintf("%v", v)
	}
	return f
}

// maxFrames bounds a traceback: a stack overflow has millions.
const maxFrames = 64

// callers returns the frames of cells on the stack of a panic, or, if there are none, of the program.
func callers() []Frame {
	pcs := make([]uintptr, 256)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var cells, others []Frame
	for {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, unit.PathPrefix):
			_, name, _ := strings.Cut(f.Function[len(unit.PathPrefix):], ".")
			cells = append(cells, Frame{name, f.File, f.Line})
		case f.Function == "" || strings.HasPrefix(f.Function, "runtime.") || strings.HasPrefix(f.Function, "reflect.") ||
			strings.HasPrefix(f.Function, "github.com/gopar-project/gopar/internal/codec.("):
		case strings.HasPrefix(f.Function, "github.com/gopar-project/gopar/internal/codec.guarded"):
		default:
			others = append(others, Frame{shortName(f.Function), filepath.Base(f.File), f.Line})
		}
		if !more {
			break
		}
	}
	if len(cells) == 0 {
		cells = others
	}
	return cells[:min(len(cells), maxFrames)]
}

// ErrorOf decodes the error value that came with a Failure; nil if there is none.
func ErrorOf(frames [][]byte) error {
	if len(frames) == 0 {
		return nil
	}
	values, err := Decode(frames, errorType)
	if err != nil || len(values) != 1 || !values[0].IsValid() {
		return nil
	}
	own, _ := values[0].Interface().(error)
	return own
}
