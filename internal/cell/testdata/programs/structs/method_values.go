package main

import (
	"fmt"
)

type c struct{ n int }

func (x c) val(k int) int  { return x.n + k }
func (x *c) ptr(k int) int { x.n += k; return x.n }
func main() {
	v := c{1}
	f := v.val
	g := v.ptr
	v.n = 10
	fmt.Println(f(1), g(1), v.n)
	h := c.val
	i := (*c).ptr
	j := (*c).val
	fmt.Println(h(v, 1), i(&v, 5), j(&v, 2))
	fs := []func(int) int{f, g}
	for _, f := range fs {
		fmt.Println(f(100))
	}
}
