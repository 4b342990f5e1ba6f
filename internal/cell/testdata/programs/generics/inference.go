package main

import (
	"fmt"
	"strconv"
)

func apply[F ~func(A) B, A, B any](f F, a A) B      { return f(a) }
func keys[M ~map[K]V, K comparable, V any](m M) int { return len(m) }
func first[T any, S interface{ ~[]T }](s S) T       { return s[0] }

type op func(int) string
type mm map[string]bool

func main() {
	fmt.Println(apply(op(strconv.Itoa), 5), apply(func(s string) int { return len(s) }, "abc"), keys(mm{"a": true}), first([]string{"z"}))
	f := apply[func(int) int, int, int]
	fmt.Println(f(func(x int) int { return x * 2 }, 4))
	var g func(float64, float64) float64 = add
	fmt.Println(g(1, 2.5))
}
func add[T int | float64](a, b T) T { return a + b }
