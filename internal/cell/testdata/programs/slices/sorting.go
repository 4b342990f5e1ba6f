package main

import (
	"fmt"
	"sort"
)

func main() {
	a := []int{5, 2, 8, 1}
	sort.Ints(a)
	fmt.Println(a, sort.SearchInts(a, 5))
	b := []string{"b", "C", "a"}
	sort.Strings(b)
	fmt.Println(b)
	sort.Sort(sort.Reverse(sort.IntSlice(a)))
	fmt.Println(a)
	type p struct {
		n string
		a int
	}
	ps := []p{{"x", 3}, {"y", 1}, {"z", 3}, {"w", 2}}
	sort.SliceStable(ps, func(i, j int) bool { return ps[i].a > ps[j].a })
	fmt.Println(ps)
}
