package main

import (
	"fmt"
	"unsafe"
)

type leaf struct {
	n    int
	name string
	arr  [3]int
	sl   []string
	m    map[string]int
	f    func(int) int
	ch   chan int
	next *leaf
	any  any
}

type emb struct{ deep int }

type mid struct {
	leaf
	*emb
	list  [2]leaf
	ptrs  []*leaf
	table map[string]leaf
	pad   int8
}

type top struct {
	flag bool
	mid
	other struct{ leaf }
}

func mk(n int) leaf       { return leaf{n: n, name: fmt.Sprint("leaf", n), arr: [3]int{n, n, n}} }
func mkp(n int) *leaf     { l := mk(n); return &l }
func pair() (leaf, error) { return mk(9), nil }

var global = top{mid: mid{leaf: mk(1), emb: &emb{2}}}
var globals = map[string]*top{"g": &global}
var size = [len(global.arr)]int{}

func (l *leaf) bump() *leaf { l.n++; return l }
func (l leaf) twice() int   { return l.n * 2 }

func inc(p *int) { *p += 100 }

func main() {
	var t top
	t.emb = &emb{}
	t.n = 1
	t.deep++
	t.n, t.name = 5, "five"
	t.arr[1] = 7
	t.leaf.arr[2]--
	t.list[1].n = 8
	t.list[0].arr[t.list[1].n-8]++
	inc(&t.n)
	inc(&t.mid.emb.deep)
	p := &t.arr
	p[0] = 3
	s := t.arr[1:]
	s[0]++
	t.m = map[string]int{"a": 1}
	t.m["a"]++
	t.m["b"] |= 4
	t.f = func(i int) int { return i + t.n }
	t.sl = append(t.sl, "x", "y")
	t.ptrs = append(t.ptrs, mkp(1), &leaf{name: "lit"})
	t.ptrs[0].n <<= 3
	t.table = map[string]leaf{"k": mk(4), "l": {name: "elided"}}
	t.other.name = "anon"
	t.other.leaf.n = 6
	fmt.Println(t.n, t.name, t.arr, t.list[1].n, t.list[0].arr, t.deep, t.m, t.f(1), t.sl, t.ptrs[0].n, t.ptrs[1].name)
	fmt.Println(t.table["k"].n, t.table["k"].arr[1], t.table["none"].name == "", t.other.n, t.other.name, t.table["l"].name)
	fmt.Println(mk(2).n, mk(3).arr[0], mkp(4).name, mkp(5).bump().bump().n, mk(6).twice(), len(mk(7).arr), len(mk(8).name))
	l, _ := pair()
	fmt.Println(l.n, l.arr[len(l.arr)-1])
	global.deep = 11
	globals["g"].n *= 6
	globals["g"].ptrs = []*leaf{{n: 1, next: &leaf{n: 2}}}
	globals["g"].ptrs[0].next.next = &leaf{n: 3}
	fmt.Println(global.n, global.deep, global.ptrs[0].next.next.n, len(size), cap(global.arr[:2]))
	t.ch = make(chan int, 2)
	t.ch <- 1
	t.ch <- 2
	select {
	case t.list[0].n = <-t.ch:
	}
	for t.n = range 4 {
	}
	for t.deep, t.name = range []string{"p", "q"} {
		_ = t.pad
	}
	var ok bool
	if t.any, ok = any(t.n).(int); ok {
		fmt.Println(t.any, t.n, t.list[0].n, t.name, <-t.ch)
	}
	t.any = t.leaf.twice
	fmt.Println(t.any.(func() int)())
	pp := &t.ptrs[0]
	(*pp).n = 77
	(**pp).name = "star"
	fmt.Println(t.ptrs[0].n, t.ptrs[0].name)
	copyT := t
	copyT.n = -1
	copyT.emb.deep = 55
	fmt.Println(t.n, t.deep)
	a, b := leaf{n: 1}, leaf{n: 2}
	a.n, b.n = b.n, a.n
	a.next, b.next = &b, &a
	fmt.Println(a.n, b.n, a.next.next.n, (&a).n, (*a.next).n)
	fmt.Println(unsafe.Offsetof(t.leaf), unsafe.Offsetof(t.mid.name), unsafe.Offsetof(t.name), unsafe.Sizeof(t.arr), unsafe.Offsetof(t.other))
	fs := []func(){func() { a.n++ }, a.bump2, (&b).bump2}
	for _, f := range fs {
		f()
	}
	fmt.Println(a.n, b.n)
	func() {
		defer func() { fmt.Println(recover()) }()
		var nilTop *top
		fmt.Println(nilTop.n)
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		var noEmb top
		noEmb.deep = 1
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		i := 5
		t.arr[i%7] = 1
	}()
	defer func(l leaf) { fmt.Println("deferred", l.n, t.n) }(a)
	a.n, t.n = 1000, 2000
	if x := mk(3); x.n == 3 && x.name != "" {
		fmt.Println(x.name[0:2], x.name[4], -x.n, !(x.n > 0), &x.n != nil, *&x.n)
	}
	switch t.list[1].n {
	case 8:
		fmt.Println("eight")
	}
	arrs := [2][2]leaf{{{n: 1}, {n: 2}}, {1: {n: 4}}}
	arrs[1][0].n = arrs[0][1].n + arrs[1][1].n
	fmt.Println(arrs[1][0].n)
	ms := map[leafKey][]leafKey{{1, "a"}: {{2, "b"}, {3, "c"}}}
	fmt.Println(ms[leafKey{1, "a"}][1].s, ms)
}

type leafKey struct {
	n int
	s string
}

func (l *leaf) bump2() { l.n += 2 }
