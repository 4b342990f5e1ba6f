package cell

import "testing"

func TestPackagesInCells(t *testing.T) {
	t.Parallel()
	const shapes = `package shapes

import "fmt"

type Shape interface{ Area() float64; name() string }

type Rect struct{ W, H float64; label string }

func (r Rect) Area() float64 { return r.W * r.H }
func (r Rect) name() string  { return "rect" + r.label }

var Count int
var limit = compute()

func compute() int { return 10 }

func New(w, h float64) Rect { Count++; return Rect{w, h, "!"} }

func Name(s Shape) string { return fmt.Sprintf("%s %T", s.name(), s) }

func Map[T, U any](xs []T, f func(T) U) (out []U) {
	for _, x := range xs {
		out = append(out, f(x))
	}
	return
}

type Stack[T any] struct{ items []T }

func (s *Stack[T]) Push(x T) { s.items = append(s.items, x) }

const Pi, tau = 3, 6

func init() { Count = limit }
`
	runSessions(t, map[string][]sessionStep{
		"used by later cells": {
			{shapes, ""},
			{"import \"shapes\"\nr := shapes.New(2, 3)\nr.Area(), shapes.Name(r), shapes.Count", "=> 6 rect! shapes.Rect 11"},
			{"import sh \"shapes\"\nvar s sh.Shape = r\nsh.Count++\nsh.Map([]int{1, 2}, strconv.Itoa), sh.Pi, sh.Count", "=> [1 2] 3 12"},
			{"var st shapes.Stack[string]\nst.Push(\"a\")\nfmt.Printf(\"%v %T\\n\", st, st)", "{[a]} shapes.Stack[string]"},
			{"r.label", "cell 5:1:3: r.label undefined (cannot refer to unexported field label)"},
			{"shapes.compute()", "cell 6:1:8: name compute not exported by package shapes"},
			{"type box struct{ shapes.Rect; n int }\nb := box{r, 1}\nb.Area(), b.W", "=> 6 2"},
		},
		"a new version": {
			{"package temp\n\ntype T struct{ V int }\n\nfunc F() int { return 1 }\nfunc G() T { return T{F()} }", ""},
			{"func twice() int { return 2 * temp.F() }\nold := temp.G()\nold.V, twice()", "=> 1 2"},
			{"package temp\n\ntype T struct{ V string }\n\nfunc F() int { return 5 }\nfunc G() T { return T{strconv.Itoa(F())} }", "rebuilt: twice"},
			{"twice(), temp.G().V, old.V", "=> 10 5 1"},
			{"package temp\n\nfunc H() int { return F() + 1 }", "rebuilt: twice"},
			{"temp.H(), temp.F()", "=> 6 5"},
			{"package temp\n\nfunc H() int { return F() + 2 }", "rebuilt: twice"},
			{"temp.H(), twice()", "=> 7 10"},
			{"package temp\n\nfunc H() int { return nosuch }", "cell 9:3:23: undefined: nosuch"},
			{"temp.H()", "=> 7"},
		},
		"packages of packages": {
			{"package low\n\nfunc V() int { return 1 }", ""},
			{"package high\n\nimport \"low\"\n\nfunc V() int { return 10 * low.V() }", ""},
			{"high.V()", "=> 10"},
			{"package low\n\nfunc V() int { return 2 }", "rebuilt: package high"},
			{"high.V(), low.V()", "=> 20 2"},
			{"func use() int { return high.V() + 1 }\nuse()", "=> 21"},
			{"package low\n\nfunc V() int { return 3 }", "rebuilt: package high use"},
			{"use()", "=> 31"},
			{"package low\n\nfunc W() int { return 3 }\nfunc V() string { return \"\" }", "rebuilt: \noutdated: package high"},
			{"use(), low.W()", "=> 31 3"},
		},
		"what a package cell cannot be": {
			{"package odd\n\nx := 1", "cell 1:3:1: a statement outside of a function: package odd has declarations only"},
			{"package sort", "cell 2:1:1: package sort is one of the standard library: choose another name"},
			{"x := 1\npackage odd", "cell 3:2:1: a cell belongs to one package: package odd must be a cell of its own"},
			{"package odd\nfunc F() {}\npackage main", "cell 4:3:1: a cell belongs to one package: package main must be a cell of its own"},
			{"package odd\nfunc F() { return 1 }", "cell 5:2:19: too many return values\n\thave (number)\n\twant ()"},
			{"import \"odd\"", ""},
		},
	})
}
