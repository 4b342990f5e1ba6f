package main

import (
	"fmt"
	"strconv"
)

func Map[T, U any](s []T, f func(T) U) []U {
	o := make([]U, 0, len(s))
	for _, v := range s {
		o = append(o, f(v))
	}
	return o
}
func Filter[S ~[]T, T any](s S, keep func(T) bool) (o S) {
	for _, v := range s {
		if keep(v) {
			o = append(o, v)
		}
	}
	return
}
func Reduce[T, A any](s []T, a A, f func(A, T) A) A {
	for _, v := range s {
		a = f(a, v)
	}
	return a
}

type ids []int

func main() {
	s := Map([]int{1, 2, 3}, strconv.Itoa)
	fmt.Println(s, len(s[0]))
	fmt.Printf("%T %v\n", Filter(ids{1, 2, 3, 4}, func(n int) bool { return n%2 == 0 }), Reduce(s, 0, func(a int, x string) int { return a + len(x) }))
}
