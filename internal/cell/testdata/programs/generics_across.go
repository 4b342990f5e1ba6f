package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
)

var calls int

var ErrMissing = errors.New("missing")

func note(s string) string { calls++; return s }

type cache[K comparable, V any] struct {
	mu    sync.Mutex
	data  map[K]entry[V]
	order []K
	max   int
	onNew func(K) (V, error)
}

type entry[V any] struct {
	val  V
	hits int
}

func newCache[K comparable, V any](max int, f func(K) (V, error)) *cache[K, V] {
	note("new")
	return &cache[K, V]{data: map[K]entry[V]{}, max: max, onNew: f}
}

func (c *cache[K, V]) get(k K) (v V, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.data[k]
	if !ok {
		note("miss")
		if c.onNew == nil {
			return v, fmt.Errorf("key %v: %w", k, ErrMissing)
		}
		if e.val, err = c.onNew(k); err != nil {
			return
		}
		c.order = append(c.order, k)
		if len(c.order) > c.max {
			delete(c.data, c.order[0])
			c.order = c.order[1:]
		}
	}
	e.hits++
	c.data[k] = e
	return e.val, nil
}

type sorted[T any] struct {
	items []T
	cmp   func(a, b T) int
}

func (s sorted[T]) Len() int           { return len(s.items) }
func (s sorted[T]) Less(i, j int) bool { return s.cmp(s.items[i], s.items[j]) < 0 }
func (s sorted[T]) Swap(i, j int)      { s.items[i], s.items[j] = s.items[j], s.items[i] }

func sortBy[T any, K cmp.Ordered](xs []T, key func(T) K) []T {
	s := sorted[T]{slices.Clone(xs), func(a, b T) int { return cmp.Compare(key(a), key(b)) }}
	sort.Sort(s)
	return s.items
}

func groupBy[T any, K comparable](xs []T, key func(T) K) map[K][]T {
	out := map[K][]T{}
	for _, x := range xs {
		out[key(x)] = append(out[key(x)], x)
	}
	return out
}

type person struct {
	name string
	age  int
}

func (p person) key() string { return strings.ToLower(p.name) }

type keyed interface{ key() string }

func index[T keyed](xs ...T) map[string]T {
	m := make(map[string]T)
	for _, x := range xs {
		m[x.key()] = x
	}
	return m
}

type future[T any] struct {
	done chan struct{}
	val  T
	err  error
}

func async[T any](f func() (T, error)) *future[T] {
	fu := &future[T]{done: make(chan struct{})}
	go func() {
		defer close(fu.done)
		defer func() {
			if r := recover(); r != nil {
				fu.err = fmt.Errorf("async: %v", r)
			}
		}()
		fu.val, fu.err = f()
	}()
	return fu
}

func (f *future[T]) wait() (T, error) { <-f.done; return f.val, f.err }

type visitor[R any] interface {
	leaf(int) R
	branch(l, r R) R
}

type treeT struct {
	l, r *treeT
	v    int
}

func accept[R any](t *treeT, v visitor[R]) R {
	if t.l == nil {
		return v.leaf(t.v)
	}
	return v.branch(accept(t.l, v), accept(t.r, v))
}

type sumV struct{ scale int }

func (s sumV) leaf(n int) int      { return n * s.scale }
func (s sumV) branch(l, r int) int { return l + r }

type showV struct{}

func (showV) leaf(n int) string         { return fmt.Sprint(n) }
func (showV) branch(l, r string) string { return "(" + l + " " + r + ")" }

type number interface{ ~int | ~uint8 | ~float64 }

type score uint8

func total[S ~[]E, E number](s S) (t E) {
	for _, v := range s {
		t += v
	}
	return
}

type result[T any] struct {
	val T
	err error
}

func try[T any](v T, err error) result[T] { return result[T]{v, err} }
func (r result[T]) or(d T) T {
	if r.err != nil {
		return d
	}
	return r.val
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

type chain[T any] []func(T) T

func (c chain[T]) apply(v T) T {
	for _, f := range c {
		v = f(v)
	}
	return v
}

func counterOf[T comparable]() (add func(T), get func() map[T]int) {
	m := map[T]int{}
	return func(v T) { m[v]++ }, func() map[T]int { return m }
}

func main() {
	c := newCache(2, func(k string) (int, error) {
		if k == "bad" {
			return 0, errors.New("bad key")
		}
		return len(k), nil
	})
	for _, k := range []string{"a", "bb", "a", "ccc", "bad", "a"} {
		v, err := c.get(k)
		fmt.Print(v, err, " ")
	}
	fmt.Println(calls, c.order, c.data["a"].hits, len(c.data))
	_, err := newCache[int, person](1, nil).get(5)
	fmt.Println(err, errors.Is(err, ErrMissing))
	people := []person{{"Bob", 30}, {"al", 25}, {"Cy", 30}}
	fmt.Println(sortBy(people, func(p person) int { return p.age }), sortBy(people, person.key))
	g := groupBy(people, func(p person) int { return p.age })
	fmt.Println(len(g[30]), g[25][0].name)
	idx := index(people...)
	fmt.Println(idx["bob"].age, len(idx), index[keyed](people[0])["bob"])
	f := async(func() (person, error) { return people[0], nil })
	p, err := f.wait()
	fmt.Println(p.name, err)
	_, err = async(func() (int, error) { panic("inside") }).wait()
	fmt.Println(err)
	t := &treeT{l: &treeT{v: 1}, r: &treeT{&treeT{v: 2}, &treeT{v: 3}, 0}}
	fmt.Println(accept[int](t, sumV{10}), accept[string](t, showV{}))
	fmt.Println(total([]score{200, 100}), total([]float64{1.5, 2}))
	fmt.Println(try(fmt.Sscan("x", new(int))).or(-1), try(5, nil).or(-1), must(fmt.Sscan("7", new(int))))
	fmt.Println(chain[string]{strings.ToUpper, strings.TrimSpace, func(s string) string { return s + "!" }}.apply(" go "))
	add, get := counterOf[person]()
	add(people[0])
	add(person{"Bob", 30})
	fmt.Println(get())
	var zero result[*person]
	fmt.Printf("%v %+v %T\n", zero, try("v", nil), zero)
	must(c.get("bad"))
}
