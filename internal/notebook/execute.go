package notebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// Submit sends code to be executed and returns the message id of the request. cellID is the id of its cell in the notebook.
func (k *Kernel) Submit(code, cellID string) (request string, err error) {
	metadata, err := compact(map[string]string{"cellId": cellID})
	if err != nil {
		return "", err
	}
	content := jupyter.ExecuteRequest{Code: code, StoreHistory: true, UserExpressions: map[string]string{}, StopOnError: true}
	sent, err := k.send(k.shell, "execute_request", content, json.RawMessage(metadata))
	if err != nil {
		return "", err
	}
	return sent.Header.MsgID, nil
}

// Wait returns the reply to a submitted request when that and the request's idle have come, in whichever order. Meanwhile
// it gives each output message to output, with the id of the request it belongs to, which may be an earlier one.
//
// When ctx ends, it interrupts the kernel and returns, soon, with the cause; the reply may be there all the same. The error
// is [ErrKernelDied] if the kernel's process ended, or output's own.
func (k *Kernel) Wait(ctx context.Context, request string, output func(request string, m *jupyter.Message) error) (*jupyter.ExecuteReply, error) {
	var reply *jupyter.ExecuteReply
	idle := false
	cancelled := ctx.Done()
	var giveUp <-chan time.Time // runs once the cell was interrupted
	for reply == nil || !idle {
		select {
		case e := <-k.events:
			parent, err := e.ParentHeader()
			if err != nil {
				return nil, err
			}
			mine := parent.MsgID == request
			switch {
			case e.channel == jupyter.IOPub && e.Header.MsgType == "status":
				idle = idle || mine && isIdle(e.Message)
			case e.channel == jupyter.IOPub:
				if err := output(parent.MsgID, e.Message); err != nil {
					return nil, err
				}
			case mine && e.Header.MsgType == "execute_reply":
				reply = new(jupyter.ExecuteReply)
				if err := e.Bind(reply); err != nil {
					return nil, err
				}
			}
		case <-k.exited:
			return reply, k.died()
		case <-cancelled:
			cancelled = nil
			if err := k.Interrupt(); err != nil {
				return nil, errors.Join(context.Cause(ctx), err)
			}
			t := time.NewTimer(graceTime)
			defer t.Stop()
			giveUp = t.C
		case <-giveUp:
			return nil, fmt.Errorf("%w, and it did not stop when interrupted", context.Cause(ctx))
		}
	}
	if cancelled == nil {
		return reply, context.Cause(ctx)
	}
	return reply, nil
}

func isIdle(m *jupyter.Message) bool {
	var status jupyter.Status
	return m.Bind(&status) == nil && status.ExecutionState == jupyter.Idle
}
