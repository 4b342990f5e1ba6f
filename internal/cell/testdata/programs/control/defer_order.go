package main

import (
	"fmt"
)

func f() (s string) {
	for i := range 3 {
		defer func() { s += fmt.Sprint(i) }()
	}
	defer fmt.Print("args:", s, ";")
	s = "x"
	return s + "y"
}
func g() (n int) { defer func() { n *= 2 }(); n = 5; return n + 1 }
func h() int     { n := 1; defer func() { n = 100 }(); return n }

type t struct{ n int }

func (x t) show()   { fmt.Print("t", x.n, " ") }
func (x *t) pshow() { fmt.Print("p", x.n, " ") }
func main() {
	fmt.Println(f(), g(), h())
	v := t{1}
	defer fmt.Println()
	defer v.show()
	defer v.pshow()
	v.n = 2
}
