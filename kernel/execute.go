package kernel

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/jupyter"
)

// The requests of one "Run All" arrive one by one. After an error, a request
// still belongs to the burst when it comes within burstGap of the one before;
// burstMost bounds the wait. Both delay error replies only, so a front end
// that reads the reply before it sends the next cell is never cut off.
const (
	burstGap  = 10 * time.Millisecond
	burstMost = 100 * time.Millisecond
)

// execution is one execute_request being served.
type execution struct {
	id      string // message id
	number  int    // N of In[N]
	request *jupyter.Message
	content jupyter.ExecuteRequest
	started time.Time
	// interrupt ends the contexts that within returned.
	interrupt context.CancelFunc
	// within returns a context that also ends when the cell is interrupted or
	// over.
	within func(context.Context) (context.Context, context.CancelFunc)
	// isInterrupted reports whether the contexts of within have ended.
	isInterrupted func() bool
	// mode is how the last step ran, when the evaluator told.
	mode string
	// prepared is how long its steps took to check and build.
	prepared time.Duration
}

// execute serves execute_request: execute_input, what the cell shows, its
// result or error, then the reply.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#execute
func (k *Kernel) execute(ctx context.Context, r *jupyter.Request, c jupyter.ExecuteRequest) (jupyter.ExecuteReply, error) {
	select {
	case k.cells <- struct{}{}:
		defer func() { <-k.cells }()
	case <-ctx.Done():
		return k.failed(r.Message, &Error{Name: "Interrupted", Value: "the kernel ends"}), nil
	}
	e := k.begin(ctx, r.Message, c)
	defer k.end(e)
	if !c.Silent {
		k.publish(r.Message, "execute_input", jupyter.ExecuteInput{Code: c.Code, ExecutionCount: e.number})
	}
	limited, cancel := e.within(ctx)
	outcome := k.runCell(limited, e)
	cancel()
	k.sink.flush(e.id)
	reply := k.conclude(ctx, e, outcome)
	metadata := k.replyMetadata(e, reply.Status)
	maps.Copy(metadata, outcome.Metadata)
	r.ReplyWith(jupyter.WithMetadata(metadata))
	if reply.Status == jupyter.StatusError && c.StopOnError {
		k.mux.Drain(ctx, burstGap, burstMost)
		k.mux.Abort(func(m *jupyter.Message) bool { return m.Header.MsgType == "execute_request" })
	}
	return reply, nil
}

// begin makes the execution the one that runs and takes its number.
func (k *Kernel) begin(ctx context.Context, request *jupyter.Message, c jupyter.ExecuteRequest) *execution {
	e := &execution{id: request.Header.MsgID, request: request, content: c, started: time.Now()}
	interrupted, interrupt := context.WithCancel(ctx)
	e.interrupt = interrupt
	e.within = func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		detach := context.AfterFunc(interrupted, cancel)
		return ctx, func() { detach(); cancel() }
	}
	e.isInterrupted = func() bool { return interrupted.Err() != nil }
	k.sink.adopt(request, c.AllowStdin)
	k.mu.Lock()
	defer k.mu.Unlock()
	e.number = k.count + 1
	if c.StoreHistory && strings.TrimSpace(c.Code) != "" {
		k.count = e.number
	}
	k.running = e
	return e
}

func (k *Kernel) end(e *execution) {
	e.interrupt()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running = nil
}

// conclude publishes the result or the error, stores the history, and returns
// the reply.
func (k *Kernel) conclude(ctx context.Context, e *execution, o Outcome) jupyter.ExecuteReply {
	if e.content.StoreHistory && strings.TrimSpace(e.content.Code) != "" {
		if err := k.history.Add(e.number, e.content.Code, o.Value.Text()); err != nil {
			k.log.Error(err, "history not stored")
		}
	}
	if o.Error != nil {
		reply := k.failed(e.request, o.Error)
		k.publish(e.request, "error", jupyter.ErrorContent{EName: reply.EName, EValue: reply.EValue, Traceback: reply.Traceback})
		return reply
	}
	if o.Value != nil && !e.content.Silent {
		k.publish(e.request, "execute_result", jupyter.ExecuteResult{
			ExecutionCount: e.number, Data: wireBundle(o.Value), Metadata: wireMetadata(nil),
		})
	}
	return jupyter.ExecuteReply{
		Status:          jupyter.StatusOK,
		ExecutionCount:  k.executionCount(),
		Payload:         wirePayload(o.Payload),
		UserExpressions: k.expressions(ctx, e.content.UserExpressions),
	}
}

// failed returns the reply to a request whose cell ended with err.
func (k *Kernel) failed(request *jupyter.Message, err *Error) jupyter.ExecuteReply {
	reply := jupyter.ExecuteReply{
		Status: jupyter.StatusError, ExecutionCount: k.executionCount(),
		EName: err.Name, EValue: err.Value, Traceback: traceback(err),
	}
	if info, ok := k.config.ReplyMetadata(request)[engineInfo]; ok {
		raw, encodeErr := encode(info)
		if encodeErr != nil {
			k.log.Error(encodeErr, "error without its engine")
		}
		reply.EngineInfo = raw
	}
	return reply
}

// traceback returns what front ends show of an error; they show nothing else.
func traceback(err *Error) []string {
	if len(err.Traceback) == 0 {
		return []string{err.Name + ": " + err.Value}
	}
	return err.Traceback
}

// aborted returns the reply of a request that an earlier cell's error, or an
// abort_request, cancelled. "aborted" is deprecated by the specification, but
// it is what ipykernel sends and what clients look for.
func (k *Kernel) aborted(r *jupyter.Request) any {
	e := &execution{request: r.Message, started: time.Now()}
	r.ReplyWith(jupyter.WithMetadata(k.replyMetadata(e, jupyter.StatusAborted)))
	return jupyter.ExecuteReply{
		Status: jupyter.StatusAborted, ExecutionCount: k.executionCount(),
		EName: "Aborted", EValue: "not run: an earlier cell failed, or the request was aborted", Traceback: []string{},
	}
}

// replyMetadata returns the metadata of an execute_reply; ipyparallel's clients
// and schedulers read these fields.
func (k *Kernel) replyMetadata(e *execution, status string) map[string]any {
	m := map[string]any{
		"started":          e.started.UTC().Format(time.RFC3339Nano),
		"status":           status,
		"dependencies_met": true,
	}
	maps.Copy(m, k.config.ReplyMetadata(e.request))
	return m
}

// expressions evaluates user_expressions; an error concerns its expression only.
func (k *Kernel) expressions(ctx context.Context, exprs map[string]string) map[string]jupyter.UserExpression {
	values := make(map[string]jupyter.UserExpression, len(exprs))
	for name, expr := range exprs {
		bundle, err := k.evaluator.Expression(ctx, expr)
		if err != nil {
			values[name] = jupyter.UserExpression{
				Status: jupyter.StatusError, EName: err.Name, EValue: err.Value, Traceback: traceback(err),
			}
			continue
		}
		values[name] = jupyter.UserExpression{Status: jupyter.StatusOK, Data: wireBundle(bundle), Metadata: wireMetadata(nil)}
	}
	return values
}

// executionCount returns the number of the last stored cell.
func (k *Kernel) executionCount() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.count
}

func pagePayload(p display.Payload) jupyter.PagePayload {
	return jupyter.PagePayload{Source: p.Source, Data: wireBundle(p.Data), Start: p.Start}
}

func nextInputPayload(p display.Payload) jupyter.SetNextInputPayload {
	return jupyter.SetNextInputPayload{Source: p.Source, Text: p.Text, Replace: p.Replace}
}
