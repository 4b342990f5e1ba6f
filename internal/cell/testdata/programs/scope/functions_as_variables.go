package main

import (
	"fmt"
)

var op = func(a, b int) int { return a + b }
var table = []func(int) int{double, func(x int) int { return x * x }}

func double(x int) int { return 2 * x }
func main() {
	f := op
	op = func(a, b int) int { return a - b }
	fmt.Println(f(3, 4), op(3, 4), table[0](5), table[1](5))
	op = nil
	fmt.Println(op == nil, f != nil)
}
