package main

import (
	"fmt"
	"strings"
)

type acc struct {
	total int
	name  string
}

func (a *acc) add(n int) *acc      { a.total += n; return a }
func (a acc) get() int             { return a.total }
func (a acc) Show(p string) string { return p + a.name }

type op func(int, int) int

func (o op) twice(a, b int) int { return o(o(a, b), b) }
func (o op) named(n string) string {
	return fmt.Sprintf("%s=%d", n, o(6, 3))
}

type getter interface{ get() int }

type handler interface{ handle(string) string }
type handlerFunc func(string) string

func (f handlerFunc) handle(s string) string { return f(s) }

type middleware func(handler) handler

func chain(h handler, ms ...middleware) handler {
	for _, m := range ms {
		h = m(h)
	}
	return h
}

func loud(h handler) handler {
	return handlerFunc(func(s string) string { return strings.ToUpper(h.handle(s)) })
}

func twice(h handler) handler {
	return handlerFunc(func(s string) string { return h.handle(h.handle(s)) })
}

type fnMap map[string]func(float64) float64

type state func(*machine) state

type machine struct {
	steps []string
	n     int
}

func start(m *machine) state { m.steps = append(m.steps, "start"); return loop }
func loop(m *machine) state {
	m.steps = append(m.steps, fmt.Sprint("loop", m.n))
	if m.n++; m.n < 3 {
		return loop
	}
	return nil
}

func apply(f func(a *acc, n int) *acc, a *acc, n int) int { return f(a, n).total }

func main() {
	a := &acc{name: "acc"}
	add := a.add
	add(1)
	add(2).add(3)
	get := a.get // bound to a copy
	a.add(10)
	fmt.Println(a.total, get(), a.get())
	fmt.Println(apply((*acc).add, a, 4), acc.get(*a), (*acc).get(a), acc.Show(*a, "p-"))
	var g getter = a
	ig := g.get
	a.add(1)
	fmt.Println(ig(), getter.get(g))
	mul := op(func(a, b int) int { return a * b })
	fmt.Println(mul.twice(2, 3), mul.named("mul"), op.twice(mul, 1, 5), op(func(a, b int) int { return a - b }).named("sub"))
	h := chain(handlerFunc(func(s string) string { return s + "!" }), loud, twice)
	fmt.Println(h.handle("hey"))
	fm := fnMap{"double": func(x float64) float64 { return x * 2 }}
	fmt.Println(fm["double"](4), len(fm))
	m := &machine{}
	for s := state(start); s != nil; s = s(m) {
	}
	fmt.Println(m.steps, m.n)
	fs := []func() int{}
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { i *= 10; return i })
	}
	for _, f := range fs {
		fmt.Print(f(), f(), " ")
	}
	fmt.Println()
	funcs := map[string]func(...string) string{"join": func(s ...string) string { return strings.Join(s, "+") }}
	fmt.Println(funcs["join"]("a", "b"), funcs["join"]())
	upper := strings.ToUpper
	rep := strings.NewReplacer("a", "b").Replace
	fmt.Println(upper("x"), rep("banana"))
	defer a.add(1).add(2)
	defer fmt.Println("deferred", a.total)
	var nilAcc *acc
	func() {
		defer func() { fmt.Println(recover() != nil) }()
		f := nilAcc.get
		_ = f
	}()
}
