package parallel

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/unit"
)

// Errors that callers decide on; test with errors.Is.
var (
	// ErrNoCluster means that Connect found no cluster that answers.
	ErrNoCluster = errors.New("no cluster is running; start one: gopar cluster start -n 4")
	// ErrHubGone means that the hub does not answer any more.
	ErrHubGone = errors.New("the hub is gone; start a cluster (gopar cluster start -n 4) and connect again")
	// ErrNoEngines means that there is no engine to run a task.
	ErrNoEngines = errors.New("no engines; start some: gopar cluster start -n 4")
	// ErrEngineLost means that an engine ended while it had a task.
	ErrEngineLost = errors.New("the engine was lost")
	// ErrAborted means that a task was aborted before or while it ran.
	ErrAborted = errors.New("the task was aborted")
	// ErrTimeout means that something took longer than its timeout.
	ErrTimeout = errors.New("timed out")
	// ErrClosed means that the client was closed.
	ErrClosed = errors.New("the client is closed")
)

// RemoteError is how a task failed on an engine, or on its way to one.
type RemoteError struct {
	Engine    int      // the engine's id; -1 if the task reached none
	Method    string   // "apply" or "execute"
	Name      string   // "panic", "runtime error", "error", a compile error's kind, or the type of the error returned
	Message   string   // its text
	Traceback []string // where, in cell coordinates, as lines; may have ANSI colours
	Task      string   // the task's id

	cause error // the error value itself, nil if it did not travel
}

// Error says on which engine what happened, in one line.
func (e *RemoteError) Error() string {
	where := "hub"
	if e.Engine >= 0 {
		where = "engine " + strconv.Itoa(e.Engine)
	}
	return where + ": " + e.what()
}

// what is the error without the engine.
func (e *RemoteError) what() string {
	switch {
	case e.Name == "" || e.Name == "error":
		return e.Message
	case e.Message == "":
		return e.Name
	}
	return e.Name + ": " + e.Message
}

// where are the lines that tell the position, without what Error says already.
func (e *RemoteError) where() []string {
	var lines []string
	for _, l := range e.Traceback {
		for _, l := range strings.Split(l, "\n") {
			plain := stripANSI(l)
			if strings.TrimSpace(plain) == "" || strings.TrimSpace(plain) == e.what() || strings.TrimSpace(plain) == e.Name+": "+e.Message {
				continue
			}
			lines = append(lines, unit.WithFileNames(l))
		}
	}
	return lines
}

// shownError is an error as a cell shows it: with the position.
type shownError struct{ *RemoteError }

// Error is the error and, on lines of their own, where it happened.
func (e shownError) Error() string {
	return strings.Join(append([]string{e.RemoteError.Error()}, e.where()...), "\n")
}

// Unwrap returns the error that is shown.
func (e shownError) Unwrap() error { return e.RemoteError }

// shown is err as a cell shows it.
func shown(err error) error {
	if r, ok := err.(*RemoteError); ok { // not errors.As: only an error that is one itself lacks its position
		return shownError{r}
	}
	return err
}

// Unwrap returns the error that the function returned or panicked with, or the sentinel that stands for what happened.
func (e *RemoteError) Unwrap() error {
	if e.cause != nil {
		return e.cause
	}
	switch e.Name {
	case proto.EngineError:
		return ErrEngineLost
	case proto.TaskAborted:
		return ErrAborted
	case proto.TaskTimeout:
		return ErrTimeout
	case proto.NoEnginesRegistered:
		return ErrNoEngines
	}
	return nil
}

// stripANSI removes colours.
func stripANSI(s string) string {
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return s
		}
		j := strings.IndexByte(s[i:], 'm')
		if j < 0 {
			return s
		}
		s = s[:i] + s[i+j+1:]
	}
}

// TaskErrors are the errors of a result with several tasks, in the order of the tasks.
type TaskErrors struct{ Errors []error }

// Error shows equal errors once: "4 engines: same panic: boom".
func (e *TaskErrors) Error() string { return strings.Join(e.groups(), "\n") }

// Unwrap makes errors.Is and errors.As look at each.
func (e *TaskErrors) Unwrap() []error { return e.Errors }

// cellNumber is a cell's number in a position.
var cellNumber = regexp.MustCompile(`\bcell \d+\b`)

// groups is a text for each kind of error, those of most tasks first.
func (e *TaskErrors) groups() []string {
	type group struct {
		what    string
		first   *RemoteError
		engines []int
		n       int
	}
	var order []*group
	byText := map[string]*group{}
	for _, err := range e.Errors {
		text, engine := err.Error(), -1
		var r *RemoteError
		if errors.As(err, &r) {
			text, engine = r.what()+"\n"+strings.Join(r.where(), "\n"), r.Engine
		}
		key := cellNumber.ReplaceAllString(stripANSI(text), "cell") // each engine counts its own cells
		g := byText[key]
		if g == nil {
			g = &group{what: err.Error(), first: r}
			byText[key] = g
			order = append(order, g)
		}
		g.n++
		if engine >= 0 && !slices.Contains(g.engines, engine) {
			g.engines = append(g.engines, engine)
		}
	}
	slices.SortStableFunc(order, func(a, b *group) int { return b.n - a.n })
	out := make([]string, len(order))
	for i, g := range order {
		if g.first == nil {
			out[i] = g.what
			if g.n > 1 {
				out[i] = fmt.Sprintf("%d tasks: %s", g.n, g.what)
			}
			continue
		}
		slices.Sort(g.engines)
		head := g.first.Error()
		if g.n > 1 {
			head = fmt.Sprintf("%d engines: same %s", len(g.engines), g.first.what())
			if g.n > len(g.engines) {
				head = fmt.Sprintf("%d tasks on %s: same %s", g.n, enginesText(g.engines), g.first.what())
			} else {
				head += " (" + enginesText(g.engines) + ")"
			}
		}
		out[i] = strings.Join(append([]string{head}, g.first.where()...), "\n")
	}
	return out
}

func enginesText(ids []int) string {
	if len(ids) == 0 {
		return "no engine"
	}
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = strconv.Itoa(id)
	}
	if len(ids) == 1 {
		return "engine " + s[0]
	}
	return "engines " + strings.Join(s, ", ")
}

// misuse is an error of the caller, with the position of the call if it is in a cell.
func misuse(err error) error {
	if err == nil {
		return nil
	}
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, unit.PathPrefix) {
			return fmt.Errorf("%s:%d: %w", unit.FileName(f.File), f.Line, err)
		}
		if !more {
			if at := unit.Here(); at.File != "" { // called from an interpreted cell
				return fmt.Errorf("%s:%d: %w", unit.FileName(at.File), at.Line, err)
			}
			return err
		}
	}
}
