package codec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/gopar-project/gopar/internal/unit"
)

// Invoke runs one task in this process, whose units are loaded already, and returns the frames of its result. A function
// that returned an error has a result, too: see FailureOf. The error is about the task itself: it is malformed, or its
// arguments do not fit. A panic of the function is the caller's to recover.
//
// Invoke blocks until the function has returned, also when ctx ended: ctx is passed to functions that take one, and
// checked between the elements of a map.
func Invoke(ctx context.Context, content json.RawMessage, buffers [][]byte) ([][]byte, error) {
	c, err := ParseContent(content)
	if err != nil {
		return nil, err
	}
	return c.Invoke(ctx, buffers)
}

// Invoke is the function Invoke for a task whose content is parsed.
func (c *Content) Invoke(ctx context.Context, buffers [][]byte) ([][]byte, error) {
	var err error
	switch c.Op {
	case OpStore:
		return nil, store(c, buffers)
	case OpFetch:
		return fetch(c.Names)
	}
	f, args, err := c.unpack(buffers)
	if err != nil {
		return nil, err
	}
	k := &invocation{name: shortName(c.Func.Symbol), f: f, t: f.Type(), first: c.First}
	if c.Func.Captures > 0 {
		k.name = "func"
	}
	var out []reflect.Value
	if c.Map {
		out, err = k.each(ctx, args)
	} else {
		out, err = k.once(ctx, args)
	}
	var failure *Failure
	if errors.As(err, &failure) {
		return failure.frames()
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(out))
	for i := range names {
		names[i] = "result"
		if len(out) > 1 {
			names[i] = fmt.Sprintf("result[%d]", i)
		}
	}
	frames, err := Encode(out, names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.name, err)
	}
	return frames, nil
}

// unpack decodes the buffers of a call, sets the variables it reads and returns the function and its arguments.
func (c *Content) unpack(buffers [][]byte) (f reflect.Value, args []reflect.Value, err error) {
	ref := c.Func
	native := 0
	if ref.Exec != "" {
		native = 1
	} else if f, err = ref.lookup(nil); err != nil {
		return f, nil, err
	}
	if ref.Captures > 0 && (native > 0 || !isMaker(f.Type())) {
		return f, nil, malformed("%s makes no function literal", ref.Symbol)
	}
	firstArg := native + len(c.Vars) + ref.Captures
	want := func(i int, before []reflect.Value) reflect.Type {
		t := reflect.Type(nil)
		switch {
		case native > 0 && i > 0 && before[0].IsValid():
			t = before[0].Type()
		case native == 0 && ref.Captures > 0:
			if i == firstArg-1 {
				return f.Type().In(0)
			}
			t = f.Type().Out(0)
		case native == 0:
			t = f.Type()
		}
		if i < firstArg {
			if v := i - native; v >= 0 && v < len(c.Vars) {
				if box, ok := unit.Value(c.Vars[v].ID); ok {
					return box.Type()
				}
			}
			return nil
		}
		return wantedArgument(t, i-firstArg, c.Map)
	}
	values, err := decode(buffers, want)
	if err != nil {
		return f, nil, err
	}
	if len(values) != firstArg+c.Args {
		return f, nil, malformed("%d values, want %d", len(values), firstArg+c.Args)
	}
	if native > 0 {
		t := reflect.Type(nil)
		if values[0].IsValid() {
			t = values[0].Type()
		}
		if f, err = ref.lookup(t); err != nil {
			return f, nil, err
		}
	}
	for i, v := range c.Vars {
		p := values[native+i]
		if !p.IsValid() || p.Kind() != reflect.Pointer || p.IsNil() {
			return f, nil, malformed("variable %s", v.ID)
		}
		if err := unit.Define(v.ID, p.Elem()); err != nil {
			return f, nil, err
		}
	}
	if ref.Captures > 0 {
		captures := values[firstArg-1]
		if !captures.IsValid() || captures.Type() != f.Type().In(0) || captures.IsNil() {
			return f, nil, malformed("captures do not fit %v", f.Type())
		}
		f = f.Call([]reflect.Value{captures})[0]
	}
	return f, values[firstArg:], nil
}

// wantedArgument is the type in which argument i of a function of type t is decoded.
func wantedArgument(t reflect.Type, i int, asMap bool) reflect.Type {
	if t == nil || t.Kind() != reflect.Func {
		return nil
	}
	params := parameters(t)
	switch {
	case t.IsVariadic() && i >= len(params)-1:
		return params[len(params)-1].Elem()
	case i >= len(params):
		return nil
	case asMap:
		return reflect.SliceOf(params[i])
	}
	return params[i]
}

// invocation is one function about to be called.
type invocation struct {
	name  string
	f     reflect.Value
	t     reflect.Type
	first int
}

