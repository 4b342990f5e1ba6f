package main

import (
	"fmt"
)

func msort(a []int) []int {
	if len(a) <= 1 {
		return a
	}
	m := len(a) / 2
	l, r := msort(a[:m]), msort(a[m:])
	o := make([]int, 0, len(a))
	for len(l) > 0 && len(r) > 0 {
		if l[0] <= r[0] {
			o, l = append(o, l[0]), l[1:]
		} else {
			o, r = append(o, r[0]), r[1:]
		}
	}
	return append(append(o, l...), r...)
}
func main() { a := []int{38, 27, 43, 3, 9, 82, 10}; fmt.Println(msort(a), a) }
