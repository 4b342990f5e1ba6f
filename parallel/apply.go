package parallel

import (
	"context"

	"github.com/gopar-project/gopar/internal/codec"
)

// Apply calls f with args on each engine and returns at once. The result has a value for each engine.
//
// F is a function of a cell or of the program (see Init), or a function literal in a cell; args must fit its parameters,
// where an untyped number may be given for any numeric type that holds it. A leading context.Context parameter is
// supplied by the engine, and cancelled when the task is.
func (c Client) Apply(f any, args ...any) *AsyncResult {
	return c.apply(f, args, len(c) != 1)
}

// ApplyContext is Apply whose tasks are cancelled when ctx ends.
func (c Client) ApplyContext(ctx context.Context, f any, args ...any) *AsyncResult {
	return c.apply(f, args, len(c) != 1).cancelledBy(ctx)
}

// Apply calls f with args on the engine and returns at once; see Client.Apply.
func (e *Engine) Apply(f any, args ...any) *AsyncResult {
	return Client{e}.apply(f, args, false)
}

// ApplyContext is Apply whose task is cancelled when ctx ends.
func (e *Engine) ApplyContext(ctx context.Context, f any, args ...any) *AsyncResult {
	return Client{e}.apply(f, args, false).cancelledBy(ctx)
}

func (c Client) apply(f any, args []any, many bool) *AsyncResult {
	l, err := c.connection()
	if err == nil && len(c) == 0 {
		err = errEmpty
	}
	if err != nil {
		return failedResult(misuse(err))
	}
	fn, err := functionOf(f)
	if err != nil {
		return failedResult(misuse(err))
	}
	call, err := fn.Pack(args)
	if err != nil {
		return failedResult(misuse(err))
	}
	r := newResult(l, applied, len(c))
	r.f, r.many = fn, many
	for _, e := range c {
		r.add(&part{channel: mux, engine: e, call: call, n: 1})
	}
	r.send(r.parts)
	return r
}

// functionOf identifies f and, in a compiled program, tells engines where to get the program from.
func functionOf(f any) (*codec.Func, error) {
	fn, err := codec.FuncOf(f)
	if err != nil {
		return nil, err
	}
	if fn.Native() {
		if err := checkProgram(fn); err != nil {
			return nil, err
		}
	}
	return fn, nil
}

// Map applies f to the elements of slices with equal index: to the first of each, to the second, …. Each engine gets one
// part of the indexes, in order. The result has a value for each index.
func (c Client) Map(f any, slices ...any) *AsyncResult {
	l, err := c.connection()
	if err == nil && len(c) == 0 {
		err = errEmpty
	}
	if err != nil {
		return failedResult(misuse(err))
	}
	fn, m, err := mappingOf(f, slices)
	if err != nil {
		return failedResult(misuse(err))
	}
	r := newResult(l, mapped, m.Len())
	r.f, r.many = fn, true
	r.prepareMap(m.Len())
	for i, e := range c {
		from, to := m.Len()*i/len(c), m.Len()*(i+1)/len(c)
		if from == to {
			continue
		}
		call, err := m.Pack(from, to)
		if err != nil {
			return failedResult(misuse(err))
		}
		call.Content.First = from
		r.add(&part{channel: mux, engine: e, call: call, first: from, n: to - from})
	}
	r.send(r.parts)
	return r
}

func mappingOf(f any, slices []any) (*codec.Func, *codec.Mapping, error) {
	fn, err := functionOf(f)
	if err != nil {
		return nil, nil, err
	}
	m, err := fn.Mapping(slices)
	return fn, m, err
}
