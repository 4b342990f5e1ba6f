package parallel

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/unit"
)

// values are the values of a result that is done; see Get.
func (r *AsyncResult) values() []any {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.misuse != nil:
		return nil
	case r.kind == mapped:
		if len(r.out) == 0 {
			return nil
		}
		all := make([]any, r.out[0].Len())
		for i := range all {
			row := make([]any, len(r.out))
			for j, o := range r.out {
				row[j] = o.Index(i).Interface()
			}
			all[i] = single(row)
		}
		return all
	case r.kind == executed:
		all := make([]any, len(r.parts))
		for i, p := range r.parts {
			all[i] = p.text()
		}
		return all
	}
	var all []any
	for _, p := range r.ordered() {
		if !r.many {
			return p.values
		}
		all = append(all, single(p.values))
	}
	return all
}

// ordered are the parts with values, in the order of the engines: what follows a prelude was sent when that was finished.
// The caller holds mu.
func (r *AsyncResult) ordered() []*part {
	var parts []*part
	for _, p := range r.parts {
		if !p.prelude {
			parts = append(parts, p)
		}
	}
	slices.SortStableFunc(parts, func(a, b *part) int { return a.rank - b.rank })
	return parts
}

// single is the value of a list of one; of others the list.
func single(values []any) any {
	switch len(values) {
	case 0:
		return nil
	case 1:
		return values[0]
	}
	return values
}

// hasValues reports whether there is something to show: a function without results has none.
func (r *AsyncResult) hasValues() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kind == mapped {
		return len(r.out) > 0
	}
	for _, p := range r.parts {
		if len(p.values) > 0 {
			return true
		}
	}
	return false
}

// Value blocks until the result is there and returns it as one value, as a cell shows it: what the function returned on
// one engine; for several engines, or a map, a slice, whose elements have the function's own type.
func (r *AsyncResult) Value() (any, error) {
	if err := r.WaitContext(unit.Context()); err != nil {
		return nil, err
	}
	return r.natural(), r.Err()
}

func (r *AsyncResult) natural() any {
	r.mu.Lock()
	gather, isMap := r.gather, r.kind == mapped && len(r.out) == 1
	r.mu.Unlock()
	if gather != nil && r.Err() == nil {
		v, err := gather(r)
		if err == nil {
			return v
		}
	}
	if isMap {
		return r.out[0].Interface()
	}
	values := r.values()
	if !r.many && r.kind != executed {
		return single(values)
	}
	return typed(values)
}

// typed is values as a slice of their type, if all have the same.
func typed(values []any) any {
	if len(values) == 0 || values[0] == nil {
		return values
	}
	t := reflect.TypeOf(values[0])
	s := reflect.MakeSlice(reflect.SliceOf(t), len(values), len(values))
	for i, v := range values {
		if reflect.TypeOf(v) != t {
			return values
		}
		s.Index(i).Set(reflect.ValueOf(v))
	}
	return s.Interface()
}

// Get blocks until r is there and returns its value as a T: the function's result type for a call on one engine, a slice
// of it for several or for a map.
func Get[T any](r *AsyncResult) (T, error) {
	var zero T
	v, err := r.Value()
	if err != nil {
		return zero, err
	}
	if t, ok := codec.As[T](v); ok {
		return t, nil
	}
	if v == nil && reflect.TypeFor[T]().Kind() == reflect.Interface {
		return zero, nil
	}
	return zero, fmt.Errorf("the result is a %T, not a %v", v, reflect.TypeFor[T]())
}

// All blocks until r is there and returns its values as a slice of T: one for each engine or index.
func All[T any](r *AsyncResult) ([]T, error) {
	values, err := r.Get()
	if err != nil {
		return nil, err
	}
	all := make([]T, len(values))
	for i, v := range values {
		t, ok := codec.As[T](v)
		if !ok && v != nil {
			return nil, fmt.Errorf("value %d is a %T, not a %v", i, v, reflect.TypeFor[T]())
		}
		all[i] = t
	}
	return all, nil
}
