package main

import (
	"cmp"
	"fmt"
	"strings"
)

type node[T cmp.Ordered] struct {
	v    T
	l, r *node[T]
}

func (n *node[T]) add(v T) *node[T] {
	if n == nil {
		return &node[T]{v: v}
	}
	if v < n.v {
		n.l = n.l.add(v)
	} else {
		n.r = n.r.add(v)
	}
	return n
}
func (n *node[T]) walk(f func(T)) {
	if n != nil {
		n.l.walk(f)
		f(n.v)
		n.r.walk(f)
	}
}
func main() {
	var t *node[string]
	for _, s := range strings.Fields("d b a c e") {
		t = t.add(s)
	}
	t.walk(func(s string) { fmt.Print(s) })
	var u *node[float64]
	u = u.add(2).add(1)
	u.walk(func(f float64) { fmt.Print(" ", f) })
	fmt.Println()
}
