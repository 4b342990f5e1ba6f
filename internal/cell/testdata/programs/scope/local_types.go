package main

import (
	"fmt"
)

type t struct{ n int }

func f() any { type t struct{ s string }; return t{"local"} }
func main() {
	type u t
	v := u{3}
	fmt.Println(t(v), f())
	fmt.Printf("%T %T\n", v, f())
	type list []t
	l := list{{1}, {2}}
	fmt.Println(len(l), l)
	{
		type t int
		fmt.Println(t(5))
	}
}
