package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

type number interface {
	~int | ~int64 | ~float64
}

type meters float64

func Map[T, U any](s []T, f func(T) U) []U {
	out := make([]U, 0, len(s))
	for _, v := range s {
		out = append(out, f(v))
	}
	return out
}

func filter[S ~[]E, E any](s S, keep func(E) bool) S {
	var out S
	for _, v := range s {
		if keep(v) {
			out = append(out, v)
		}
	}
	return out
}

func reduce[T, A any](s []T, start A, f func(A, T) A) A {
	for _, v := range s {
		start = f(start, v)
	}
	return start
}

func sum[T number](xs ...T) (total T) {
	for _, x := range xs {
		total += x
	}
	return
}

func keys[M ~map[K]V, K cmp.Ordered, V any](m M) []K {
	ks := make([]K, 0, len(m))
	for k := range m {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}

func zero[T any]() T {
	var z T
	return z
}

func ptr[T any](v T) *T { return &v }

func typeName[T any](v T) string { return fmt.Sprintf("%T", v) }

type ages map[string]int

type words []string

func compose[A, B, C any](f func(A) B, g func(B) C) func(A) C {
	return func(a A) C { return g(f(a)) }
}

func apply[T any, P interface {
	*T
	set(string)
}](values ...string) []T {
	var out []T
	for _, v := range values {
		var t T
		P(&t).set(v)
		out = append(out, t)
	}
	return out
}

type named struct{ name string }

func (n *named) set(s string) { n.name = strings.ToUpper(s) }

func maxOf[T cmp.Ordered](first T, rest ...T) T {
	for _, r := range rest {
		first = max(first, r)
	}
	return first
}

func main() {
	fmt.Println(Map([]int{1, 2, 3}, func(i int) string { return strings.Repeat("x", i) }))
	fmt.Println(Map[string, int]([]string{"a", "bb"}, func(s string) int { return len(s) }))
	w := filter(words{"go", "python", "c"}, func(s string) bool { return len(s) < 3 })
	fmt.Printf("%T %v\n", w, w)
	fmt.Println(reduce([]int{1, 2, 3}, "", func(a string, i int) string { return a + fmt.Sprint(i) }))
	fmt.Println(sum(1, 2, 3), sum(1.5, 2), sum[meters](1, 2.5), sum[int]())
	fmt.Println(keys(ages{"bob": 3, "al": 4}), keys(map[int]bool{3: true, 1: false}))
	fmt.Println(zero[int](), zero[string]() == "", zero[*int]() == nil, zero[[2]bool]())
	p := ptr(42)
	*p++
	fmt.Println(*p, *ptr("s"), *ptr(named{"n"}))
	fmt.Println(typeName(meters(1)), typeName(w), typeName(p), typeName(named{}), typeName([]named{}))
	length := compose(strings.TrimSpace, func(s string) int { return len(s) })
	fmt.Println(length("  ab "))
	fmt.Println(apply[named]("x", "yy"))
	fmt.Println(maxOf(3, 9, 4), maxOf("a"), maxOf(meters(2), 7))
	f := sum[float64]
	fmt.Println(f(1, 2, 3.5))
	m := map[string][]int{"a": {1}, "b": {2, 3}}
	fmt.Println(slices.Sorted(maps.Keys(m)), slices.Collect(maps.Values(map[int]int{1: 2})))
	people := []named{{"zoe"}, {"amy"}}
	slices.SortFunc(people, func(a, b named) int { return cmp.Compare(a.name, b.name) })
	fmt.Println(people)
	sort.Slice(people, func(i, j int) bool { return people[i].name > people[j].name })
	fmt.Printf("%+v\n", people)
	i, found := slices.BinarySearch([]int{1, 3, 5}, 3)
	fmt.Println(i, found, slices.Index([]named{{"a"}, {"b"}}, named{"b"}), slices.Contains(w, "go"))
}
