package main

import (
	"fmt"
)

func counter() (func() int, func()) { n := 0; return func() int { n++; return n }, func() { n = 0 } }
func compose(fs ...func(int) int) func(int) int {
	return func(x int) int {
		for _, f := range fs {
			x = f(x)
		}
		return x
	}
}
func main() {
	c, r := counter()
	c()
	c()
	fmt.Print(c(), " ")
	r()
	fmt.Println(c())
	fmt.Println(compose(func(x int) int { return x + 1 }, func(x int) int { return x * 10 })(4))
	var fib func(int) int
	fib = func(n int) int {
		if n < 2 {
			return n
		}
		return fib(n-1) + fib(n-2)
	}
	fmt.Println(fib(15))
	x := 1
	f := func() { x++ }
	f()
	f()
	fmt.Println(x)
	fmt.Println(func(a, b int) int { return a * b }(3, 4))
}
