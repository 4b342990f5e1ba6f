package parallel

import (
	"fmt"
	"time"
)

// Execute runs code on each engine, as a cell of that engine's own session, and returns at once. What it prints is relayed
// here; the values of its last expressions are shown per engine.
func (c Client) Execute(code string) *AsyncResult { return c.execute(code, PxOptions{}) }

// Execute runs code on the engine; see Client.Execute.
func (e *Engine) Execute(code string) *AsyncResult { return Client{e}.execute(code, PxOptions{}) }

func (c Client) execute(code string, o PxOptions) *AsyncResult {
	l, err := c.connection()
	if err == nil && len(c) == 0 {
		err = errEmpty
	}
	if err != nil {
		return failedResult(misuse(err))
	}
	r := newResult(l, executed, len(c))
	r.many, r.noBlock, r.group, r.barAfter = true, o.NoBlock, o.GroupOutputs, o.ProgressAfter
	for _, e := range c {
		r.add(&part{channel: mux, engine: e, code: code, n: 1})
	}
	r.send(r.parts)
	return r
}

// PxOptions are the options of the %%px magic.
type PxOptions struct {
	// Targets selects engines by their index: "0", "-1", "0:2", "::2", "[0,2]", "0,2". Default: "all".
	Targets string
	// NoBlock makes a cell that ends in the result show only how far it is.
	NoBlock bool
	// GroupOutputs keeps what the engines print until all is there and groups it: "type" (standard output, standard error,
	// values), "engine", or "order". Default: lines are shown as they come, values at the end.
	GroupOutputs string
	// ProgressAfter is how long it may take before a progress bar is shown; negative: there is none. Default: 500 ms, because
	// shorter waits need no bar.
	ProgressAfter time.Duration
	// Client is what Targets selects from. Default: all engines of the last connection of this process, or, if there is
	// none, of the cluster that Connect finds.
	Client Client
}

// Px runs code on engines, as the %%px magic does, and returns at once. A cell that ends in the result relays the output,
// labelled by engine, waits, and shows the values per engine. Errors, also of the options, are the result's.
func Px(o PxOptions, code string) *AsyncResult {
	c := o.Client
	if c == nil {
		var err error
		if c, err = defaults.get(); err != nil {
			return failedResult(misuse(err))
		}
	}
	if len(c) == 0 {
		return failedResult(misuse(ErrNoEngines))
	}
	chosen, err := c.Select(o.Targets)
	if err != nil {
		return failedResult(misuse(err))
	}
	switch o.GroupOutputs {
	case "", "type", "engine", "order":
	default:
		return failedResult(misuse(fmt.Errorf("outputs are grouped by type, engine or order, not %q", o.GroupOutputs)))
	}
	return chosen.execute(code, o)
}
