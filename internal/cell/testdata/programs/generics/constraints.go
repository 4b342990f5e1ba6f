package main

import (
	"cmp"
	"fmt"
)

type number interface{ ~int | ~int64 | ~float64 }

func Sum[T number](xs ...T) (t T) {
	for _, x := range xs {
		t += x
	}
	return
}
func Max[T cmp.Ordered](a, b T) T {
	if a > b {
		return a
	}
	return b
}

type my int
type stringish interface {
	~string
	Len() int
}
type name string

func (n name) Len() int { return len(n) }
func total[T stringish](xs []T) (n int) {
	for _, x := range xs {
		n += x.Len() + len(string(x))
	}
	return
}
func main() {
	fmt.Println(Sum(1, 2, 3), Sum(1.5, 2), Sum[my](1, 2), Max("a", "b"), Max(2.5, 1), total([]name{"ab", "c"}))
}
