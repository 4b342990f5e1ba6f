package main

import (
	"fmt"
)

type opt[T any] struct{ v *T }

func some[T any](v T) opt[T] { return opt[T]{&v} }
func none[T any]() opt[T]    { return opt[T]{} }
func (o opt[T]) or(d T) T {
	if o.v == nil {
		return d
	}
	return *o.v
}
func bind[A, B any](o opt[A], f func(A) opt[B]) opt[B] {
	if o.v == nil {
		return none[B]()
	}
	return f(*o.v)
}
func main() {
	h := func(n int) opt[float64] {
		if n == 0 {
			return none[float64]()
		}
		return some(1 / float64(n))
	}
	fmt.Println(bind(some(4), h).or(-1), bind(some(0), h).or(-1), bind(none[int](), h).or(-2))
}
