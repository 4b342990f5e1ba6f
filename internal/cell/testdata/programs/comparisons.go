package main

import "fmt"

type point struct{ x, y int }

type segment struct {
	a, b point
	name string
	any  any
}

type tagged[T comparable] struct {
	tag  string
	body T
}

type iface interface{ m() }
type one struct{ n int }
type two struct{ n int }

func (one) m()  {}
func (*two) m() {}

type fnHolder struct{ f func() }

func equal[T comparable](a, b T) bool { return a == b }

func index[T comparable](xs []T, x T) int {
	for i, v := range xs {
		if v == x {
			return i
		}
	}
	return -1
}

var origin point
var registry = map[any]string{point{1, 2}: "point", segment{}: "segment", one{1}: "one", 1: "int", "s": "string", [2]point{}: "array", tagged[int]{"t", 1}: "tagged"}

func try(f func() bool) (out string) {
	defer func() {
		if r := recover(); r != nil {
			out = fmt.Sprint(r)
		}
	}()
	return fmt.Sprint(f())
}

func main() {
	p := point{1, 2}
	q := &point{1, 2}
	fmt.Println(p == *q, &p == q, p != origin, origin == point{}, [2]point{p, p} == [2]point{*q, *q})
	s := segment{a: p, name: "s", any: p}
	t := segment{point{1, 2}, point{}, "s", *q}
	fmt.Println(s == t, equal(s, t), index([]segment{{}, t}, s))
	t.any = q
	fmt.Println(s == t, s.a == t.a)
	fmt.Println(tagged[point]{"a", p} == tagged[point]{"a", *q}, equal(tagged[string]{}, tagged[string]{"", "x"}))
	var i, j iface = one{1}, one{1}
	tw := &two{1}
	var k, l iface = tw, tw
	fmt.Println(i == j, i == k, k == l, k == iface(&two{1}), i == iface(one{2}), i != nil, any(i) == any(one{1}))
	for _, key := range []any{p, *q, segment{}, one{1}, 1, "s", [2]point{}, tagged[int]{"t", 1}, tagged[int]{"t", 2}, int64(1)} {
		fmt.Print(registry[key], ";")
	}
	fmt.Println()
	fmt.Println(try(func() bool { return any(fnHolder{}) == any(fnHolder{}) }))
	fmt.Println(try(func() bool { return any([]int{1}) == any([]int{1}) }))
	fmt.Println(try(func() bool { return any(fnHolder{}) == any(one{}) }))
	fmt.Println(try(func() bool { return equal[any](map[int]int{}, 1) }))
	fmt.Println(try(func() bool { return equal[any](map[int]int{}, map[int]int{}) }))
	c1, c2 := make(chan point), make(chan point)
	var recv <-chan point = c1
	fmt.Println(c1 == c2, c1 == c1, recv == c1, "a" < "b", 1.5 >= 1.5, 'a' == 97)
	type local struct{ p point }
	fmt.Println(local{p} == local{point{1, 2}}, struct{ p point }{p} == struct{ p point }{*q}, local{p}.p == p)
	var e1, e2 struct{}
	fmt.Println(e1 == e2, [0]int{} == [0]int{}, complex(1, 2) == 1+2i)
	if q := (struct{ p point }{p}); q == struct{ p point }{point{1, 2}} {
		fmt.Println("literal in a header")
	}
	switch p {
	case origin:
		fmt.Println("origin")
	case point{1, 2}:
		fmt.Println("one two")
	}
	switch x := any(p); x {
	case point{1, 2}:
		fmt.Println("any one two")
	}
	m := map[point]map[*point]int{p: {q: 1}}
	m[point{1, 2}][q]++
	fmt.Println(m[p][q], m[p][&p], len(m))
}
