package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

type seq[T any] iter.Seq[T]

func from[T any](xs ...T) seq[T] {
	return func(yield func(T) bool) {
		for _, x := range xs {
			if !yield(x) {
				return
			}
		}
	}
}

func (s seq[T]) filter(keep func(T) bool) seq[T] {
	return func(yield func(T) bool) {
		for v := range s {
			if keep(v) && !yield(v) {
				return
			}
		}
	}
}

func (s seq[T]) take(n int) seq[T] {
	return func(yield func(T) bool) {
		if n <= 0 {
			return
		}
		i := 0
		for v := range s {
			if !yield(v) {
				return
			}
			if i++; i == n {
				return
			}
		}
	}
}

func mapSeq[A, B any](s seq[A], f func(A) B) seq[B] {
	return func(yield func(B) bool) {
		s(func(a A) bool { return yield(f(a)) })
	}
}

func zip[A, B any](a iter.Seq[A], b iter.Seq[B]) iter.Seq2[A, B] {
	return func(yield func(A, B) bool) {
		next, stop := iter.Pull(b)
		defer stop()
		for x := range a {
			y, ok := next()
			if !ok || !yield(x, y) {
				return
			}
		}
	}
}

func naturals(yield func(int) bool) {
	defer fmt.Println("naturals stopped")
	for i := 0; yield(i); i++ {
	}
}

type tree[K any] struct {
	l, r *tree[K]
	k    K
}

func (t *tree[K]) all() iter.Seq[K] {
	return func(yield func(K) bool) { t.push(yield) }
}

func (t *tree[K]) push(yield func(K) bool) bool {
	return t == nil || t.l.push(yield) && yield(t.k) && t.r.push(yield)
}

type matrix [][]int

func (m matrix) cells() iter.Seq2[[2]int, *int] {
	return func(yield func([2]int, *int) bool) {
		for i := range m {
			for j := range m[i] {
				if !yield([2]int{i, j}, &m[i][j]) {
					return
				}
			}
		}
	}
}

func find(m matrix, want int) (at [2]int, err error) {
	defer func() { fmt.Println("find is done") }()
	for p, c := range m.cells() {
		defer fmt.Println("looked at", p)
		if *c == want {
			return p, nil
		}
		if *c < 0 {
			continue
		}
	}
	return at, fmt.Errorf("no %d", want)
}

func labels(m matrix) (n int) {
rows:
	for i := range naturals {
		for _, c := range m.cells() {
			if *c > 3 {
				continue rows
			}
			if i > 1 {
				break rows
			}
			n++
		}
	}
	return
}

func main() {
	even := func(i int) bool { return i%2 == 0 }
	fmt.Println(slices.Collect(iter.Seq[int](seq[int](naturals).filter(even).take(3))))
	for s := range mapSeq(from(1, 2, 3), func(i int) string { return strings.Repeat("*", i) }) {
		fmt.Print(s, " ")
	}
	fmt.Println()
	for a, b := range zip(slices.Values([]string{"x", "y"}), iter.Seq[int](naturals)) {
		fmt.Println(a, b)
	}
	t := &tree[string]{&tree[string]{k: "a"}, &tree[string]{nil, &tree[string]{k: "d"}, "c"}, "b"}
	for k := range t.all() {
		if k == "d" {
			break
		}
		fmt.Print(k, " ")
	}
	fmt.Println(slices.Collect(t.all()))
	m := matrix{{1, -2}, {3, 4}}
	for _, c := range m.cells() {
		*c *= 2
	}
	fmt.Println(m)
	fmt.Println(find(m, 6))
	fmt.Println(find(m, 99))
	fmt.Println(labels(m))
	func() {
		defer func() { fmt.Println("recovered", recover()) }()
		for i := range naturals {
			if i == 2 {
				panic("in loop body")
			}
		}
	}()
	next, stop := iter.Pull2(maps.All(map[string]int{"k": 1}))
	fmt.Println(next())
	fmt.Println(next())
	stop()
	var fs []func() int
	for i := range seq[int](naturals).take(3) {
		fs = append(fs, func() int { i *= 10; return i })
	}
	for _, f := range fs {
		fmt.Print(f(), f(), " ")
	}
	fmt.Println(slices.Sorted(maps.Keys(maps.Collect(zip(slices.Values([]string{"q", "p"}), slices.Values([]int{1, 2}))))))
	func() {
		defer func() { fmt.Println(recover()) }()
		bad := func(yield func(int) bool) { yield(1); yield(2) }
		for range bad {
			break
		}
	}()
}
