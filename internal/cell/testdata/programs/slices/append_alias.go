package main

import (
	"fmt"
)

func main() {
	a := make([]int, 3, 4)
	b := append(a, 1)
	c := append(a, 2)
	fmt.Println(b, c, len(a), cap(a))
	b[0] = 9
	fmt.Println(a, c)
	d := append(b, 5, 6)
	d[0] = 7
	fmt.Println(b[0], d[0], len(d))
	a = append(a[:1], a[2:]...)
	fmt.Println(a, b)
	var n []int
	n = append(n, n...)
	fmt.Println(n == nil, append([]byte("x"), "yz"...))
}
