package main

import (
	"errors"
	"fmt"
	"sort"
)

type outer struct{ v int }

func first() any {
	type T struct{ a int }
	return T{1}
}

func second() any {
	type T struct{ a int }
	return T{1}
}

func generic[K comparable]() string {
	type pair struct {
		k K
		n int
	}
	var p pair
	return fmt.Sprintf("%v %T", p, p.k)
}

func methodless() string {
	type celsius float64
	type temps []celsius
	type set map[celsius]struct{}
	type op func(celsius) celsius
	ts := temps{3, 1, 2}
	sort.Slice(ts, func(i, j int) bool { return ts[i] < ts[j] })
	s := set{ts[0]: {}}
	double := op(func(c celsius) celsius { return c * 2 })
	return fmt.Sprint(ts, s, double(ts[2]))
}

type state struct {
	name string
	next func() *state
}

func run() (names []string) {
	type stack []string
	var st stack
	push := func(s string) { st = append(st, s) }
	var a, b *state
	a = &state{"a", func() *state { push("a"); return b }}
	b = &state{"b", func() *state { push("b"); return nil }}
	for s := a; s != nil; s = s.next() {
	}
	return st
}

func main() {
	fmt.Println(first() == first(), first() == second())
	fmt.Printf("%T %v %+v\n", first(), first(), second())
	fmt.Println(generic[string](), generic[outer]())
	fmt.Println(methodless(), run())
	type point struct {
		X, y int
		tag  string
	}
	ps := []point{{1, 2, "a"}, {X: 3}}
	ps[1].y = 4
	fmt.Printf("%v %+v %T\n", ps, ps[0], ps)
	type embeds struct {
		point
		*outer
		error
	}
	e := embeds{point{1, 2, "t"}, &outer{5}, errors.New("inner")}
	e.y++
	e.v *= 2
	fmt.Println(e.X, e.y, e.v, e.Error(), e.point)
	type num = int
	var n num = 3
	fmt.Printf("%T\n", n)
	for i := range 2 {
		type loop struct{ i int }
		fmt.Print(loop{i}, " ")
	}
	fmt.Println()
	if true {
		type point string
		p := point("shadow")
		fmt.Printf("%T %v\n", p, p)
	}
	const k = 3
	type arr [k]point
	var a arr
	a[2].tag = "end"
	fmt.Println(len(a), a[2])
	type rec struct {
		kids []rec
		m    map[string]rec
	}
	r := rec{kids: []rec{{}, {m: map[string]rec{"x": {}}}}}
	fmt.Println(len(r.kids), len(r.kids[1].m), r)
	var x any = ps[0]
	switch v := x.(type) {
	case outer:
		fmt.Println("outer", v.v)
	case point:
		fmt.Println("point", v.tag)
	}
	type iface interface{ Error() string }
	var i iface = e
	fmt.Println(i.Error())
	f := func(p struct{ X, y int }) int { return p.X + p.y }
	fmt.Println(f(struct{ X, y int }{1, 2}))
}
