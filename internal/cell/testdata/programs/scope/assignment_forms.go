package main

import (
	"fmt"
)

type t struct {
	a [3]int
	m map[string]*t
}

func main() {
	x := t{m: map[string]*t{"k": {}}}
	x.a[1]++
	x.m["k"].a[2] += 5
	p := &x
	p.a[0] -= 3
	(*p).a[0] *= 2
	fmt.Println(x.a, x.m["k"].a)
	var a, b, c = 1, 2, 3
	a, b, c = c, a, b
	fmt.Println(a, b, c)
	s := "a"
	s += "b"
	s += string('c')
	m := map[string][]int{}
	m["x"] = append(m["x"], 1)
	m["x"][0] |= 6
	fmt.Println(s, m)
	var f float64 = 10
	f /= 4
	f -= .5
	n := 17
	n %= 5
	n <<= 3
	n ^= 1
	fmt.Println(f, n)
}
