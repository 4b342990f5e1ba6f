package main

import (
	"fmt"
)

type code int
type pair struct {
	a int
	b string
}

func main() {
	defer func() {
		r := recover()
		p := r.(pair)
		fmt.Println(p.a, p.b)
		defer func() { fmt.Println(recover() == code(3)) }()
		panic(code(3))
	}()
	panic(pair{1, "x"})
}
