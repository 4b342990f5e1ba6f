package main

import (
	"errors"
	"fmt"
)

type i int
type s []i
type m map[string]i
type st struct {
	I i
	S s
	M m
	p *int
	e error
	a any
	f func()
	c chan int
	b [2]bool
}

func main() {
	fmt.Printf("%v|%+v\n", st{I: 1, S: s{2}, M: m{"k": 3}}, st{a: 1.5})
	fmt.Printf("%#v %#v %#v\n", i(1), s{2}, m{"k": 3})
	fmt.Printf("%d %s %q %v %x\n", s{1, 2}, []string{"a"}, []string{"b"}, [3]byte{1, 2, 3}, "hi")
	fmt.Println([]byte("hi"), [2][]int{{1}, nil}, errors.New("e"), (*int)(nil), struct{ A, b any }{1, "x"})
}
