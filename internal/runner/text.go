package runner

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/interp"
	"github.com/gopar-project/gopar/internal/unit"
)

// maxFrames is how many frames of user code an exception keeps.
const maxFrames = 100

// The names of errors that this package gives; the first is the text of its error, too.
const (
	nameInterrupted = "interrupted"
	nameOutOfMemory = "out of memory"
)

// exceptionOf describes a recovered panic. It must be called by the deferred function that recovered, or below it, while the
// stack of the panic is there.
func exceptionOf(v any) *Exception {
	var exit *unit.ExitError
	ex := &Exception{Name: "panic", Value: panicText(v), Frames: userFrames()}
	if err, ok := v.(error); ok {
		switch {
		case errors.Is(err, unit.ErrInterrupted):
			ex.Name, ex.Value = nameInterrupted, nameInterrupted
		case errors.Is(err, unit.ErrStackOverflow):
			ex.Name, ex.Value = "fatal error", unit.ErrStackOverflow.Error()
		case errors.As(err, &exit):
			ex.Name, ex.Value = "exit", exit.Error()
		}
	}
	return ex
}

// errorOf describes an error that ended a job or task.
func errorOf(err error) *Exception {
	var p *interp.Panic
	if errors.As(err, &p) { // a script has recovered for us
		ex := exceptionOf(p.Value)
		ex.Frames = framesOf(p.Callers)
		if p.At.File != "" {
			ex.Frames = append(ex.Frames, Frame{File: p.At.File, Line: p.At.Line})
		}
		return ex
	}
	if errors.Is(err, codec.ErrCodec) {
		return &Exception{Name: "UnsupportedCodec", Value: err.Error()}
	}
	if errors.Is(err, unit.ErrInterrupted) {
		return &Exception{Name: nameInterrupted, Value: nameInterrupted}
	}
	return &Exception{Name: "error", Value: err.Error()}
}

// panicText is what the runtime prints after "panic: ".
func panicText(v any) (text string) {
	defer func() {
		if r := recover(); r != nil { // the value's own method panicked, which the runtime would report, too
			text = fmt.Sprintf("(%T) whose text panicked: %v", v, r)
		}
	}()
	switch v := v.(type) {
	case nil:
		return "nil"
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case string:
		return v
	case float32:
		return runtimeFloat(float64(v))
	case float64:
		return runtimeFloat(v)
	case complex128:
		return "(" + runtimeFloat(real(v)) + runtimeFloat(imag(v)) + "i)"
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, uintptr:
		return fmt.Sprint(v)
	}
	switch rv := reflect.ValueOf(v); {
	case rv.Kind() == reflect.String:
		return fmt.Sprintf("%T(%q)", v, rv.String())
	case rv.Kind() == reflect.Float64 || rv.Kind() == reflect.Float32:
		return fmt.Sprintf("%T(%s)", v, runtimeFloat(rv.Float()))
	case rv.Kind() <= reflect.Uintptr:
		return fmt.Sprintf("%T(%v)", v, v)
	}
	return fmt.Sprintf("(%T) %+v", v, v) // the runtime prints an address, which helps nobody
}

// runtimeFloat formats like the runtime's print: +1.500000e+000.
func runtimeFloat(f float64) string {
	switch {
	case f != f:
		return "NaN"
	case f > 1.797693134862315708145274237317043567981e+308:
		return "+Inf"
	case f < -1.797693134862315708145274237317043567981e+308:
		return "-Inf"
	}
	s := strconv.FormatFloat(f, 'e', 6, 64)
	mant, exp, _ := strings.Cut(s, "e")
	n, _ := strconv.Atoi(exp) // strconv's own digits
	if mant[0] != '-' {
		mant = "+" + mant
	}
	return fmt.Sprintf("%se%+04d", mant, n)
}

// userFrames returns the frames of user code on the calling goroutine's stack, innermost first.
func userFrames() []Frame {
	pcs := make([]uintptr, 256) // enough to get out of a recursion's deferred calls; the outermost frames matter less
	return framesOf(pcs[:runtime.Callers(2, pcs)])
}

func framesOf(pcs []uintptr) []Frame {
	frames := runtime.CallersFrames(pcs)
	var out []Frame
	for {
		f, more := frames.Next()
		if u, ok := userFrame(f.Function, f.File, f.Line); ok && len(out) < maxFrames {
			out = append(out, u)
		}
		if !more {
			return out
		}
	}
}

// userFrame translates a frame of a unit into the user's terms; ok is false for all others and for what lowering has generated.
func userFrame(fn, file string, line int) (f Frame, ok bool) {
	rest, ok := strings.CutPrefix(fn, unit.PathPrefix)
	if !ok || !strings.HasPrefix(file, "cell") {
		return Frame{}, false
	}
	_, name, ok := strings.Cut(rest, ".")
	if !ok || strings.HasPrefix(name, "gopar__view") || strings.HasPrefix(name, "GoparLeaves.") {
		return Frame{}, false
	}
	return Frame{Func: unit.PlainName(name), File: file, Line: line}, true
}

// text is the form for a terminal.
func (e *Exception) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", e.Name, e.Value)
	for _, f := range e.Frames {
		if f.Func == "" {
			fmt.Fprintf(&b, "\t%s:%d\n", unit.FileName(f.File), f.Line)
		} else {
			fmt.Fprintf(&b, "\t%s (%s:%d)\n", f.Func, unit.FileName(f.File), f.Line)
		}
	}
	return b.String()
}
