package main

import (
	"fmt"
)

func swap(a, b *int) { *a, *b = *b, *a }
func mk() *int       { x := 42; return &x }
func main() {
	a, b := 1, 2
	swap(&a, &b)
	p := &a
	q := &p
	**q = 50
	fmt.Println(a, b, *mk(), p == *q, mk() == mk())
	s := []int{1, 2}
	e := &s[1]
	*e = 9
	fmt.Println(s)
	type t struct{ f [2]int }
	v := t{}
	f := &v.f[1]
	*f = 3
	fmt.Println(v)
	n := new(int)
	*n += 4
	fmt.Println(*n)
}
