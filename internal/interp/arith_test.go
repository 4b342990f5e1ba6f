package interp

import (
	"fmt"
	"math"
	"reflect"
	"testing"
)

type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

type myInt int8
type myFloat float32
type myString string

// operate compares what scripts make of a op b with what compiled Go does, for all pairs of values.
func operate[T any](t *testing.T, values []T, ops map[string]func(a, b T) any) {
	t.Helper()
	for _, a := range values {
		for _, b := range values {
			for op, compiled := range ops {
				body := "Show((*V_a) " + op + " (*V_b))"
				want, wantPanic := guarded(func() any { return compiled(a, b) })
				got, err := execute(t, body, map[string]any{"a": a, "b": b})
				switch {
				case wantPanic != nil:
					p, ok := err.(*Panic)
					if !ok || fmt.Sprint(p.Value) != fmt.Sprint(wantPanic) {
						t.Errorf("%T: %v %s %v: %v, Go panics with %v", a, a, op, b, err, wantPanic)
					}
				case err != nil:
					t.Errorf("%T: %v %s %v: %v", a, a, op, b, err)
				case len(got) != 1 || !same(got[0], want):
					t.Errorf("%T: %v %s %v is %T %v, Go has %T %v", a, a, op, b, got[0], got[0], want, want)
				}
			}
		}
	}
}

func same(a, b any) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && fmt.Sprint(a) == fmt.Sprint(b)
}

func guarded(f func() any) (v, panicked any) {
	defer func() { panicked = recover() }()
	return f(), nil
}

func integers[T integer](t *testing.T, values ...T) {
	operate(t, values, map[string]func(a, b T) any{
		"+": func(a, b T) any { return a + b }, "-": func(a, b T) any { return a - b }, "*": func(a, b T) any { return a * b },
		"/": func(a, b T) any { return a / b }, "%": func(a, b T) any { return a % b },
		"&": func(a, b T) any { return a & b }, "|": func(a, b T) any { return a | b }, "^": func(a, b T) any { return a ^ b }, "&^": func(a, b T) any { return a &^ b },
		"==": func(a, b T) any { return a == b }, "!=": func(a, b T) any { return a != b }, "<": func(a, b T) any { return a < b },
		"<=": func(a, b T) any { return a <= b }, ">": func(a, b T) any { return a > b }, ">=": func(a, b T) any { return a >= b },
	})
}

func floats[T ~float32 | ~float64](t *testing.T, values ...T) {
	operate(t, values, map[string]func(a, b T) any{
		"+": func(a, b T) any { return a + b }, "-": func(a, b T) any { return a - b }, "*": func(a, b T) any { return a * b }, "/": func(a, b T) any { return a / b },
		"==": func(a, b T) any { return a == b }, "!=": func(a, b T) any { return a != b }, "<": func(a, b T) any { return a < b }, ">=": func(a, b T) any { return a >= b },
	})
}

func texts[T ~string](t *testing.T, values ...T) {
	operate(t, values, map[string]func(a, b T) any{
		"+": func(a, b T) any { return a + b }, "==": func(a, b T) any { return a == b }, "<": func(a, b T) any { return a < b }, ">=": func(a, b T) any { return a >= b },
	})
}

func TestArithmetic(t *testing.T) {
	t.Run("int", func(t *testing.T) { integers(t, 0, 1, -7, math.MaxInt, math.MinInt) })
	t.Run("int8", func(t *testing.T) { integers[int8](t, 0, 3, -1, 127, -128) })
	t.Run("int16", func(t *testing.T) { integers[int16](t, 0, -1, 32767, -32768) })
	t.Run("int32", func(t *testing.T) { integers[int32](t, 0, -1, math.MaxInt32, math.MinInt32) })
	t.Run("int64", func(t *testing.T) { integers[int64](t, 0, -1, math.MaxInt64, math.MinInt64) })
	t.Run("uint", func(t *testing.T) { integers[uint](t, 0, 7, math.MaxUint) })
	t.Run("uint8", func(t *testing.T) { integers[uint8](t, 0, 200, 255) })
	t.Run("uint16", func(t *testing.T) { integers[uint16](t, 0, 2, 65535) })
	t.Run("uint32", func(t *testing.T) { integers[uint32](t, 0, 2, math.MaxUint32) })
	t.Run("uint64", func(t *testing.T) { integers[uint64](t, 0, 2, math.MaxUint64) })
	t.Run("named integer", func(t *testing.T) { integers[myInt](t, 0, 3, 127, -128) })
	t.Run("float32", func(t *testing.T) { floats[float32](t, 0, 0.1, -3, math.MaxFloat32) })
	t.Run("float64", func(t *testing.T) { floats[float64](t, 0, 0.1, -3, math.MaxFloat64, math.NaN()) })
	t.Run("named float", func(t *testing.T) { floats[myFloat](t, 0, 0.1, -3) })
	t.Run("string", func(t *testing.T) { texts(t, "", "a", "é") })
	t.Run("named string", func(t *testing.T) { texts[myString](t, "", "a") })
}
