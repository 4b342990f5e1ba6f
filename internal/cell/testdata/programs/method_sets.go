package main

//differential:methods apart

import (
	"fmt"
	"strings"
)

type stack []int

func (s *stack) push(v ...int) { *s = append(*s, v...) }

func (s *stack) pop() int {
	old := *s
	v := old[len(old)-1]
	*s = old[:len(old)-1]
	return v
}

func (s stack) peek() int { return s[len(s)-1] }

type registry map[string]func(...any) string

func (r registry) add(name string, f func(...any) string) registry { r[name] = f; return r }

func (r registry) call(name string, args ...any) string {
	if f, ok := r[name]; ok {
		return f(args...)
	}
	return "no " + name
}

type stage func([]string) []string

func (s stage) then(t stage) stage { return func(x []string) []string { return t(s(x)) } }

type tri [3]float64

func (t *tri) scale(k float64) *tri {
	for i := range t {
		t[i] *= k
	}
	return t
}

func (t tri) sum() (s float64) {
	for _, v := range t {
		s += v
	}
	return
}

type pipe chan string

func (p pipe) send(s string) pipe { p <- s; return p }

func (p pipe) recv() string { return <-p }

type flag bool

func (f *flag) toggle() flag { *f = !*f; return *f }

func (f flag) String() string {
	if f {
		return "on"
	}
	return "off"
}

type outer struct {
	*inner
	stack
	registry
	name string
}

type inner struct{ count int }

func (i *inner) touch() int { i.count++; return i.count }

func (i inner) snapshot() inner { return i }

func (o outer) Name() string { return strings.ToUpper(o.name) }

func (o *outer) rename(s string) { o.name = s }

type toucher interface{ touch() int }

type pusher interface {
	push(...int)
	pop() int
	peek() int
}

func use(p pusher) int { p.push(1, 2, 3); p.pop(); return p.peek() }

func touchAll(ts ...toucher) (n int) {
	for _, t := range ts {
		n += t.touch()
	}
	return
}

func main() {
	var s stack
	fmt.Println(use(&s), s, len(s))
	o := outer{inner: &inner{}, registry: registry{}, name: "o"}
	fmt.Println(use(&o), o.stack, touchAll(o, &o, o.inner), o.count, o.snapshot().count)
	o.add("join", func(a ...any) string { return fmt.Sprint(a...) }).add("len", func(a ...any) string { return fmt.Sprint(len(a)) })
	fmt.Println(o.call("join", 1, 2, "x"), o.registry.call("len"), o.call("none"))
	o.rename("renamed")
	fmt.Println(o.Name(), outer.Name(o))
	upper := stage(func(x []string) []string { return strings.Split(strings.ToUpper(strings.Join(x, " ")), " ") })
	first := stage(func(x []string) []string { return x[:1] })
	fmt.Println(upper.then(first)([]string{"a", "b"}), first.then(upper)([]string{"c", "d"}))
	t := tri{1, 2, 3}
	fmt.Println(t.scale(2).scale(2).sum(), t, tri{1}.sum(), (&tri{5}).scale(2)[0])
	p := make(pipe, 2)
	fmt.Println(p.send("a").send("b").recv(), p.recv())
	var f flag
	fmt.Println(f.toggle(), f, f.toggle(), []flag{true, false})
	m := map[string]*tri{"t": {1, 1, 1}}
	m["t"].scale(3)
	fmt.Println(*m["t"], m["t"].sum())
	g := f.toggle
	g()
	g()
	g()
	fmt.Println(f)
	h := (*stack).push
	h(&s, 9)
	fmt.Println(s.peek(), stack.peek(s), (*stack).peek(&s))
	arr := []stack{{1}, {2, 3}}
	arr[0].push(5)
	for i := range arr {
		arr[i].push(i)
	}
	fmt.Println(arr)
	var ts []toucher
	for range 2 {
		ts = append(ts, &inner{})
	}
	fmt.Println(touchAll(ts...), touchAll(ts...))
}