// once calls the function with args.
func (k *invocation) once(ctx context.Context, args []reflect.Value) ([]reflect.Value, error) {
	plain := make([]any, len(args))
	for i, a := range args {
		if a.IsValid() {
			plain[i] = a.Interface()
		}
	}
	in, err := arguments(k.name, k.t, plain)
	if err != nil {
		return nil, err
	}
	if takesContext(k.t) {
		in = append([]reflect.Value{reflect.ValueOf(ctx)}, in...)
	}
	out, failure := k.split(k.f.Call(in))
	if failure != nil {
		return nil, failure
	}
	return out, nil
}

// split takes the error off a function's results.
func (k *invocation) split(out []reflect.Value) ([]reflect.Value, *Failure) {
	n := len(results(k.t))
	if n < len(out) && !out[n].IsNil() {
		return nil, failed(out[n].Interface().(error))
	}
	return out[:n], nil
}

// each calls the function for each index of the slices args; the results are slices.
func (k *invocation) each(ctx context.Context, args []reflect.Value) ([]reflect.Value, error) {
	params := parameters(k.t)
	sig := signature(k.name, k.t)
	if len(args) != len(params) || len(args) == 0 || k.t.IsVariadic() {
		return nil, fmt.Errorf("%s: %d slices, want %d", sig, len(args), len(params))
	}
	for i, a := range args {
		if !a.IsValid() || a.Kind() != reflect.Slice || a.Len() != args[0].Len() {
			return nil, fmt.Errorf("%s: slice %d does not fit", sig, i+1)
		}
		var err error
		if args[i], err = elementsAs(a, params[i]); err != nil {
			return nil, fmt.Errorf("%s: slice %d%w", sig, i+1, err)
		}
	}
	n := args[0].Len()
	types := results(k.t)
	out := make([]reflect.Value, len(types))
	for i, t := range types {
		out[i] = reflect.MakeSlice(reflect.SliceOf(t), n, n)
	}
	skip := 0
	in := make([]reflect.Value, len(params))
	if takesContext(k.t) {
		in, skip = append(in, reflect.Value{}), 1
		in[0] = reflect.ValueOf(ctx)
	}
	for at := range n {
		if err := ctx.Err(); err != nil {
			return nil, failed(err).at(k.first + at)
		}
		for j, a := range args {
			in[skip+j] = a.Index(at)
		}
		one, err := k.split(k.f.Call(in))
		if err != nil {
			return nil, err.at(k.first + at)
		}
		for j, r := range one {
			out[j].Index(at).Set(r)
		}
	}
	return out, nil
}

// slots are the values of SetSlot, by name.
var slots sync.Map

// SetSlot keeps v under name, for a task made by Fetch.
func SetSlot(name string, v any) { slots.Store(name, slot{v}) }

type slot struct{ value any }

// targets are the variables that Bind bound, by name.
var targets sync.Map

// Bind makes the next task of Store set the variable that pointer, a pointer, points to, to the value stored under name.
func Bind(name string, pointer any) { targets.Store(name, reflect.ValueOf(pointer)) }

// store sets bound variables, whose types tell what to decode.
func store(c *Content, buffers [][]byte) error {
	bound := make([]reflect.Value, len(c.Names))
	for i, n := range c.Names {
		v, ok := targets.LoadAndDelete(n)
		if !ok {
			return fmt.Errorf("no variable is bound to %s", n)
		}
		if bound[i] = v.(reflect.Value); bound[i].Kind() != reflect.Pointer || bound[i].IsNil() {
			return fmt.Errorf("%s is bound to a %v, not to a variable", n, bound[i].Kind())
		}
	}
	values, err := decode(buffers, func(i int, _ []reflect.Value) reflect.Type {
		if i < len(bound) {
			return bound[i].Type().Elem()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(values) != len(bound) {
		return malformed("%d values for %d names", len(values), len(bound))
	}
	for i, v := range values {
		to := bound[i].Elem()
		switch {
		case !v.IsValid():
			to.SetZero()
		case !v.Type().AssignableTo(to.Type()):
			return fmt.Errorf("%s is a %v, not a %v", c.Names[i], to.Type(), v.Type())
		default:
			to.Set(v)
		}
	}
	return nil
}

// fetch returns the values of slots and empties them.
func fetch(names []string) ([][]byte, error) {
	values := make([]reflect.Value, len(names))
	for i, n := range names {
		v, ok := slots.LoadAndDelete(n)
		if !ok {
			return nil, fmt.Errorf("nothing is kept under %s", n)
		}
		values[i] = reflect.ValueOf(v.(slot).value)
	}
	return Encode(values, names)
}
