package main

import (
	"fmt"
)

type base struct{ id int }

func (b base) ID() int          { return b.id }
func (b *base) set(n int)       { b.id = n }
func (b base) describe() string { return fmt.Sprint("base ", b.id) }

type named struct {
	base
	name string
}

func (n named) describe() string { return n.name + "/" + n.base.describe() }

type deep struct {
	*named
	extra int
}

func main() {
	n := named{base{1}, "n"}
	n.set(5)
	fmt.Println(n.ID(), n.id, n.describe())
	d := deep{&n, 2}
	d.set(9)
	d.name = "d"
	fmt.Println(d.id, n.id, d.describe(), d.named.base.ID())
}
