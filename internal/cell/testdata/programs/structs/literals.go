package main

import (
	"fmt"
)

type point struct {
	X, Y int
	name string
}
type line struct {
	a, b point
	tags []string
}

func main() {
	p := point{1, 2, "p"}
	q := point{Y: 5}
	r := &point{name: "r"}
	r.X++
	l := line{p, *r, []string{"t"}}
	l.b.Y = 7
	m := l
	m.a.X = 100
	m.tags[0] = "shared"
	fmt.Println(p, q, *r, l, m.a.X, p == point{1, 2, "p"}, r.X)
	fmt.Printf("%v %+v %T\n", q, l, l)
	ps := []point{{1, 1, "a"}, {X: 2}}
	pp := []*point{{3, 3, "c"}}
	for i := range ps {
		ps[i].X *= 10
	}
	for _, x := range ps {
		x.X = 0
	}
	fmt.Println(ps, *pp[0])
}
