package main

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
)

type vec[T any] = []T

type table[V any] = map[string]V

type same[A any] struct{ a, b A }

type twin = same[int]

type stringer interface {
	~int | ~string
	String() string
}

type celsius int

func (c celsius) String() string { return strconv.Itoa(int(c)) + "C" }

type tag string

func (t tag) String() string { return "#" + string(t) }

func join[T stringer](xs ...T) (s string) {
	for _, x := range xs {
		s += x.String() + ";"
	}
	return
}

func kind[T any](v T) string {
	switch any(v).(type) {
	case int:
		return "int"
	case celsius:
		return "celsius"
	case []T:
		return "slice"
	case fmt.Stringer:
		return "stringer"
	}
	return "other"
}

type matrix[T ~float32 | ~float64] struct {
	rows, cols int
	data       []T
}

func identity[T ~float32 | ~float64](n int) matrix[T] {
	m := matrix[T]{n, n, make([]T, n*n)}
	for i := range n {
		*m.at(i, i) = 1
	}
	return m
}

func (m *matrix[T]) at(i, j int) *T { return &m.data[i*m.cols+j] }

func (m matrix[T]) mul(o matrix[T]) matrix[T] {
	out := matrix[T]{m.rows, o.cols, make([]T, m.rows*o.cols)}
	for i := range m.rows {
		for j := range o.cols {
			for k := range m.cols {
				*out.at(i, j) += *m.at(i, k) * *o.at(k, j)
			}
		}
	}
	return out
}

type graph[K comparable, N interface{ edges() []K }] struct {
	nodes map[K]N
}

type city struct {
	name string
	to   []string
}

func (c city) edges() []string { return c.to }

func (g graph[K, N]) reach(from K) iter.Seq[K] {
	return func(yield func(K) bool) {
		seen := map[K]bool{}
		var visit func(K) bool
		visit = func(k K) bool {
			if seen[k] {
				return true
			}
			seen[k] = true
			if !yield(k) {
				return false
			}
			for _, n := range g.nodes[k].edges() {
				if !visit(n) {
					return false
				}
			}
			return true
		}
		visit(from)
	}
}

type inner[T any] struct{ v T }

func (i inner[T]) get() T   { return i.v }
func (i *inner[T]) set(v T) { i.v = v }

type wrapper[T any] struct {
	inner[T]
	extra inner[[]T]
}

func (w wrapper[T]) both() (T, []T) { return w.get(), w.extra.get() }

type getter[T any] interface{ get() T }

func fetch[T any, G getter[T]](g G) T { return g.get() }

type num interface{ ~int | ~float64 }

func convert[To, From num](f From) To { return To(f) }

type event[T any] struct {
	handlers []func(T)
}

func (e *event[T]) on(h func(T)) { e.handlers = append(e.handlers, h) }
func (e *event[T]) emit(v T) {
	for _, h := range e.handlers {
		h(v)
	}
}

func tuple[A, B any](a A, b B) struct {
	A A
	B B
} {
	return struct {
		A A
		B B
	}{a, b}
}

func main() {
	v := vec[int]{1, 2}
	t := table[vec[int]]{"a": v}
	fmt.Printf("%T %T %v\n", v, t, t)
	tw := twin{1, 2}
	tw.a += 10
	fmt.Printf("%T %+v\n", tw, tw)
	fmt.Println(join(celsius(3), 4), join(tag("x")))
	fmt.Println(kind(1), kind(celsius(1)), kind("s"), kind(tag("t")), kind([]int{}))
	m := identity[float32](2)
	*m.at(0, 1) = 2
	fmt.Println(m.mul(m).data)
	fmt.Printf("%T\n", m)
	g := graph[string, city]{map[string]city{"a": {"a", []string{"b", "c"}}, "b": {"b", []string{"a"}}, "c": {to: []string{"b"}}}}
	fmt.Println(slices.Collect(g.reach("a")))
	for c := range g.reach("c") {
		fmt.Println("first", c, g.nodes[c].name)
		break
	}
	w := wrapper[string]{inner[string]{"i"}, inner[[]string]{[]string{"x"}}}
	w.set("j")
	a, b := w.both()
	fmt.Println(a, b, w.v, w.extra.v[0], fetch[string](w), fetch[string](w.inner))
	get := w.get
	set := (*inner[string]).set
	set(&w.inner, "k")
	fmt.Println(get(), w.v, inner[int].get(inner[int]{3}))
	fmt.Println(convert[int](2.9), convert[float64](3))
	var e event[string]
	e.on(func(s string) { fmt.Println("one", s) })
	e.on(func(s string) { fmt.Println("two", s) })
	e.emit("go")
	fmt.Printf("%+v\n", tuple(1, "b"))
	fmt.Printf("%T\n", tuple(1, "b"))
}
