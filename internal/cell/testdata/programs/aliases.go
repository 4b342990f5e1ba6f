package main

import (
	"fmt"
	"strings"
	"time"
)

type base struct {
	n    int
	name string
}

func (b base) hello() string { return "hello " + b.name }

type Alias = base
type ptrAlias = *base
type fnAlias = func(Alias) string
type mapAlias = map[string]Alias
type ifaceAlias = interface{ hello() string }
type anonAlias = struct {
	Alias
	extra int
}
type hostAlias = strings.Builder
type dur = time.Duration
type pairOf[T any] = struct{ A, B T }
type listOf[T any] = []T
type derived Alias
type derivedMap mapAlias

func (d derived) hello() string { return "derived " + base(d).hello() }

type embedsAlias struct {
	Alias
	dur
	ifaceAlias
}

var holder struct {
	Alias
	n2 int
}

var table = mapAlias{"x": {1, "x"}, "y": {name: "y"}}

func useFn(f fnAlias, a Alias) string { return f(a) }

func mkAnon(n int) anonAlias { return anonAlias{Alias{n, "anon"}, n * 2} }

func (h *registry) add(a Alias) *registry { *h = append(*h, a); return h }

type registry listOf[Alias]

func main() {
	var a Alias = base{1, "a"}
	var p ptrAlias = &a
	p.n++
	fmt.Println(a.hello(), p.n, useFn(func(b base) string { return b.name + "!" }, a), useFn(base.hello, *p))
	holder.n = 5
	holder.name = "held"
	holder.n2 = holder.Alias.n + 1
	fmt.Println(holder, holder.hello(), holder.Alias.name)
	e := embedsAlias{Alias: a, dur: time.Second, ifaceAlias: base{name: "iface"}}
	fmt.Println(e.n, e.Alias.hello(), e.ifaceAlias.hello(), e.Seconds(), e.dur)
	an := mkAnon(3)
	an.extra++
	fmt.Println(an.n, an.extra, an.hello(), an)
	var h hostAlias
	h.WriteString("host")
	fmt.Println(h.String(), table["x"].n, table["y"].hello())
	d := derived(a)
	d.n = 100
	fmt.Println(d.hello(), d, Alias(d) == a, derivedMap(table)["x"].name)
	var i ifaceAlias = d
	_, isBase := i.(base)
	_, isDerived := i.(derived)
	fmt.Println(i.hello(), isBase, isDerived)
	q := pairOf[int]{1, 2}
	q.A += q.B
	fmt.Println(q, listOf[string]{"l"}, len(*new(registry).add(a).add(base{})))
	fmt.Printf("%T %T %T %T %T\n", a, p, d, i, table)
}
