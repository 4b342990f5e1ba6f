package parallel

// Execute runs code on each engine, as a cell of that engine's own session, and returns at once. What it prints is relayed
// here; the values of its last expressions are shown per engine.
func (c Client) Execute(code string) *AsyncResult { return c.execute(code, false) }

// Execute runs code on the engine; see Client.Execute.
func (e *Engine) Execute(code string) *AsyncResult { return Client{e}.execute(code, false) }

func (c Client) execute(code string, silent bool) *AsyncResult {
	l, err := c.connection()
	if err == nil && len(c) == 0 {
		err = errEmpty
	}
	if err != nil {
		return failedResult(misuse(err))
	}
	r := newResult(l, executed, len(c))
	r.many, r.silent = true, silent
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
	r := chosen.execute(code, false)
	r.noBlock = o.NoBlock
	return r
}
