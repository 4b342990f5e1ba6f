package main

import (
	"fmt"
)

type t struct{ n int }

func main() {
	var a, b any = 1, 1
	fmt.Println(a == b, a == any(int8(1)), a == 1, any("x") == any("x"))
	c, d := any(t{1}), any(t{1})
	fmt.Println(c == d, any(&t{}) == any(&t{}))
	var s fmt.Stringer
	fmt.Println(s == nil, any(nil) == nil)
	m := map[any]string{t{1}: "a"}
	fmt.Println(m[t{1}])
}
