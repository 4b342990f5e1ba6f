package main

import (
	"fmt"
)

type eng struct{ hp int }

func (e *eng) start() string { e.hp++; return fmt.Sprint("on ", e.hp) }

type car struct {
	*eng
	name string
}
type fleet struct {
	cars []car
	*car
}

func main() {
	e := &eng{100}
	c := car{e, "c"}
	d := c
	c.start()
	fmt.Println(d.hp, d.start(), e.hp)
	f := fleet{[]car{c, d}, &c}
	fmt.Println(f.start(), f.name, f.cars[1].hp)
	c.eng = &eng{1}
	fmt.Println(c.start(), f.hp)
}
