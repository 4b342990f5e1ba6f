package main

import (
	"fmt"
	"sort"
)

func main() {
	a := []int{1, 3, 5, 7}
	fmt.Println(sort.Search(len(a), func(i int) bool { return a[i] >= 4 }), sort.SearchInts(a, 8))
	p := map[string]int{"x": 3, "y": 1}
	k := []string{}
	for n := range p {
		k = append(k, n)
	}
	sort.Slice(k, func(i, j int) bool { return p[k[i]] < p[k[j]] })
	fmt.Println(k)
}
