package main

import (
	"fmt"
)

const (
	a, b = iota, iota * 10
	c, d
	_, _
	e, f
)
const (
	x = "x"
	y = iota
	z
)
const (
	p = 1 << iota
	q = 1 << iota
	r = 3
	s
	t = iota
)

type weekday int

const (
	sun weekday = iota
	mon
	tue
)

func (d weekday) String() string { return [...]string{"Sun", "Mon", "Tue"}[d] }
func main() {
	fmt.Println(a, b, c, d, e, f, x, y, z, p, q, r, s, t, sun, mon, tue)
	fmt.Printf("%d %v %s\n", tue, tue, mon)
}
