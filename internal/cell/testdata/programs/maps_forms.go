package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

type key struct {
	a int
	b string
	c [2]bool
}

type shape interface{ area() int }
type sq int
type rect struct{ w, h int }

func (s sq) area() int   { return int(s * s) }
func (r rect) area() int { return r.w * r.h }

type counter map[string]int

func (c counter) inc(words ...string) counter {
	for _, w := range words {
		c[w]++
	}
	return c
}

func (c counter) top(n int) []string {
	ks := slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		if d := c[b] - c[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return ks[:min(n, len(ks))]
}

type multi map[string]map[int][]rect

func (m multi) add(s string, n int, r ...rect) {
	inner, ok := m[s]
	if !ok {
		inner = map[int][]rect{}
		m[s] = inner
	}
	inner[n] = append(inner[n], r...)
}

type set[T comparable] map[T]struct{}

func union[T comparable](sets ...set[T]) set[T] {
	out := set[T]{}
	for _, s := range sets {
		maps.Copy(out, s)
	}
	return out
}

var defaults = map[string]any{"n": 1, "r": rect{1, 2}, "f": func() int { return 3 }}

var byKey = map[key]*rect{{1, "x", [2]bool{true}}: {3, 4}, {a: 2}: nil}

var shapes = map[shape]string{sq(2): "square", rect{1, 2}: "rect"}

var ops = map[byte]func(int, int) int{
	'+': func(a, b int) int { return a + b },
	'-': func(a, b int) int { return a - b },
}

func main() {
	c := counter{}.inc(strings.Fields("a b a c b a")...)
	fmt.Println(c, c.top(2), c["zz"], len(c))
	m := multi{}
	m.add("x", 1, rect{1, 1}, rect{2, 2})
	m.add("x", 1, rect{3, 3})
	m["x"][1][0].w = 50
	fmt.Println(m, m["x"][1][0].area(), m["none"][4] == nil)
	byKey[key{a: 1, b: "x", c: [2]bool{true, false}}].w++
	fmt.Println(*byKey[key{1, "x", [2]bool{true}}], byKey[key{a: 2}] == nil, len(byKey))
	fmt.Println(shapes[sq(2)], shapes[rect{1, 2}], shapes[sq(3)] == "", shapes)
	shapes[rect{5, 5}] += "new"
	delete(shapes, sq(2))
	fmt.Println(len(shapes), shapes)
	fmt.Println(ops['+'](1, 2), ops['-'](1, 2), defaults["f"].(func() int)(), defaults["r"].(rect).h)
	u := union(set[int]{1: {}}, set[int]{2: {}, 1: {}})
	fmt.Println(len(u), u)
	nan := map[float64]int{math.NaN(): 1}
	nan[math.NaN()] = 2
	_, ok := nan[math.NaN()]
	fmt.Println(len(nan), ok)
	clear(nan)
	fmt.Println(len(nan))
	arr := map[string][2]int{"a": {1, 2}}
	v := arr["a"]
	v[0] = 100
	fmt.Println(arr, v)
	structs := map[string]rect{"r": {1, 2}}
	r := structs["r"]
	r.w = 9
	structs["r2"] = r
	fmt.Println(structs, structs["r2"].area())
	nested := map[string]map[string]int{}
	for _, w := range []string{"ab", "ac", "bc"} {
		k := w[:1]
		if nested[k] == nil {
			nested[k] = make(map[string]int, 4)
		}
		nested[k][w]++
	}
	fmt.Println(nested)
	for k := range c {
		if k != "a" {
			delete(c, k)
		}
	}
	fmt.Println(c, maps.Equal(c, counter{"a": 3}))
	var nilMap counter
	fmt.Println(nilMap["x"], len(nilMap), nilMap == nil)
	for range nilMap {
		fmt.Println("never")
	}
	fm := map[string]func(){}
	fm["hi"] = func() { fmt.Println("called") }
	if f, ok := fm["hi"]; ok {
		f()
	}
	x, y := c["a"]
	fmt.Println(x, y)
	if _, bad := c["q"]; !bad {
		fmt.Println("no q")
	}
	inv := map[int][]string{}
	for k, n := range map[string]int{"x": 1, "y": 1} {
		inv[n] = append(inv[n], k)
	}
	slices.Sort(inv[1])
	fmt.Println(inv)
	fmt.Printf("%v %+v %d %T %T\n", structs, structs, c, m, u)
}
