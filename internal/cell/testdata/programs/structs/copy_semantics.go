package main

import (
	"fmt"
)

type in struct {
	a [2]int
	s []int
	m map[string]int
	p *int
}

func f(x in) { x.a[0] = 9; x.s[0] = 9; x.m["k"] = 9; *x.p = 9 }
func main() {
	n := 1
	v := in{[2]int{1, 1}, []int{1}, map[string]int{"k": 1}, &n}
	f(v)
	fmt.Println(v.a, v.s, v.m, n)
	w := v
	w.a[1] = 5
	fmt.Println(v.a, w.a)
	arr := []in{v}
	arr[0].a[0] = 77
	fmt.Println(v.a[0], arr[0].a[0])
}
