package main

//differential:methods apart

import (
	"fmt"
	"iter"
)

type list[T any] struct {
	head, tail *node[T]
	n          int
}

type node[T any] struct {
	val  T
	next *node[T]
}

func (l *list[T]) add(vs ...T) *list[T] {
	for _, v := range vs {
		nd := &node[T]{val: v}
		if l.tail == nil {
			l.head = nd
		} else {
			l.tail.next = nd
		}
		l.tail = nd
		l.n++
	}
	return l
}

func (l *list[T]) all() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		i := 0
		for nd := l.head; nd != nil; nd = nd.next {
			if !yield(i, nd.val) {
				return
			}
			i++
		}
	}
}

func (l list[T]) String() string {
	s := "["
	for i, v := range l.all() {
		if i > 0 {
			s += " "
		}
		s += fmt.Sprint(v)
	}
	return s + "]"
}

type shower interface{ show() string }

type id[T shower] struct{ inner T }

func (i id[T]) show() string { return "id:" + i.inner.show() }

type plain string

func (p plain) show() string { return string(p) }

func showAll[T shower](xs ...T) (out []string) {
	for _, x := range xs {
		out = append(out, x.show())
	}
	return
}

func mapList[A, B any](l *list[A], f func(A) B) *list[B] {
	out := new(list[B])
	for _, v := range l.all() {
		out.add(f(v))
	}
	return out
}

type vec struct{ vec int }

func shadow[vec any](v vec) string { return fmt.Sprintf("%T", v) }

func local() string {
	type point struct{ x, y int }
	l := new(list[point]).add(point{1, 2}, point{3, 4})
	sum := 0
	for _, p := range l.all() {
		sum += p.x * p.y
	}
	return fmt.Sprint(sum, l, l.head.val.x)
}

func main() {
	l := new(list[int]).add(1, 2, 3)
	fmt.Println(l, l.n, mapList(l, func(i int) string { return fmt.Sprint(i, i) }))
	fmt.Println(id[id[plain]]{id[plain]{"x"}}.show(), showAll(plain("a"), "b"), showAll[shower](plain("c"), id[plain]{"d"}))
	fmt.Println(shadow(3), shadow(vec{1}), local())
	for i, v := range l.all() {
		if i == 1 {
			fmt.Println("stop at", v)
			break
		}
	}
	var s shower = id[plain]{"e"}
	_, ok := s.(id[plain])
	fmt.Println(ok, l.head.next.val, l.tail.next == nil)
}
