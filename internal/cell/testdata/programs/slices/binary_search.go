package main

import (
	"fmt"
)

func find(a []int, x int) int {
	lo, hi := 0, len(a)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if a[m] < x {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(a) && a[lo] == x {
		return lo
	}
	return -1
}
func main() {
	a := []int{1, 3, 5, 7, 9, 11}
	for _, x := range []int{1, 4, 11, 12, 7} {
		fmt.Print(find(a, x), " ")
	}
	fmt.Println()
}
