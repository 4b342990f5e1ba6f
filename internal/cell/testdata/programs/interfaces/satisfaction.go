package main

import (
	"fmt"
)

type shape interface {
	area() float64
	name() string
}
type sq struct{ s float64 }
type circle struct{ r float64 }

func (s sq) area() float64      { return s.s * s.s }
func (sq) name() string         { return "square" }
func (c *circle) area() float64 { return 3 * c.r * c.r }
func (c *circle) name() string  { return "circle" }
func total(ss ...shape) (t float64) {
	for _, s := range ss {
		t += s.area()
	}
	return
}
func main() {
	ss := []shape{sq{2}, &circle{1}, &sq{3}}
	for _, s := range ss {
		fmt.Println(s.name(), s.area())
	}
	fmt.Println(total(ss...))
	ss[1].(*circle).r = 2
	fmt.Println(total(ss...))
	if c, ok := ss[0].(*circle); !ok {
		fmt.Println(c == nil)
	}
}
