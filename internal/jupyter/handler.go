package jupyter

import (
	"context"
	"errors"
	"fmt"
)

// Handler is one row of a handler table: what serves a message type, what its
// reply is called, and whether it waits for its turn. Make one with [On].
type Handler struct {
	reply   string // type of the reply; empty: none
	serve   func(ctx context.Context, r *Request) (any, error)
	aside   bool
	aborted func(*Request) any
	quiet   func(*Request) bool
	flows   bool
}

// On returns the handler that decodes the content into a C, calls f, and
// replies with what f returns as a replyType, or without a reply when replyType
// is empty.
//
// The Mux does the rest: busy before, idle after the reply, and an error reply
// when the content does not decode, f returns an error, or f panics. An error
// that is (or wraps) an [*Error] gives the reply its name and traceback.
//
// The handler is served in order with the others of its channel's queue, one at
// a time; see [Handler.Aside]. Its ctx ends when the Mux stops serving.
func On[C, R any](replyType string, f func(ctx context.Context, r *Request, content C) (R, error)) Handler {
	return Handler{
		reply: replyType,
		serve: func(ctx context.Context, r *Request) (any, error) {
			var content C
			if err := r.Bind(&content); err != nil {
				return nil, &Error{Name: "BadRequest", Value: err.Error()}
			}
			return f(ctx, r, content)
		},
	}
}

// Aside returns h for requests that do not wait until the long-running ones
// before them have ended: completions while a cell runs, everything on control.
// On shell, such a request still waits a moment ([Mux.Patience]), so that after a
// quick cell it sees what the cell did. Its f must be quick and must not depend
// on the order among requests.
func (h Handler) Aside() Handler {
	h.aside = true
	return h
}

// OnAbort returns h for requests that [Mux.Abort] may cancel while they wait;
// f makes the content of their reply.
func (h Handler) OnAbort(f func(r *Request) any) Handler {
	h.aborted = f
	return h
}

// Quiet returns h for requests that come by the thousand: where of(r) holds, busy
// is not published, and idle only after something that the request showed
// ([Message.Shown]).
func (h Handler) Quiet(of func(r *Request) bool) Handler {
	h.quiet = of
	return h
}

// Flows returns h for requests that are handed on in order and finished later ([Request.Defer]): they follow each other at once,
// and a request of any other type waits until all of them are finished.
func (h Handler) Flows() Handler {
	h.flows = true
	return h
}

// Error is an error that front ends show with a name and a traceback.
type Error struct {
	Name, Value string
	// Traceback holds lines, which may have ANSI colours.
	Traceback []string
}

// Error returns the name and the value.
func (e *Error) Error() string { return e.Name + ": " + e.Value }

// errorContent is the reply that err becomes.
func errorContent(err error) ErrorContent {
	content := ErrorContent{Status: StatusError, EName: "Error", EValue: err.Error(), Traceback: []string{err.Error()}}
	var e *Error
	switch {
	case errors.As(err, &e):
		content.EName, content.EValue = e.Name, e.Value
		content.Traceback = append([]string{}, e.Traceback...)
	case errors.Is(err, context.Canceled):
		content.EName = "Interrupted"
	}
	return content
}

// ReplyWith adds options to the reply that will be sent, whether it is a result
// or an error. Call it before the handler returns or, deferred, before Finish.
func (r *Request) ReplyWith(opts ...SendOption) { r.replyOptions = append(r.replyOptions, opts...) }

// After arranges that f is called when the reply and idle were sent, on the
// goroutine that sent them.
func (r *Request) After(f func()) { r.after = append(r.after, f) }

// Defer lets the handler return while the request is still being served: what
// it returns is ignored, the next request is served, and whoever holds the
// returned function calls it exactly once, from any goroutine, to send reply
// and idle. The owner of the deferred work must have ended it when the Mux
// stops serving.
func (r *Request) Defer() (finish func(content any, err error)) {
	r.deferred = true
	return func(content any, err error) { r.mux.finish(r, content, err) }
}

// call runs the handler and turns a panic into an error.
func (r *Request) call(ctx context.Context) (content any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = r.mux.recovered(r, p)
		}
	}()
	if r.handler.serve == nil {
		return nil, fmt.Errorf("no handler of %s", r.Header.MsgType)
	}
	return r.handler.serve(ctx, r)
}
