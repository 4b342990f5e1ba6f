package codec

import (
	"fmt"
	"math"
	"reflect"
)

// parameters are what a caller has to give: all but a leading context.Context.
func parameters(t reflect.Type) []reflect.Type {
	first := 0
	if takesContext(t) {
		first = 1
	}
	out := make([]reflect.Type, 0, t.NumIn())
	for i := first; i < t.NumIn(); i++ {
		out = append(out, t.In(i))
	}
	return out
}

func takesContext(t reflect.Type) bool {
	return t.NumIn() > 0 && t.In(0) == contextType && !(t.IsVariadic() && t.NumIn() == 1)
}

// arguments checks args against the parameters of a function and converts constants' default types: an int may be given
// for an int64 or a float64 where the value stays the same. Arguments of a variadic parameter are given one by one.
func arguments(name string, t reflect.Type, args []any) ([]reflect.Value, error) {
	params := parameters(t)
	sig := signature(name, t)
	switch {
	case t.IsVariadic() && len(args) < len(params)-1:
		return nil, fmt.Errorf("%s: %d arguments, want at least %d", sig, len(args), len(params)-1)
	case !t.IsVariadic() && len(args) != len(params):
		return nil, fmt.Errorf("%s: %s, want %d", sig, count(len(args), "argument"), len(params))
	}
	values := make([]reflect.Value, len(args))
	for i, a := range args {
		want := reflect.Type(nil)
		if t.IsVariadic() && i >= len(params)-1 {
			want = params[len(params)-1].Elem()
		} else {
			want = params[i]
		}
		v, err := convert(a, want)
		if err != nil {
			return nil, fmt.Errorf("%s: argument %d is %w, want %s", sig, i+1, err, typeText(want))
		}
		values[i] = v
	}
	return values, nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// notA is what a value that does not fit is: its type, or what is wrong with it.
type notA string

func (n notA) Error() string { return string(n) }

// convert returns a as a value of type want.
func convert(a any, want reflect.Type) (reflect.Value, error) {
	if l, ok := a.(*Literal); ok {
		return literalValue(l, want)
	}
	v := reflect.ValueOf(a)
	if !v.IsValid() {
		switch want.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer:
			return reflect.Zero(want), nil
		}
		return reflect.Value{}, notA("nil")
	}
	return convertValue(v, want)
}

func convertValue(v reflect.Value, want reflect.Type) (reflect.Value, error) {
	t := v.Type()
	if t == want {
		return v, nil
	}
	if t.AssignableTo(want) {
		box := reflect.New(want).Elem()
		box.Set(v)
		return box, nil
	}
	if t.Kind() == reflect.Interface && !v.IsNil() {
		return convertValue(v.Elem(), want)
	}
	if isBasic(t) && (t.Kind() == reflect.String || t.Kind() == reflect.Bool) && t.Kind() == want.Kind() {
		return v.Convert(want), nil
	}
	if isBasic(t) && isNumber(t.Kind()) && isNumber(want.Kind()) {
		c := v.Convert(want)
		if exact(v, c) {
			return c, nil
		}
		return reflect.Value{}, notA(fmt.Sprintf("%v(%v)", t, v))
	}
	return reflect.Value{}, notA(typeText(t))
}

func isNumber(k reflect.Kind) bool {
	return k >= reflect.Int && k <= reflect.Float64 && k != reflect.Uintptr
}

// exact reports whether the conversion of v to c kept the number.
func exact(v, c reflect.Value) bool {
	if v.CanFloat() {
		f := v.Float()
		switch {
		case c.CanFloat():
			return c.Float() == f || math.IsNaN(f)
		case f != math.Trunc(f) || f < -1<<63 || f >= 1<<64:
			return false
		case c.CanInt():
			return f < 1<<63 && float64(c.Int()) == f
		}
		return f >= 0 && float64(c.Uint()) == f
	}
	if c.CanFloat() {
		f := c.Float()
		if v.CanInt() {
			return f >= -1<<63 && f < 1<<63 && int64(f) == v.Int()
		}
		return f < 1<<64 && uint64(f) == v.Uint()
	}
	negative := func(x reflect.Value) bool { return x.CanInt() && x.Int() < 0 }
	bits := func(x reflect.Value) uint64 {
		if x.CanInt() {
			return uint64(x.Int())
		}
		return x.Uint()
	}
	return negative(v) == negative(c) && bits(v) == bits(c)
}

// literalValue makes the function of a lifted literal, to be an argument. It stays one that travels: planFunc finds its
// captures in literals.
func literalValue(l *Literal, want reflect.Type) (reflect.Value, error) {
	f, err := literalOf(l)
	if err != nil {
		return reflect.Value{}, err
	}
	if want != anyType && !f.t.AssignableTo(want) {
		return reflect.Value{}, notA(typeText(f.t))
	}
	return reflect.ValueOf(l), nil
}

// elementsAs returns the elements of the slice or array v as a slice of want; the error continues "slice 2".
func elementsAs(v reflect.Value, want reflect.Type) (reflect.Value, error) {
	if v.Kind() == reflect.Array {
		s := reflect.MakeSlice(reflect.SliceOf(v.Type().Elem()), v.Len(), v.Len())
		reflect.Copy(s, v)
		v = s
	}
	if v.Type().Elem() == want {
		return v, nil
	}
	out := reflect.MakeSlice(reflect.SliceOf(want), v.Len(), v.Len())
	for i := range v.Len() {
		e := v.Index(i)
		if e.Kind() == reflect.Interface && e.IsNil() {
			c, err := convert(nil, want)
			if err != nil {
				return reflect.Value{}, fmt.Errorf("[%d] is nil, want %s", i, typeText(want))
			}
			out.Index(i).Set(c)
			continue
		}
		c, err := convertValue(e, want)
		if err != nil {
			if v.Type().Elem().Kind() == reflect.Interface || isNumber(e.Kind()) && isNumber(want.Kind()) {
				return reflect.Value{}, fmt.Errorf("[%d] is %w, want %s", i, err, typeText(want))
			}
			return reflect.Value{}, fmt.Errorf(" is %s, want []%s", typeText(v.Type()), typeText(want))
		}
		out.Index(i).Set(c)
	}
	return out, nil
}
