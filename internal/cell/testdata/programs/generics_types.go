package main

import (
	"errors"
	"fmt"
	"strings"
)

type stack[T any] struct {
	items []T
	limit int
}

var errEmpty = errors.New("empty")

func newStack[T any](items ...T) *stack[T] { return &stack[T]{items: items, limit: 4} }

func (s *stack[T]) push(v T) *stack[T] { s.items = append(s.items, v); return s }

func (s *stack[T]) pop() (T, error) {
	if len(s.items) == 0 {
		var zero T
		return zero, errEmpty
	}
	last := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return last, nil
}

func (s stack[T]) String() string { return fmt.Sprintf("stack%v/%d", s.items, s.limit) }

type pair[K comparable, V any] struct {
	key K
	val V
}

func (p pair[K, V]) swap(f func(V) K, g func(K) V) pair[K, V] {
	return pair[K, V]{f(p.val), g(p.key)}
}

type node[T any] struct {
	val         T
	left, right *node[T]
}

type tree[T any] struct {
	root *node[T]
	less func(a, b T) bool
	n    int
}

func (t *tree[T]) insert(v T) {
	t.n++
	at := &t.root
	for *at != nil {
		if t.less(v, (*at).val) {
			at = &(*at).left
		} else {
			at = &(*at).right
		}
	}
	*at = &node[T]{val: v}
}

func (t *tree[T]) walk(f func(T)) {
	var visit func(*node[T])
	visit = func(n *node[T]) {
		if n == nil {
			return
		}
		visit(n.left)
		f(n.val)
		visit(n.right)
	}
	visit(t.root)
}

type set[T comparable] map[T]struct{}

func (s set[T]) add(vs ...T) set[T] {
	for _, v := range vs {
		s[v] = struct{}{}
	}
	return s
}

func (s set[T]) has(v T) bool { _, ok := s[v]; return ok }

type list[T any] struct {
	head *element[T]
	size int
}

type element[T any] struct {
	next  *element[T]
	value T
	owner *list[T]
}

func (l *list[T]) prepend(v T) {
	l.head = &element[T]{l.head, v, l}
	l.size++
}

func (e *element[T]) rest() int {
	if e.next == nil {
		return 0
	}
	return 1 + e.next.rest()
}

type base[T any] struct{ stack[T] }

type outer struct {
	base[string]
	*pair[int, bool]
	name string
}

type lister[T any] interface {
	push(T) *stack[T]
	pop() (T, error)
}

func drain[T any](l lister[T]) (out []T) {
	for {
		v, err := l.pop()
		if err != nil {
			return
		}
		out = append(out, v)
	}
}

type option[T any] func(*T)

type config struct {
	host string
	port int
}

func build[T any](opts ...option[T]) T {
	var t T
	for _, o := range opts {
		o(&t)
	}
	return t
}

func withPort(p int) option[config] { return func(c *config) { c.port = p } }

func main() {
	s := newStack(1, 2)
	s.push(3).push(4)
	fmt.Println(s, s.items, s.limit)
	v, err := s.pop()
	fmt.Println(v, err, len(s.items))
	fmt.Println(drain[int](s))
	_, err = s.pop()
	fmt.Println(errors.Is(err, errEmpty))
	p := pair[string, int]{"a", 1}
	q := p.swap(func(i int) string { return strings.Repeat("z", i) }, func(s string) int { return len(s) })
	fmt.Printf("%v %+v %T\n", p, q, q)
	fmt.Println(p == pair[string, int]{"a", 1}, p == q, p.key, q.val)
	t := tree[string]{less: func(a, b string) bool { return a < b }}
	for _, w := range strings.Fields("the quick brown fox") {
		t.insert(w)
	}
	t.walk(func(s string) { fmt.Print(s, " ") })
	fmt.Println(t.n, t.root.val)
	x := set[rune]{}.add('a', 'b')
	fmt.Println(len(x), x.has('a'), x.has('z'))
	fmt.Printf("%T %T %T\n", x, s, t)
	var l list[float64]
	l.prepend(1)
	l.prepend(2.5)
	fmt.Println(l.size, l.head.value, l.head.next.value, l.head.rest(), l.head.owner == &l)
	o := outer{name: "o", pair: &pair[int, bool]{7, true}}
	o.push("x").push("y")
	fmt.Println(o.items, o.key, o.val, o.name, o.base.stack.items[1], o.String())
	fmt.Printf("%+v\n", o.base)
	c := build(withPort(80), func(c *config) { c.host = "h" })
	fmt.Printf("%+v\n", c)
	var li lister[string] = &o
	li.push("z")
	fmt.Println(drain(li))
	m := map[pair[int, int]]*stack[pair[int, string]]{{1, 2}: newStack(pair[int, string]{1, "one"})}
	fmt.Println(m[pair[int, int]{1, 2}].items[0].val)
	fmt.Printf("%T\n", m)
}
