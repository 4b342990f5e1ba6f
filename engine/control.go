package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// abortRequest is ipyparallel's abort_request. Cancel, which is gopar's, also stops tasks that run.
type abortRequest struct {
	MsgIDs *proto.StringList `json:"msg_ids"` // nil: all
	Cancel bool              `json:"cancel"`
}

// abort serves abort_request: tasks that wait, or arrive later, are answered aborted; with Cancel those that run are
// stopped.
func (e *Engine) abort(_ context.Context, _ *jupyter.Request, c abortRequest) (proto.OK, error) {
	all := c.MsgIDs == nil || c.MsgIDs.All
	match := func(id string) bool { return all || slices.Contains(c.MsgIDs.IDs, id) }
	waiting := map[string]bool{} // they are answered, and may come again
	n := e.kernel.Abort(func(m *jupyter.Message) bool {
		id := m.Header.MsgID
		waiting[id] = match(id)
		return waiting[id]
	})
	cancelled := 0
	if !c.Cancel {
		e.line.drop(match)
	}
	e.mu.Lock()
	if !all {
		for _, id := range c.MsgIDs.IDs {
			if e.running[id] == nil && !waiting[id] {
				e.aborted.add(id)
			}
		}
	}
	var cancels []context.CancelCauseFunc
	if c.Cancel {
		for id, cancel := range e.running {
			if match(id) {
				cancels = append(cancels, cancel)
			}
		}
	}
	e.mu.Unlock()
	for _, cancel := range cancels {
		cancel(errCancelled)
		cancelled++
	}
	if c.Cancel && all {
		e.kernel.Interrupt() // a cell may run
	}
	e.log.V(1).Info("aborted", "waiting", n, "running", cancelled)
	return proto.OK{Status: proto.StatusOK}, nil
}

// Interrupt ends the cell and the tasks that run; the session keeps its values.
func (e *Engine) Interrupt() {
	e.mu.Lock()
	cancels := slices.Collect(maps.Values(e.running))
	k := e.kernel
	e.mu.Unlock()
	for _, cancel := range cancels { // of those in the line only the one that runs
		cancel(nil)
	}
	if k != nil {
		k.Interrupt()
	}
}

// clear serves clear_request: the session forgets its values and declarations.
func (e *Engine) clear(ctx context.Context, _ *jupyter.Request, _ struct{}) (proto.OK, error) {
	if err := e.config.Evaluator.Restart(ctx); err != nil {
		return proto.OK{}, err
	}
	return proto.OK{Status: proto.StatusOK}, nil
}

// signals are those that have names in signal_request.
var signals = map[string]syscall.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM, "SIGKILL": syscall.SIGKILL,
	"SIGHUP": syscall.SIGHUP, "SIGQUIT": syscall.SIGQUIT, "SIGABRT": syscall.SIGABRT}

// signal serves signal_request: SIGINT interrupts what runs and keeps the values, any other signal goes to the runner.
func (e *Engine) signal(_ context.Context, _ *jupyter.Request, c proto.SignalRequest) (proto.OK, error) {
	s, err := parseSignal(c.Sig)
	if err != nil {
		return proto.OK{}, err
	}
	if s == syscall.SIGINT {
		e.Interrupt()
		return proto.OK{Status: proto.StatusOK}, nil
	}
	pid := e.config.Evaluator.PID()
	if pid == 0 {
		return proto.OK{Status: proto.StatusOK}, nil // nothing runs
	}
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Signal(s)
	}
	if err != nil {
		return proto.OK{}, fmt.Errorf("signal %v: %w", s, err)
	}
	return proto.OK{Status: proto.StatusOK}, nil
}

func parseSignal(raw json.RawMessage) (syscall.Signal, error) {
	var n int
	if json.Unmarshal(raw, &n) == nil && n > 0 && n < 65 {
		return syscall.Signal(n), nil
	}
	var name string
	if json.Unmarshal(raw, &name) == nil {
		if s, ok := signals[strings.ToUpper(name)]; ok {
			return s, nil
		}
	}
	return 0, fmt.Errorf("%s is not a signal", raw)
}
