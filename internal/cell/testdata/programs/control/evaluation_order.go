package main

import (
	"fmt"
)

var trace []string

func e(s string, n int) int { trace = append(trace, s); return n }
func main() {
	a := []int{0, 0, 0}
	a[e("i", 1)] = e("v", 5) + e("w", 1)*e("x", 2)
	f := func(xs ...int) int { return len(xs) }
	fmt.Println(f(e("1", 1), e("2", 2)), a, trace)
	trace = nil
	x, y := e("p", 1), e("q", 2)
	x, y = y, x+e("r", 0)
	fmt.Println(x, y, trace)
}
