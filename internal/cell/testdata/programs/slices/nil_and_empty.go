package main

import (
	"fmt"
)

func main() {
	var a []int
	b := []int{}
	c := a[:0]
	d := make([]int, 0)
	fmt.Println(a == nil, b == nil, c == nil, d == nil, len(a), cap(b), a, b)
	for range a {
		fmt.Println("never")
	}
	fmt.Println(len(append(a, a...)), append(a, 1))
	clear(a)
	e := []int{1, 2}
	clear(e)
	fmt.Println(e)
}
