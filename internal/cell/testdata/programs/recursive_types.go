package main

import (
	"fmt"
	"sort"
	"strings"
)

type list *cons
type cons struct {
	head int
	tail list
}

type any2 []any2

type dir map[string]dir

type fn func(fn, int) int

type ch chan ch

type folder struct {
	name    string
	files   []*file
	parent  *folder
	folders map[string]*folder
}

type file struct {
	in   *folder
	name string
	size int
}

type visitor func(depth int, f *folder) visitor

type lnode[T any] struct {
	val  T
	next *lnode[T]
}

type json interface{ render(b *strings.Builder) }
type obj map[string]json
type arr []json
type num float64
type str string

func (o obj) render(b *strings.Builder) {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		str(k).render(b)
		b.WriteByte(':')
		o[k].render(b)
	}
	b.WriteByte('}')
}

func (a arr) render(b *strings.Builder) {
	b.WriteByte('[')
	for i, v := range a {
		if i > 0 {
			b.WriteByte(',')
		}
		v.render(b)
	}
	b.WriteByte(']')
}
func (n num) render(b *strings.Builder) { fmt.Fprint(b, float64(n)) }
func (s str) render(b *strings.Builder) { fmt.Fprintf(b, "%q", string(s)) }

func (d dir) tree(indent string) {
	var names []string
	for n := range d {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Println(indent + n)
		d[n].tree(indent + "  ")
	}
}

func (f *folder) add(name string, size int) *folder {
	f.files = append(f.files, &file{f, name, size})
	return f
}

func (f *folder) sub(name string) *folder {
	if f.folders == nil {
		f.folders = map[string]*folder{}
	}
	s := &folder{name: name, parent: f}
	f.folders[name] = s
	return s
}

func (f *folder) total() (t int) {
	for _, x := range f.files {
		t += x.size
	}
	for _, s := range f.folders {
		t += s.total()
	}
	return
}

func (f file) path() string {
	parts := []string{f.name}
	for d := f.in; d != nil; d = d.parent {
		parts = append([]string{d.name}, parts...)
	}
	return strings.Join(parts, "/")
}

func even(n int) bool {
	if n == 0 {
		return true
	}
	return odd(n - 1)
}

func odd(n int) bool {
	if n == 0 {
		return false
	}
	return even(n - 1)
}

func hanoi(n int, a, b, c string, move func(string, string)) {
	if n > 0 {
		hanoi(n-1, a, c, b, move)
		move(a, c)
		hanoi(n-1, b, a, c, move)
	}
}

func main() {
	l := list(&cons{1, &cons{2, nil}})
	for c := l; c != nil; c = c.tail {
		fmt.Print(c.head, " ")
	}
	fmt.Println(len(any2{{}, {{}}}), any2{{}, {{}}})
	dir{"usr": {"bin": {}, "lib": {"go": nil}}, "etc": nil}.tree("")
	fact := fn(func(self fn, n int) int {
		if n < 2 {
			return 1
		}
		return n * self(self, n-1)
	})
	fmt.Println(fact(fact, 6))
	c := make(ch, 1)
	c <- c
	fmt.Println(<-c == c)
	root := &folder{name: ""}
	root.add("a", 1).sub("x").add("b", 2).sub("y").add("c", 3)
	fmt.Println(root.total(), root.folders["x"].folders["y"].files[0].path())
	n := &lnode[string]{"a", &lnode[string]{val: "b"}}
	fmt.Println(n.next.val, n.next.next == nil)
	var b strings.Builder
	obj{"k": arr{num(1.5), str("s")}, "a": obj{}}.render(&b)
	fmt.Println(b.String(), even(10), odd(7))
	moves := 0
	hanoi(4, "a", "b", "c", func(string, string) { moves++ })
	fmt.Println(moves)
	var v visitor
	v = func(depth int, f *folder) visitor {
		fmt.Print(depth, f.name, " ")
		return v
	}
	v(0, root)(1, root.folders["x"])
	var fib func(int) int
	fib = func(n int) int {
		if n < 2 {
			return n
		}
		return fib(n-1) + fib(n-2)
	}
	fmt.Println(fib(15))
	type local struct {
		next *local
		v    int
	}
	var head *local
	for i := range 3 {
		head = &local{head, i}
	}
	for ; head != nil; head = head.next {
		fmt.Print(head.v)
	}
	fmt.Println()
}
