package main

import (
	"errors"
	"fmt"
)

type s struct {
	_ int
	a int
	_ string
}

func f(_ int, b string) (_ int, err error) { return 1, errors.New(b) }

var _ fmt.Stringer = (*st)(nil)

type st struct{}

func (*st) String() string { return "st" }
func main() {
	_, err := f(1, "e")
	fmt.Println(err, s{a: 2})
	for _, _ = range []int{1} {
		fmt.Println("x")
	}
	_ = 5
	var _, k = 1, 2
	fmt.Println(k)
}
