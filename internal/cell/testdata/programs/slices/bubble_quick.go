package main

import (
	"fmt"
)

func quick(a []int) []int {
	if len(a) < 2 {
		return a
	}
	p := a[0]
	var l, r []int
	for _, v := range a[1:] {
		if v < p {
			l = append(l, v)
		} else {
			r = append(r, v)
		}
	}
	return append(append(quick(l), p), quick(r)...)
}
func bubble(a []int) {
	for i := range a {
		for j := 0; j < len(a)-1-i; j++ {
			if a[j] > a[j+1] {
				a[j], a[j+1] = a[j+1], a[j]
			}
		}
	}
}
func main() { a := []int{3, 6, 1, 8, 2, 9, 2}; fmt.Println(quick(a)); bubble(a); fmt.Println(a) }
