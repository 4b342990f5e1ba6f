package main

import (
	"fmt"
)

func solve(n, row int, cols, d1, d2 map[int]bool) int {
	if row == n {
		return 1
	}
	c := 0
	for x := range n {
		if cols[x] || d1[row+x] || d2[row-x] {
			continue
		}
		cols[x], d1[row+x], d2[row-x] = true, true, true
		c += solve(n, row+1, cols, d1, d2)
		delete(cols, x)
		delete(d1, row+x)
		delete(d2, row-x)
	}
	return c
}
func main() {
	for n := 1; n < 7; n++ {
		fmt.Print(solve(n, 0, map[int]bool{}, map[int]bool{}, map[int]bool{}), " ")
	}
	fmt.Println()
}
