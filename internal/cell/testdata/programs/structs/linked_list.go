package main

import (
	"fmt"
)

type node struct {
	val  int
	next *node
}
type list struct {
	head *node
	n    int
}

func (l *list) add(v int) { l.head = &node{v, l.head}; l.n++ }
func (l *list) reverse() {
	var prev *node
	for c := l.head; c != nil; {
		c.next, prev, c = prev, c, c.next
	}
	l.head = prev
}
func (l list) all() (o []int) {
	for n := l.head; n != nil; n = n.next {
		o = append(o, n.val)
	}
	return
}
func main() {
	l := &list{}
	for i := range 5 {
		l.add(i)
	}
	fmt.Println(l.all(), l.n)
	l.reverse()
	fmt.Println(l.all())
}
