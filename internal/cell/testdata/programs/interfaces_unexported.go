package main

import (
	"fmt"
	"sort"
	"strings"
)

type expr interface {
	eval(env map[string]float64) float64
	String() string
	isExpr()
}

type base struct{}

func (base) isExpr() {}

type num struct {
	base
	v float64
}

type ident struct {
	base
	name string
}

type binary struct {
	base
	op   byte
	l, r expr
}

func (n num) eval(map[string]float64) float64       { return n.v }
func (n num) String() string                        { return fmt.Sprint(n.v) }
func (i ident) eval(env map[string]float64) float64 { return env[i.name] }
func (i ident) String() string                      { return i.name }
func (b *binary) String() string                    { return "(" + b.l.String() + string(b.op) + b.r.String() + ")" }
func (b *binary) eval(env map[string]float64) float64 {
	l, r := b.l.eval(env), b.r.eval(env)
	switch b.op {
	case '+':
		return l + r
	case '*':
		return l * r
	}
	panic("bad op " + string(b.op))
}

type visitor interface {
	visit(e expr) visitor
}

type collect struct{ names *[]string }

func (c collect) visit(e expr) visitor {
	if i, ok := e.(ident); ok {
		*c.names = append(*c.names, i.name)
	}
	return c
}

func walk(v visitor, e expr) {
	v = v.visit(e)
	if b, ok := e.(*binary); ok {
		walk(v, b.l)
		walk(v, b.r)
	}
}

type shape interface {
	area() float64
	perimeter() float64
}

type named interface{ name() string }

type namedShape interface {
	shape
	named
	fmt.Stringer
}

type square float64

func (s square) area() float64      { return float64(s * s) }
func (s square) perimeter() float64 { return float64(4 * s) }
func (s square) name() string       { return "square" }
func (s square) String() string     { return fmt.Sprintf("%s(%g)", s.name(), float64(s)) }

type byArea []shape

func (b byArea) Len() int           { return len(b) }
func (b byArea) Less(i, j int) bool { return b[i].area() < b[j].area() }
func (b byArea) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

type disc struct{ r float64 }

func (d *disc) area() float64      { return 3 * d.r * d.r }
func (d *disc) perimeter() float64 { return 6 * d.r }

var _ shape = (*disc)(nil)
var _ namedShape = square(0)

func describe(s shape) string {
	switch s := s.(type) {
	case namedShape:
		return s.name() + " " + s.String()
	case *disc:
		return fmt.Sprint("disc ", s.r)
	case interface{ secret() }:
		return "secret"
	}
	return "?"
}

type funcs struct {
	shape
	extra func() string
}

func main() {
	var e expr = &binary{op: '+', l: num{v: 1}, r: &binary{base{}, '*', ident{name: "x"}, ident{base{}, "y"}}}
	fmt.Println(e, e.eval(map[string]float64{"x": 2, "y": 3}))
	var names []string
	walk(collect{&names}, e)
	fmt.Println(strings.Join(names, ","))
	shapes := []shape{square(3), &disc{1}, square(1)}
	sort.Sort(byArea(shapes))
	for _, s := range shapes {
		fmt.Print(describe(s), " ", s.area(), " ", s.perimeter(), "; ")
	}
	fmt.Println()
	var ns namedShape = square(2)
	var n named = ns
	_, isShape := n.(shape)
	_, isExpr := n.(interface{ isExpr() })
	fmt.Println(n.name(), isShape, isExpr)
	f := funcs{shape: ns, extra: ns.String}
	fmt.Println(f.area(), f.extra(), f.shape.(named).name())
	area := shape.area
	per := ns.perimeter
	fmt.Println(area(f), per(), (*disc).area(&disc{2}))
	m := map[shape]int{square(1): 1}
	m[square(1)]++
	fmt.Println(m[square(1)], len(m))
	var nilShape shape
	func() {
		defer func() { fmt.Println(recover()) }()
		nilShape.area()
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		fmt.Println(nilShape.(namedShape))
	}()
	anon := struct{ shape }{square(9)}
	fmt.Println(anon.area(), anon)
	local := func(x interface{ area() float64 }) float64 { return x.area() }
	fmt.Println(local(anon), local(square(2)))
	(&binary{op: '-', l: num{}, r: num{}}).eval(nil)
}
