package main

import (
	"fmt"
	"iter"
)

type list[T any] struct {
	head, tail *elem[T]
	n          int
}
type elem[T any] struct {
	val  T
	next *elem[T]
}

func (l *list[T]) add(v T) {
	e := &elem[T]{val: v}
	if l.tail == nil {
		l.head, l.tail = e, e
	} else {
		l.tail.next, l.tail = e, e
	}
	l.n++
}
func (l *list[T]) all() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		i := 0
		for e := l.head; e != nil; e = e.next {
			if !yield(i, e.val) {
				return
			}
			i++
		}
	}
}
func main() {
	var l list[string]
	for _, s := range []string{"a", "b", "c"} {
		l.add(s)
	}
	for i, v := range l.all() {
		if i == 2 {
			break
		}
		fmt.Print(i, v, " ")
	}
	fmt.Println(l.n)
}
