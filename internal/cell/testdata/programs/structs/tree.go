package main

import (
	"fmt"
)

type tree struct {
	l, r *tree
	k    int
}

func (t *tree) insert(k int) *tree {
	if t == nil {
		return &tree{k: k}
	}
	if k < t.k {
		t.l = t.l.insert(k)
	} else if k > t.k {
		t.r = t.r.insert(k)
	}
	return t
}
func (t *tree) walk(f func(int)) {
	if t != nil {
		t.l.walk(f)
		f(t.k)
		t.r.walk(f)
	}
}
func (t *tree) depth() int {
	if t == nil {
		return 0
	}
	return 1 + max(t.l.depth(), t.r.depth())
}
func main() {
	var t *tree
	for _, k := range []int{5, 2, 8, 1, 9, 3, 5} {
		t = t.insert(k)
	}
	t.walk(func(k int) { fmt.Print(k, " ") })
	fmt.Println(t.depth())
}
