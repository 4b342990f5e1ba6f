package codec

import (
	"bytes"
	"encoding/json"
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

// Error returns Value.
func (f *Failure) Error() string { return f.Value }

// Ename returns Name.
func (f *Failure) Ename() string { return f.Name }

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

// at adds the index of the element of a map.
func (f *Failure) at(element int) *Failure {
	f.Value += fmt.Sprintf(" (element %d)", element)
	return f
}

// failureMark starts the first frame of a result that is a Failure; encoded values start otherwise.
const failureMark = "gopar failure "

// maxFailure bounds the JSON of a Failure.
const maxFailure = 16 << 20

// frames are the result frames that say how a function failed: the Failure, then its error value.
func (f *Failure) frames() ([][]byte, error) {
	head, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	frames := [][]byte{append([]byte(failureMark), head...)}
	if f.Err == nil {
		return frames, nil
	}
	value, err := Encode([]reflect.Value{reflect.ValueOf(f.Err)}, []string{"error"})
	if err != nil {
		return frames, nil // the message must do
	}
	return append(frames, value...), nil
}

// FailureOf returns the Failure that the result frames of a task say, and the frames of its error value, for ErrorOf; nil
// for those of a function that did not fail.
func FailureOf(frames [][]byte) (*Failure, [][]byte) {
	if len(frames) == 0 || len(frames[0]) > maxFailure {
		return nil, nil
	}
	head, ok := bytes.CutPrefix(frames[0], []byte(failureMark))
	if !ok {
		return nil, nil
	}
	var f Failure
	if err := json.Unmarshal(head, &f); err != nil {
		return nil, nil
	}
	return &f, frames[1:]
}

// guarded runs f and returns how it panicked; nil if it did not.
func guarded(f func()) (failure *Failure) {
	defer func() {
		if v := recover(); v != nil {
			failure = panicked(v, callers())
		}
	}()
	f()
	return nil
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
