package main

import (
	"cmp"
	"fmt"
	"slices"
)

type p struct {
	n string
	a int
}

func main() {
	s := []p{{"x", 2}, {"y", 1}}
	slices.SortFunc(s, func(a, b p) int { return cmp.Compare(a.a, b.a) })
	fmt.Println(s)
	i, ok := slices.BinarySearch([]int{1, 3, 5}, 3)
	fmt.Println(i, ok, slices.Equal([]int{1}, []int{1}), slices.Compact([]int{1, 1, 2, 2, 1}), slices.Insert([]int{1, 4}, 1, 2, 3), slices.Delete([]int{1, 2, 3}, 0, 1))
	fmt.Println(slices.IndexFunc(s, func(x p) bool { return x.n == "x" }), slices.Repeat([]int{1}, 3), slices.Concat([]int{1}, []int{2}), slices.Clone(s))
}
