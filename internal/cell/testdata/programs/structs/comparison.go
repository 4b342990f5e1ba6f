package main

import (
	"fmt"
)

type a struct {
	x int
	s string
	p *int
	i any
}

func main() {
	n := 1
	v, w := a{1, "s", &n, 2}, a{1, "s", &n, 2}
	fmt.Println(v == w, v != a{})
	w.i = int8(2)
	fmt.Println(v == w)
	b := struct{ x int }{1}
	c := struct{ x int }{1}
	fmt.Println(b == c)
	defer func() { fmt.Println(recover()) }()
	v.i, w.i = []int{1}, []int{1}
	fmt.Println(v == w)
}
