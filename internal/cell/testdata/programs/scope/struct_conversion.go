package main

import (
	"fmt"
)

type a struct {
	X int `json:"x"`
	y string
}
type b struct {
	X int
	y string
}
type c [2]b

func main() {
	v := a{1, "s"}
	w := b(v)
	u := struct {
		X int
		y string
	}(w)
	fmt.Println(w, u, a(u) == v)
	p := (*b)(&v)
	p.X = 9
	fmt.Println(v.X, c{w, w}[1].X, [2]b(c{w, w})[0])
}
